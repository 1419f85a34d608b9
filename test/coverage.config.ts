// What the tests reach of the library's source. `npm run coverage` fails below the floor.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`../bindings/${path}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  // The package by its source, with the core embedded as the build embeds it.
  resolve: {
    alias: [{ find: /^sixplane$/, replacement: source("sixplane/index.ts") }],
  },
  plugins: [
    {
      name: "wasm as base64",
      enforce: "pre",
      load: (id) => (id.endsWith(".wasm") ? `export default "${readFileSync(id, "base64")}"` : null),
    },
  ],
  test: {
    include: [
      "test/sixplane/{api,sender,text,inet,loading}.test.ts",
      "test/core/{vectors,properties,reasons}.test.ts",
    ],
    testTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["bindings/sixplane/**/*.ts"],
      exclude: ["**/*.d.ts", "**/index.ts", "**/internal.ts"], // which only name what is elsewhere
      reporter: ["text"],
      thresholds: { lines: 99, statements: 99, functions: 98, branches: 97 },
    },
  },
});
