import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { ROOT } from "./files.js";

const BUDGETS = [
  { build: "sixplane.wasm", budget: 2219, bytes: file },
  { build: "responder.wasm", budget: 911, bytes: file },
  { build: "responder-6plane.wasm", budget: 872, bytes: file },
  { build: "responder-rfc4193.wasm", budget: 877, bytes: file },
  { build: "tiny.wasm", budget: 551, bytes: file },
  { build: "address.wasm", budget: 566, bytes: file },
  { build: "neighbour.wasm", budget: 282, bytes: file },
  { build: "permits.wasm", budget: 913, bytes: file },
  { build: "index.js", note: "minified, gzipped, wasm included", budget: 9216, bytes: bundle },
];

/**
 * Prints what each build weighs: the quick part of the sizes, of which `npm run size` has the rest.
 *
 * @param {string} folder where they are, unless in dist/
 * @throws where one is over its budget
 */
export function checkBudgets(folder = `${ROOT}/dist`) {
  let over = false;
  for (const { build, note = "", budget, bytes } of BUDGETS) {
    const size = bytes(`${folder}/${build}`);
    const verdict = size > budget ? "  OVER BUDGET" : "";
    console.log(
      `${build.padEnd(22)} ${String(size).padStart(4)} of ${budget} bytes  ${note}${verdict}`.trimEnd(),
    );
    over ||= size > budget;
  }
  if (over) throw new Error("`npm run size` says which functions of a build grew");
}

/** @param {string} path */
function file(path) {
  return readFileSync(path).length;
}

/** @param {string} path */
function bundle(path) {
  const source = readFileSync(path, "utf8");
  return gzipSync(transformSync(source, { minify: true, format: "esm" }).code, { level: 9 }).length;
}
