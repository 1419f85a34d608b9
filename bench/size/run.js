// What every build costs: in bytes as WebAssembly, compressed, and on three chips through wasm2c, checked and flat; in
// instructions as eBPF, and for its verifier; and what the same rules cost that were written in C. Fails where a build is larger than in its snapshot, and says which of
// its functions grew.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { BUILDS, moduleOf, ROOT } from "../../bindings/build/files.js";
import { CHIP_NAMES, compiled, compiledToWasm, missingClang, translated } from "./c.js";
import { missing } from "./chips.js";
import { ebpfSizes, missingVerifier } from "./ebpf.js";
import { codeBytes, functionBytes } from "./module.js";

/**
 * @typedef {import("./chips.js").ChipName} ChipName
 * @typedef {{ wasm: number | null, gzip: number | null, brotli: number | null, code: number | null }} ModuleSizes
 * @typedef {import("./ebpf.js").EbpfSizes} EbpfSizes
 * @typedef {{ build: string } & ModuleSizes & Record<ChipName, number | null> & EbpfSizes} Row
 * @typedef {{ wasm: number, functions: Record<string, number> }} Snapshot
 */

const REFERENCE = "reference C";
const COLUMNS = /** @type {const} */ ([
  "wasm",
  "gzip",
  "brotli",
  "code",
  "cortexM0",
  "cortexM3",
  "rv32imc",
  "ebpf",
  "verified",
]);

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    complete: { type: "boolean", default: false },
    snapshot: { type: "string", default: `${ROOT}/bench/size/snapshot.json` },
  },
});
const folder = mkdtempSync(join(tmpdir(), "sixplane-size-"));
try {
  const rows = measured();
  if (values.json) console.log(JSON.stringify(rows));
  else print(rows);
  if (values.update) writeFileSync(values.snapshot, `${JSON.stringify(taken(), null, 2)}\n`);
  else compare(JSON.parse(readFileSync(values.snapshot, "utf8")));
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns {Row[]} */
function measured() {
  const lacks = [...CHIP_NAMES.map(missing), missingClang(), missingVerifier].filter(
    (lack) => lack !== undefined,
  );
  for (const lack of new Set(lacks)) console.error(`not measured here: ${lack}`);
  if (values.complete && lacks.length > 0) fail("--complete takes all of these");
  const chips = CHIP_NAMES.filter((chip) => missing(chip) === undefined);
  const wasm = missingClang() ? undefined : compiledToWasm(folder);
  return [
    ...BUILDS.map((build) => ({
      build,
      ...moduleSizes(moduleOf(build)),
      ...translated(build, "wasm2c", chips, folder),
      ...ebpfSizes(readFileSync(moduleOf(build))),
    })),
    ...BUILDS.map((build) => ({
      build: `${build} flat`,
      ...moduleSizes(),
      ...translated(build, "flat", chips, folder),
      ebpf: null,
      verified: null,
    })),
    { build: REFERENCE, ...moduleSizes(wasm), ...compiled(chips, folder), ebpf: null, verified: null },
  ];
}

/**
 * @param {string} [file]
 * @returns {ModuleSizes}
 */
function moduleSizes(file) {
  if (!file) return { wasm: null, gzip: null, brotli: null, code: null };
  const module = readFileSync(file);
  return {
    wasm: module.length,
    gzip: gzipSync(module, { level: 9 }).length,
    brotli: brotliCompressSync(module).length,
    code: codeBytes(file),
  };
}

/** @param {Row[]} rows */
function print(rows) {
  const line = (/** @type {string} */ name, /** @type {string[]} */ cells) =>
    console.log(`${name.padEnd(23)}${cells.map((cell) => cell.padStart(9)).join("")}`);
  line("build", [...COLUMNS]);
  for (const row of rows) {
    line(
      row.build,
      COLUMNS.map((column) => `${row[column] ?? "-"}`),
    );
  }
}

/** @param {string} build */
function bytesOf(build) {
  return statSync(moduleOf(build)).size;
}

/** @param {Record<string, Snapshot>} snapshot */
function compare(snapshot) {
  for (const build of BUILDS) {
    const before = snapshot[build];
    const bytes = bytesOf(build);
    if (!before) fail(`${build} is in no snapshot: --update takes one`);
    else if (bytes > before.wasm) report(build, before, bytes);
    else if (bytes < before.wasm) {
      console.error(
        `${build} is ${before.wasm - bytes} bytes smaller than its snapshot: --update keeps that`,
      );
    }
  }
}

/**
 * @param {string} build
 * @param {Snapshot} before
 * @param {number} bytes
 */
function report(build, before, bytes) {
  fail(`${build} grew by ${bytes - before.wasm} bytes over its snapshot, from ${before.wasm} to ${bytes}:`);
  const now = functionsOf(build);
  const names = new Set([...Object.keys(before.functions), ...Object.keys(now)]);
  let rest = bytes - before.wasm;
  for (const name of names) {
    const difference = (now[name] ?? 0) - (before.functions[name] ?? 0);
    rest -= difference;
    if (difference !== 0)
      change(name, difference, `from ${before.functions[name] ?? 0} to ${now[name] ?? 0}`);
  }
  if (rest !== 0) change("(not in functions)", rest, "");
}

/**
 * @param {string} name
 * @param {number} difference
 * @param {string} note
 */
function change(name, difference, note) {
  console.error(
    `  ${name.padEnd(19)}${`${difference > 0 ? "+" : ""}${difference}`.padStart(5)}  ${note}`.trimEnd(),
  );
}

/** @returns {Record<string, Snapshot>} */
function taken() {
  return Object.fromEntries(
    BUILDS.map((build) => [build, { wasm: bytesOf(build), functions: functionsOf(build) }]),
  );
}

/**
 * A build's functions by name. Only a module for debugging has names; its functions' bodies are the same.
 *
 * @param {string} build
 */
function functionsOf(build) {
  const file = join(folder, "named.wasm");
  const compiler = `${ROOT}/node_modules/assemblyscript/bin/asc.js`;
  const words = [`assembly/builds/${build}.ts`, "--target", build, "--debug", "--outFile", file];
  execFileSync(process.execPath, [compiler, ...words], { cwd: ROOT });
  return functionBytes(file);
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
