import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./files.js";

/** What the licences ask for of the packages whose code is in dist/. */
const COPIED = [
  ["assemblyscript", "LICENSE"],
  ["assemblyscript", "NOTICE"],
];

/** @param {string} out */
export function copyLicences(out) {
  for (const [name, file] of COPIED) {
    copyFileSync(join(ROOT, `node_modules/${name}/${file}`), join(out, `${file}-${name}.txt`));
  }
}
