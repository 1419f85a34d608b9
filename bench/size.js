// Prints what each build weighs, and fails where one is over its budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";

const BUDGETS = [
  { build: "sixplane.wasm", budget: 1600, bytes: file },
  { build: "responder.wasm", budget: 1024, bytes: file },
  { build: "index.js", note: "minified, gzipped, wasm included", budget: 8192, bytes: bundle },
];

let over = false;
for (const { build, note = "", budget, bytes } of BUDGETS) {
  const size = bytes(build);
  const verdict = size > budget ? "  OVER BUDGET" : "";
  console.log(
    `${build.padEnd(15)} ${String(size).padStart(5)} of ${budget} bytes  ${note}${verdict}`.trimEnd(),
  );
  over ||= size > budget;
}
if (over) process.exitCode = 1;

/** @param {string} build */
function file(build) {
  return readFileSync(new URL(`../dist/${build}`, import.meta.url)).length;
}

/** @param {string} build */
function bundle(build) {
  const source = readFileSync(new URL(`../dist/${build}`, import.meta.url), "utf8");
  return gzipSync(transformSync(source, { minify: true, format: "esm" }).code, { level: 9 }).length;
}
