// What each step made of what: a hash of its inputs, and one of each output, in dist/.build/STEP.json. The files
// themselves are compared with it, so that a state that is lost or wrong costs one more run of the step, no more.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf, ROOT } from "./files.js";

/**
 * @typedef {import("./steps.js").Step} Step
 * @typedef {{ inputs: string, outputs: Record<string, string> }} State the outputs by their paths in dist/
 */

const FOLDER = join(ROOT, "dist/.build");

/** What every step depends on: the build's own code, and the versions of the tools. */
const ALWAYS = ["bindings/build", "asconfig.json", "package-lock.json"];

/** @param {Step} step */
export function inputsOf(step) {
  return hashOf([...ALWAYS, ...step.reads]);
}

/**
 * Whether all outputs are there, as the step made them of the present inputs.
 *
 * @param {Step} step
 */
export function isFresh(step) {
  const state = read(step);
  if (state?.inputs !== inputsOf(step)) return false;
  return Object.entries(state.outputs).every(([file, hash]) => outputHash(file) === hash);
}

/**
 * Records what a step made, and deletes what it made before and does not make any more.
 *
 * @param {Step} step
 * @param {string} inputs their hash from before the step ran
 * @param {string[]} made paths in dist/
 */
export function record(step, inputs, made) {
  for (const file of Object.keys(read(step)?.outputs ?? {})) {
    if (!made.includes(file)) rmSync(join(ROOT, "dist", file), { force: true });
  }
  const outputs = Object.fromEntries(made.map((file) => [file, outputHash(file)]));
  mkdirSync(FOLDER, { recursive: true });
  const partial = `${pathOf(step)}.${process.pid}`;
  writeFileSync(partial, JSON.stringify({ inputs, outputs }));
  renameSync(partial, pathOf(step));
}

/**
 * @param {Step} step
 * @returns {State | undefined}
 */
function read(step) {
  return existsSync(pathOf(step)) ? JSON.parse(readFileSync(pathOf(step), "utf8")) : undefined;
}

/** @param {Step} step */
function pathOf(step) {
  return join(FOLDER, `${step.name}.json`);
}

/** @param {string} file */
function outputHash(file) {
  const path = join("dist", file);
  return existsSync(join(ROOT, path)) ? hashOf([path]) : undefined;
}
