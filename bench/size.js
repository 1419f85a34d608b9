// Prints what each build weighs, and fails where one is over its budget.
import { readFileSync } from "node:fs";

const BUDGETS = [
  { build: "sixplane.wasm", budget: 1600 },
  { build: "responder.wasm", budget: 1024 },
];

let over = false;
for (const { build, budget } of BUDGETS) {
  const size = file(build);
  const verdict = size > budget ? "OVER BUDGET" : "";
  console.log(`${build.padEnd(15)} ${String(size).padStart(5)} of ${budget} bytes  ${verdict}`.trimEnd());
  over ||= size > budget;
}
if (over) process.exitCode = 1;

/** @param {string} build */
function file(build) {
  return readFileSync(new URL(`../dist/${build}`, import.meta.url)).length;
}
