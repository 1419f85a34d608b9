// Of each build of the core: the module as a C array, as C by wasm2c in two forms, and the headers that go with them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { flatHeader, flatSource, identifier, instanceHeader, instanceSource } from "./c-forms.js";
import { BUILDS, moduleOf, ROOT } from "./files.js";
import { functionsOf } from "./wasm2c.js";

/**
 * Makes the folder c.
 *
 * @param {string} out
 */
export function writeC(out) {
  const folder = `${out}/c`;
  for (const name of ["lwip", "wamr"]) mkdirSync(`${folder}/${name}`, { recursive: true });
  for (const name of ["sixplane.h", "wasm-rt.h", "lwip/sixplane_lwip.h", "lwip/sixplane_lwip.c"])
    copyFileSync(`${ROOT}/bindings/c/${name}`, `${folder}/${name}`);
  for (const build of BUILDS) {
    const module = moduleOf(build);
    writeArray(folder, build, readFileSync(module));
    writeArray(`${folder}/wamr`, build, readFileSync(moduleOf(`wamr/${build}`)));
    writeForms(folder, build, module);
  }
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
function writeForms(folder, build, module) {
  const functions = functionsOf(module, identifier(build));
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(module)))
    .filter(({ kind }) => kind === "function")
    .map(({ name }) => name);
  const path = `${folder}/${build}-wasm2c`; // as sixplane.h is another file
  writeFileSync(`${path}.h`, instanceHeader(build, functions, exported));
  writeFileSync(`${path}.c`, instanceSource(build, functions, exported));
  writeFileSync(`${folder}/${build}-flat.h`, flatHeader(build, exported));
  writeFileSync(`${folder}/${build}-flat.c`, flatSource(build, functions, exported));
}
