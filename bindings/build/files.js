// Files of this repository: which there are, and what they hold.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The builds of the core by name, as asconfig.json has them. */
export const BUILDS = Object.keys(JSON.parse(readFileSync(`${ROOT}/asconfig.json`, "utf8")).targets);

/**
 * The paths of all files in a folder, in order, from the folder on.
 *
 * @param {string} folder
 */
export function relativePaths(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * A hash of files and folders, names and contents.
 *
 * @param {readonly string[]} paths from the top of the repository on
 */
export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesIn)) {
    const contents = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex");
}

/** @param {string} path */
function filesIn(path) {
  const isFolder = statSync(join(ROOT, path)).isDirectory();
  return isFolder ? relativePaths(join(ROOT, path)).map((file) => join(path, file)) : [path];
}

/**
 * Where a build of the core is.
 *
 * @param {string} build
 */
export function moduleOf(build) {
  return `${ROOT}/dist/${build}.wasm`;
}
