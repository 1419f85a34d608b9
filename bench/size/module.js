// What a WebAssembly module is made of, in bytes, as wabt's wasm-objdump lists it.
import { execFileSync } from "node:child_process";
import { ROOT } from "../../bindings/build/files.js";

const OBJDUMP = `${ROOT}/node_modules/wabt/bin/wasm-objdump`;

/**
 * The bytes of the code section's contents.
 *
 * @param {string} file
 */
export function codeBytes(file) {
  const [, size] = /^ +Code .*\(size=(\w+)\)/m.exec(list(file, "--headers")) ?? [];
  return Number(size);
}

/**
 * The bytes of each function's body, by its name without the path of its file.
 *
 * @param {string} file a module with a name section
 * @returns {Record<string, number>}
 */
export function functionBytes(file) {
  const functions = list(file, "--details", "--section=Code").matchAll(/size=(\d+) <(?:.*\/)?(.+)>$/gm);
  return Object.fromEntries([...functions].map(([, size, name]) => [name, Number(size)]));
}

/**
 * @param {string} file
 * @param {string[]} words
 */
function list(file, ...words) {
  return execFileSync(process.execPath, [OBJDUMP, ...words, file], { encoding: "utf8" });
}
