// Of each build of the core: the module as a C array, as C by wasm2c in two forms, and the headers that go with them.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { BUILDS, moduleOf, ROOT } from "./files.js";

const WASM2C = `${ROOT}/node_modules/wabt/bin/wasm2c`;

/** What of a function's text does not belong to the module: hooks for what this runtime has not. */
const HOOKS = /^ *FUNC_(?:PROLOGUE|EPILOGUE);\n/gm;
/** An access to the memory, with base and offset. */
const ACCESS =
  /\b(i(?:32|64)_(?:load|store)\w*?)_default32\(&instance->w2c_memory, \(u64\)\((\w+)\)(?: \+ (\d+)u?)?/g;

/** What the exports take and give in the flat form, where addresses are pointers. @type {Record<string, [string, string]>} */
const POINTERS = {
  respond: ["int32_t", "const struct sixplane_config* config, uint8_t* frame, uint32_t length"],
  permits: ["int32_t", "const struct sixplane_config* config, const uint8_t* frame, uint32_t length"],
  neighbour: ["int32_t", "const struct sixplane_config* config, const uint8_t address[16], uint8_t mac[6]"],
  owner: ["int32_t", "const struct sixplane_config* config, const uint8_t address[16], uint8_t node[5]"],
  macOwner: ["int32_t", "const struct sixplane_config* config, const uint8_t mac[6], uint8_t node[5]"],
  mac: ["void", "const struct sixplane_config* config, uint8_t mac[6]"],
  sixplane: ["void", "const struct sixplane_config* config, uint8_t address[16]"],
  rfc4193: ["void", "const struct sixplane_config* config, uint8_t address[16]"],
};

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
 * A function of a module: what wasm2c names it, without the module's name, what it gives and takes, and its statements.
 *
 * @typedef {{ name: string, result: string, parameters: string, body: string }} Translated
 */

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
  const functions = functionsOf(readFileSync(`${path}.c`, "utf8"), name);
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(module)))
    .filter(({ kind }) => kind === "function")
    .map((one) => one.name);
  writeFileSync(`${path}.h`, instanceHeader(build, functions, exported));
  writeFileSync(`${path}.c`, instanceSource(build, functions, exported));
  writeFileSync(`${folder}/${build}-flat.h`, flatHeader(build, exported));
  writeFileSync(`${folder}/${build}-flat.c`, flatSource(build, functions, exported));
}

/**
 * The module's functions out of what wasm2c wrote, which is mostly its own helpers.
 *
 * @param {string} text
 * @param {string} name
 * @returns {Translated[]}
 */
function functionsOf(text, name) {
  const prefix = `w2c_${name.replaceAll("_", "__")}_`; // wasm2c doubles an underscore
  const declared = [...text.matchAll(new RegExp(`^static \\w+ ${prefix}(\\w+)\\(.*\\);$`, "gm"))];
  return declared.map(([, own = ""]) => {
    const definition = new RegExp(
      `^(\\w+) ${prefix}${own}\\(\\w+\\* instance, (.*)\\) \\{\\n([^]*?)^\\}$`,
      "m",
    );
    const [, result = "", parameters = "", statements = ""] = definition.exec(text) ?? [];
    const body = statements
      .replace(HOOKS, "")
      .replace(
        ACCESS,
        (_, access, base, offset = "0") => `${access}(&instance->w2c_memory, ${base}, ${offset}`,
      )
      .replaceAll(prefix, "");
    if (body === "" || /_default32|&instance->(?!w2c_memory, )/.test(body))
      throw new Error(`wasm2c wrote ${own} of ${name} in a way that bindings/build/c.js does not know`);
    return { name: own, result, parameters, body };
  });
}

/** @param {Translated[]} functions */
const declarations = (functions, first = "") =>
  functions
    .map(({ name, result, parameters }) => `static ${result} ${name}(${first}${parameters});\n`)
    .join("");

/**
 * The internal function of an export.
 *
 * @param {Translated[]} functions
 * @param {string} name
 */
function innerOf(functions, name) {
  const found = functions.find((one) => one.name === `${name}_0`);
  if (!found) throw new Error(`wasm2c wrote no ${name}_0`);
  return found;
}

/** @param {string} build */
function notice(build, more = "") {
  return `/* SPDX-License-Identifier: MIT */\n/* ${build}.wasm of sixplane, made C by wasm2c${more}. */\n`;
}

