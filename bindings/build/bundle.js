import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./files.js";

/**
 * @typedef {object} Bundle
 * @property {string} entry
 * @property {string} file its path in dist/
 * @property {"embedded" | "beside"} [core] whether the core is in the bundle as base64, or imported from beside it
 */

/**
 * A step that bundles entries into modules.
 *
 * @param {(Bundle & import("esbuild").BuildOptions)[]} bundles
 */
export function bundle(...bundles) {
  return async (/** @type {string} */ out) => {
    for (const { entry, file, core = "embedded", ...options } of bundles) {
      await build({
        entryPoints: [entry],
        outfile: join(out, file),
        absWorkingDir: ROOT,
        bundle: true,
        format: "esm",
        target: "es2022",
        loader: { ".wasm": core === "embedded" ? "base64" : "copy" },
        assetNames: "[name]",
        logLevel: "warning",
        preserveSymlinks: true, // a linked node_modules is named in comments as a real one is
        ...options,
      });
      if (core === "beside") rmSync(join(out, "sixplane.wasm")); // the same as in dist/
    }
  };
}
