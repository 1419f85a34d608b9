// Workers, as their bundlers make them: all in one module, but for WebAssembly, which they import.

import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { type Ended, type Folder, program } from "./runtime.ts";

const WORKERD = createRequire(import.meta.url).resolve("workerd/bin/workerd");

/** Runs a file as the test of a worker. */
export async function workerd(files: Folder, file: string): Promise<Ended> {
  const out = files.path("worker");
  await build({
    entryPoints: [files.path(file)],
    outfile: `${out}/main.js`,
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    logLevel: "warning",
  });
  const modules = readdirSync(out)
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => `(name = "./${name}", wasm = embed "${name}")`);
  writeFileSync(
    `${out}/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
    const worker :Workerd.Worker = (
      modules = [${['(name = "main.js", esModule = embed "main.js")', ...modules].join(", ")}],
      compatibilityDate = "2026-01-01");`,
  );
  return program([WORKERD, "test", "config.capnp"], out);
}
