// The ways to C: what is made of a build, and the same rules written in C by hand.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleOf, ROOT } from "../../bindings/build/files.js";
import { CHIPS, flashBytes } from "./chips.js";

/** @typedef {import("./chips.js").ChipName} ChipName */

const REFERENCE = `${ROOT}/bench/size/c/reference.c`;
const LIBRARY = `${ROOT}/bench/size/c/string.c`;
const RULES = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-DREASONS=0"];
const ENTRY = "respond_by_record";
const CLANG = ["--target=wasm32", "-mcpu=mvp", "-Oz", "-std=c11"];

export const CHIP_NAMES = /** @type {ChipName[]} */ (Object.keys(CHIPS));

/**
 * A build as C: with an instance, every access checked, or flat.
 *
 * @param {string} build
 * @param {"wasm2c" | "flat"} form
 * @param {ChipName[]} chips
 * @param {string} folder for what is made on the way
 */
export function translated(build, form, chips, folder) {
  const name = build.replaceAll("-", "_");
  const functions = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(moduleOf(build)))).filter(
    ({ kind }) => kind === "function",
  );
  const entries =
    form === "flat"
      ? functions.map((one) => `${name}_${one.name}`)
      : [`wasm2c_${name}_instantiate`, ...functions.map((one) => `w2c_${name}_${one.name}`)];
  const sources = [{ file: `${ROOT}/dist/c/${build}-${form}.c`, flags: [] }];
  return onChips(chips, (chip) => flashBytes(chip, folder, sources, entries));
}

/**
 * The rules in C, straight for the chips.
 *
 * @param {ChipName[]} chips
 * @param {string} folder for what is made on the way
 */
export function compiled(chips, folder) {
  const sources = [
    { file: REFERENCE, flags: RULES },
    { file: LIBRARY, flags: ["-ffreestanding", "-fno-tree-loop-distribute-patterns"] }, // no calls of itself
  ];
  return onChips(chips, (chip) => flashBytes(chip, folder, sources, [ENTRY]));
}

/** Why clang cannot make WebAssembly here; undefined where it can. */
export function missingClang() {
  const found = ["clang", "wasm-ld"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
  return found ? undefined : "the C's own WebAssembly takes clang, lld";
}

/**
 * The path of the rules in C as WebAssembly, as small as clang and wasm-opt make it.
 *
 * @param {string} folder for what is made on the way
 */
export function compiledToWasm(folder) {
  const path = (/** @type {string} */ name) => join(folder, name);
  const headers = ["-isystem", `${ROOT}/bench/size/c`];
  execFileSync("clang", [...CLANG, ...RULES, ...headers, "-c", REFERENCE, "-o", path("reference.o")]);
  execFileSync("clang", [...CLANG, "-fno-builtin", "-c", LIBRARY, "-o", path("string.o")]);
  const link = ["--no-entry", `--export=${ENTRY}`, "--strip-all", "--gc-sections"];
  execFileSync("wasm-ld", [...link, path("reference.o"), path("string.o"), "-o", path("linked.wasm")]);
  const optimize = `${ROOT}/node_modules/binaryen/bin/wasm-opt`;
  execFileSync(process.execPath, [
    optimize,
    "-Oz",
    "--converge",
    path("linked.wasm"),
    "-o",
    path("reference.wasm"),
  ]);
  return path("reference.wasm");
}

/**
 * @param {ChipName[]} chips
 * @param {(chip: ChipName) => number} measure
 */
function onChips(chips, measure) {
  const sizes = CHIP_NAMES.map((chip) => [chip, chips.includes(chip) ? measure(chip) : null]);
  return /** @type {Record<ChipName, number | null>} */ (Object.fromEntries(sizes));
}
