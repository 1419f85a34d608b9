// A build as C in its two forms: with an instance, which has the core's memory, and flat, in the chip's own.
/** @typedef {import("./wasm2c.js").Translated} Translated */

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
 * The name of a build in C.
 *
 * @param {string} build
 */
export function identifier(build) {
  return build.replaceAll("-", "_");
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
export function instanceHeader(build, functions, exported) {
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
export function instanceSource(build, functions, exported) {
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
export function flatHeader(build, exported) {
  const prototypes = exported.map((name) => `${prototype(build, name)};\n`);
  const text = `#include "sixplane.h"\n\n${prototypes.join("")}`;
  return notice(build, ", whose memory is the chip's own address space") + guarded(build, "flat", text);
}

/**
 * @param {string} build
 * @param {Translated[]} functions
 * @param {string[]} exported
 */
export function flatSource(build, functions, exported) {
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
  if (!found) throw new Error(`bindings/build/c-forms.js knows no pointers of ${name}`);
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
