// `npm run build`: makes dist/ by the steps in steps.js, but for what is there and has not changed. Programs of
// this repository are made, too, where they are named: `node bindings/build/main.js fuzz`. `npm run api` renews the
// reports of the API.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { renewApi } from "./api.js";
import { ROOT, relativePaths } from "./files.js";
import { inputsOf, isFresh, record } from "./state.js";
import { CHECKS, PACKAGE, PROGRAMS } from "./steps.js";

/** @typedef {import("./steps.js").Step} Step */

const DIST = join(ROOT, "dist");

const { values, positionals } = parseArgs({
  options: { "renew-api": { type: "boolean", default: false } },
  allowPositionals: true,
});
const named = positionals.map((name) => {
  const step = PROGRAMS.find((one) => one.name === name);
  if (step) return step;
  throw new Error(`"${name}" must be one of ${PROGRAMS.map((one) => one.name).join(", ")}, or nothing`);
});
mkdirSync(DIST, { recursive: true });
const folder = mkdtempSync(join(DIST, ".making-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
try {
  for (const step of [...PACKAGE, ...named]) await make(step);
  if (values["renew-api"]) renewApi();
  for (const check of CHECKS) check();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/**
 * Runs a step in a folder of its own and moves what it made into dist/. Each file is replaced in one move, so that
 * builds at the same time disturb neither each other nor a reader.
 *
 * @param {Step} step
 */
async function make(step) {
  if (isFresh(step)) return;
  const inputs = inputsOf(step);
  const start = performance.now();
  const out = join(folder, step.name, "dist"); // of the name that some outputs quote
  mkdirSync(out, { recursive: true });
  await step.run(out);
  const made = relativePaths(out);
  for (const file of made) {
    mkdirSync(dirname(join(DIST, file)), { recursive: true });
    renameSync(join(out, file), join(DIST, file));
  }
  record(step, inputs, made);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${step.name.padEnd(13)} made ${made.length} files in ${seconds} s`);
}
