// Prints what each build weighs, and fails where one is over its budget: the quick part of the sizes, which
// every build looks at. `npm run size` has the rest. Takes another folder than dist/ as an argument.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { ROOT } from "./builds.js";

const BUDGETS = [
  { build: "sixplane.wasm", budget: 1393, bytes: file },
  { build: "responder.wasm", budget: 959, bytes: file },
  { build: "responder-6plane.wasm", budget: 915, bytes: file },
  { build: "responder-rfc4193.wasm", budget: 920, bytes: file },
  { build: "tiny.wasm", budget: 598, bytes: file },
  { build: "address.wasm", budget: 480, bytes: file },
  { build: "index.js", note: "minified, gzipped, wasm included", budget: 8192, bytes: bundle },
];

const folder = process.argv[2] ?? `${ROOT}/dist`;
let over = false;
for (const { build, note = "", budget, bytes } of BUDGETS) {
  const size = bytes(build);
  const verdict = size > budget ? "  OVER BUDGET" : "";
  console.log(
    `${build.padEnd(22)} ${String(size).padStart(4)} of ${budget} bytes  ${note}${verdict}`.trimEnd(),
  );
  over ||= size > budget;
}
if (over) {
  console.error("`npm run size` says which functions of a build grew");
  process.exitCode = 1;
}

/** @param {string} build */
function file(build) {
  return readFileSync(`${folder}/${build}`).length;
}

/** @param {string} build */
function bundle(build) {
  const source = readFileSync(`${folder}/${build}`, "utf8");
  return gzipSync(transformSync(source, { minify: true, format: "esm" }).code, { level: 9 }).length;
}
