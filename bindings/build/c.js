// Of each build of the core: the module as a C array and as C by wasm2c, and the headers that go with them.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { BUILDS, moduleOf, ROOT } from "./files.js";

const WASM2C = `${ROOT}/node_modules/wabt/bin/wasm2c`;

/** Wasm2c writes the same helpers for every module, and not for -Wall. */
const QUIET = `/* SPDX-License-Identifier: MIT AND Apache-2.0
 * Of sixplane's core (MIT) by wasm2c, whose own helpers it has (wabt, Apache-2.0). The licences lie in
 * LICENSE-sixplane.txt and LICENSE-wabt.txt. */
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-value"
#endif
`;

/** For an embedder who defines none. In a file, not in wasm-rt.h, as a definition may not follow a weak one there. */
const DEFAULT_TRAP = `
#if defined(__GNUC__) && !defined(_WIN32)
/* Ends in the fault handler of a chip, or in a signal of a host. */
__attribute__((__weak__)) void wasm_rt_trap(wasm_rt_trap_t trap) {
  (void)trap;
  __builtin_trap();
}
#endif
`;

/**
 * Makes the folder c.
 *
 * @param {string} out
 */
export function writeC(out) {
  const folder = `${out}/c`;
  mkdirSync(`${folder}/wamr`, { recursive: true });
  for (const name of ["sixplane.h", "wasm-rt.h"])
    copyFileSync(`${ROOT}/bindings/c/${name}`, `${folder}/${name}`);
  for (const build of BUILDS) {
    const module = moduleOf(build);
    writeArray(folder, build, readFileSync(module));
    writeArray(`${folder}/wamr`, build, readFileSync(moduleOf(`wamr/${build}`)));
    translate(folder, build, module);
  }
}

/**
 * The name of a build in C.
 *
 * @param {string} build
 */
function identifier(build) {
  return build.replaceAll("-", "_");
}

/**
 * As wasm3's examples have it, but constant, so that it stays in flash.
 *
 * @param {string} folder
 * @param {string} build
 * @param {Uint8Array} bytes
 */
function writeArray(folder, build, bytes) {
  const name = identifier(build);
  const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) =>
    Array.from(bytes.subarray(16 * row, 16 * row + 16), (byte) => `0x${byte.toString(16).padStart(2, "0")}`),
  );
  const text = `/* ${build}.wasm of sixplane */
#ifndef SIXPLANE_${name.toUpperCase()}_WASM_H
#define SIXPLANE_${name.toUpperCase()}_WASM_H

static const unsigned char ${name}_wasm[] = {
${rows.map((row) => `  ${row.join(", ")},\n`).join("")}};
static const unsigned int ${name}_wasm_len = ${bytes.length};

#endif
`;
  writeFileSync(`${folder}/${build}.wasm.h`, text);
}

/**
 * @param {string} folder
 * @param {string} build
 * @param {string} module
 */
function translate(folder, build, module) {
  const name = identifier(build);
  const path = `${folder}/${build}-wasm2c`; // as sixplane.h is another file
  execFileSync(process.execPath, [WASM2C, module, "-n", name, "-o", `${path}.c`]);
  // It doubles an underscore of the name.
  const named = (/** @type {string} */ file) =>
    readFileSync(file, "utf8").replaceAll(name.replaceAll("_", "__"), name);
  writeFileSync(`${path}.c`, QUIET + named(`${path}.c`) + DEFAULT_TRAP);
  writeFileSync(`${path}.h`, named(`${path}.h`));
}
