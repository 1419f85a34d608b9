// The functions of a module as C, by wasm2c: out of what that writes, which is mostly its own helpers.
import { execFileSync } from "node:child_process";
import { ROOT } from "./files.js";

const WASM2C = `${ROOT}/node_modules/wabt/bin/wasm2c`;

/** What of a function's text does not belong to the module: hooks for what this runtime has not. */
const HOOKS = /^ *FUNC_(?:PROLOGUE|EPILOGUE);\n/gm;
/** An access to the memory, with base and offset. */
const ACCESS =
  /\b(i(?:32|64)_(?:load|store)\w*?)_default32\(&instance->w2c_memory, \(u64\)\((\w+)\)(?: \+ (\d+)u?)?/g;

/**
 * A function of a module: what wasm2c names it, without the module's name, what it gives and takes, and its statements.
 *
 * @typedef {{ name: string, result: string, parameters: string, body: string }} Translated
 */

/**
 * All functions of a module.
 *
 * @param {string} module its path
 * @param {string} name what wasm2c is to call it
 * @returns {Translated[]}
 */
export function functionsOf(module, name) {
  const text = execFileSync(process.execPath, [WASM2C, module, "-n", name], { encoding: "utf8" });
  const prefix = `w2c_${name.replaceAll("_", "__")}_`; // wasm2c doubles an underscore
  const declared = [...text.matchAll(new RegExp(`^static \\w+ ${prefix}(\\w+)\\(.*\\);$`, "gm"))];
  return declared.map(([, own = ""]) => functionOf(text, prefix, own));
}

/**
 * @param {string} text
 * @param {string} prefix of the module's functions
 * @param {string} own the rest of the function's name
 * @returns {Translated}
 */
function functionOf(text, prefix, own) {
  const definition = new RegExp(
    `^(\\w+) ${prefix}${own}\\(\\w+\\* instance, (.*)\\) \\{\\n([^]*?)^\\}$`,
    "m",
  );
  const [, result = "", parameters = "", statements = ""] = definition.exec(text) ?? [];
  const body = statements
    .replace(HOOKS, "")
    .replace(ACCESS, (_, access, base, offset = "0") => `${access}(&instance->w2c_memory, ${base}, ${offset}`)
    .replaceAll(prefix, "");
  if (body === "" || /_default32|&instance->(?!w2c_memory, )/.test(body))
    throw new Error(`wasm2c wrote ${prefix}${own} in a way that bindings/build/wasm2c.js does not know`);
  return { name: own, result, parameters, body };
}