/**
 * @param {string} build
 * @param {string} form
 * @param {string} text
 */
function guarded(build, form, text) {
  const guard = `SIXPLANE_${identifier(build)}_${form}_H`.toUpperCase();
  const linkage = (/** @type {string} */ lines) => `#ifdef __cplusplus\n${lines}\n#endif\n`;
  const [includes, rest] = text.split("\n\n", 2);
  return `#ifndef ${guard}\n#define ${guard}\n\n${includes}\n\n${linkage('extern "C" {')}\n${rest}\n${linkage("}")}\n#endif\n`;
}

/**
 * @param {string} build
 * @param {Translated[]} functions
 * @param {string[]} exported
 */
function instanceHeader(build, functions, exported) {
  const type = `w2c_${identifier(build)}`;
  const prototypes = exported.map((name) => {
    const { result, parameters } = innerOf(functions, name);
    return `${result} ${type}_${name}(${type}* instance, ${parameters.replaceAll(/ var_\w+/g, "")});\n`;
  });
  const text = `#include "wasm-rt.h"

typedef struct ${type} {
  wasm_rt_memory_t w2c_memory;
} ${type};
void wasm2c_${identifier(build)}_instantiate(${type}* instance);
${prototypes.join("")}`;
  return notice(build) + guarded(build, "wasm2c", text);
}

/**
 * @param {string} build
 * @param {Translated[]} functions
 * @param {string[]} exported
 */
function instanceSource(build, functions, exported) {
  const type = `w2c_${identifier(build)}`;
  const first = `${type}* instance, `;
  const definitions = functions.map(
    ({ name, result, parameters, body }) => `\nstatic ${result} ${name}(${first}${parameters}) {\n${body}}\n`,
  );
  const exports = exported.map((name) => {
    const { result, parameters } = innerOf(functions, name);
    const words = ["instance", ...namesOf(parameters)].join(", ");
    return `\n${result} ${type}_${name}(${first}${parameters}) {\n  ${returning(result)}${name}_0(${words});\n}\n`;
  });
  return `${notice(build)}#include "${build}-wasm2c.h"

${declarations(functions, first)}
void wasm2c_${identifier(build)}_instantiate(${type}* instance) {
  memset(instance, 0, sizeof *instance);
}
${exports.join("")}${definitions.join("")}${DEFAULT_TRAP}`;
}

/**
 * @param {string} build
 * @param {string[]} exported
 */
function flatHeader(build, exported) {
  const prototypes = exported.map((name) => `${prototype(build, name)};\n`);
  const text = `#include "sixplane.h"\n\n${prototypes.join("")}`;
  return notice(build, ", whose memory is the chip's own address space") + guarded(build, "flat", text);
}

/**
 * @param {string} build
 * @param {Translated[]} functions
 * @param {string[]} exported
 */
function flatSource(build, functions, exported) {
  const definitions = functions.map(({ name, result, parameters, body }) => {
    const flat = body.replaceAll("(&instance->w2c_memory, ", "(").replaceAll("(instance, ", "(");
    return `\nstatic ${result} ${name}(${parameters}) {\n${flat}}\n`;
  });
  const exports = exported.map((name) => {
    const [result, parameters] = pointersOf(name);
    const words = namesOf(parameters).map((word) => (word === "length" ? word : `(u32)(uintptr_t)${word}`));
    return `\n${prototype(build, name)} {\n  ${returning(result)}${name}_0(${words.join(", ")});\n}\n`;
  });
  return `${notice(build, ", whose memory is the chip's own address space")}#define WASM_RT_FLAT 1
#include "wasm-rt.h"
#include "${build}-flat.h"

${declarations(functions)}${exports.join("")}${definitions.join("")}`;
}

/**
 * @param {string} build
 * @param {string} name
 */
function prototype(build, name) {
  const [result, parameters] = pointersOf(name);
  return `${result} ${identifier(build)}_${name}(${parameters})`;
}

/** @param {string} name */
function pointersOf(name) {
  const found = POINTERS[name];
  if (!found) throw new Error(`bindings/build/c.js knows no pointers of ${name}`);
  return found;
}

/** @param {string} parameters */
function namesOf(parameters) {
  return [...parameters.matchAll(/(\w+)(?:\[\d+\])?(?:, |$)/g)].map(([, name = ""]) => name);
}

/** @param {string} result */
function returning(result) {
  if (result === "void") return "";
  return result === "int32_t" ? "return (int32_t)" : "return ";
}
