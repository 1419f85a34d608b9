// The builds of the core, as asconfig.json has them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The builds' names, the one with everything first. */
export const BUILDS = Object.keys(JSON.parse(readFileSync(`${ROOT}/asconfig.json`, "utf8")).targets);

/** @param {string} build */
export function wasmOf(build) {
  return readFileSync(`${ROOT}/dist/${build}.wasm`);
}
