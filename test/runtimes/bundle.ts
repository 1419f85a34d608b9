// The body of tests as one module, which needs of its surroundings nothing but the package.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { BUILDS } from "../support/builds.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const MODULES = BUILDS.map(({ name }) => name);
const TEXT = [
  "asconfig.json",
  "test/support/vectors/addresses.jsonl",
  "test/support/vectors/owner-kernel.json",
  "test/support/vectors/replies.jsonl",
  "test/support/vectors/tap-frames.json",
];
const BYTES = ["examples/capture/kernel.pcap", ...MODULES.map((name) => `dist/${name}.wasm`)];

/**
 * Writes the body to a file. It imports the package by its name.
 *
 * @param modules whether it compiles the builds of bytes, or imports them from the package
 */
export async function bundle(file: string, modules: "compiled" | "imported" = "compiled"): Promise<void> {
  await build({
    entryPoints: [path("test/runtimes/body.ts")],
    outfile: file,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
    external: ["sixplane"],
    alias: { vitest: path("test/runtimes/vitest.ts") },
    plugins: [inMemory(modules)],
  });
}

/** The files that the tests read, as a module that has them in it. */
function inMemory(modules: "compiled" | "imported"): Plugin {
  const text = Object.fromEntries(TEXT.map((name) => [name, readFileSync(path(name), "utf8")]));
  const base64 = Object.fromEntries(BYTES.map((name) => [name, readFileSync(path(name), "base64")]));
  const contents = `
    const TEXT = ${JSON.stringify(text)};
    const BASE64 = ${JSON.stringify(base64)};
    export const readText = (path) => TEXT[path];
    export const readBytes = (path) => Uint8Array.from(atob(BASE64[path]), (one) => one.charCodeAt(0));
    ${modules === "compiled" ? COMPILED : IMPORTED}`;
  return {
    name: "files in memory",
    setup: ({ onLoad }) => onLoad({ filter: /\/support\/files\.ts$/ }, () => ({ contents, loader: "js" })),
  };
}

const COMPILED = `
  export const COMPILES = true;
  export const compiled = (name) => new WebAssembly.Module(readBytes("dist/" + name + ".wasm"));`;

const IMPORTED = `
  ${MODULES.map((name, i) => `import build${i} from "sixplane/wasm/${name}.wasm";`).join("\n")}
  const BUILDS = { ${MODULES.map((name, i) => `"${name}": build${i}`).join(", ")} };
  export const COMPILES = false;
  export const compiled = (name) => BUILDS[name];`;
