import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { mismatch } from "sixplane";
import { systemReason } from "./failure.ts";

/**
 * Makes a folder and those above it, where there are none.
 *
 * @throws InputError where there can be none
 */
export function makeFolders(folder: string): void {
  if (folder === "") throw mismatch("folder", "the name of one", folder);
  try {
    make(folder);
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === "EEXIST";
    const why = isFile ? "it is a file" : systemReason(error);
    throw mismatch("folder", "one that can be written", folder, why);
  }
}

/** Not by mkdirSync's `recursive`, which never ends where there can be no folder, as in /proc. */
function make(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) make(dirname(path));
  mkdirSync(path);
}
