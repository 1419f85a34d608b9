// The table of what the build makes. Each step reads files of this repository and of dist/, and makes files of dist/.
import { checkApi } from "./api.js";
import { checkBudgets } from "./budgets.js";
import { bundle } from "./bundle.js";
import { writeC } from "./c.js";
import { compileCore } from "./core.js";
import { declare } from "./declarations.js";
import { BUILDS } from "./files.js";
import { copyLicences } from "./licences.js";
import { writeLines } from "./lines.js";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} reads the files and folders that it depends on, beside the build's own code and the tools
 * @property {(out: string) => void | Promise<void>} run puts what it makes into the folder, as it will lie in dist/
 */

const MODULES = BUILDS.map((build) => `dist/${build}.wasm`);
const WAMR_MODULES = BUILDS.map((build) => `dist/wamr/${build}.wasm`);
const CORE = "dist/sixplane.wasm";
const TSCONFIGS = ["tsconfig.json", "bindings/tsconfig.json"];

/** What programs for Node import when they run: the library, of which there is one copy, and other packages. */
const IMPORTED = ["commander", "koffi", "sixplane"];

/** What the package holds, each step behind those whose outputs it reads. @type {Step[]} */
export const PACKAGE = [
  { name: "core", reads: ["assembly"], run: compileCore },
  { name: "lines", reads: ["assembly", ...MODULES], run: writeLines },
  { name: "c", reads: ["bindings/c", ...MODULES, ...WAMR_MODULES], run: writeC },
  {
    name: "sixplane",
    reads: ["bindings/sixplane", CORE, ...TSCONFIGS],
    run: bundle(
      { entry: "bindings/sixplane/index.ts", file: "index.js" },
      { entry: "bindings/sixplane/index.ts", file: "workerd.js", core: "beside" },
      { entry: CORE, file: "source/core.js" },
    ),
  },
  {
    name: "capture",
    reads: ["bindings/capture", ...TSCONFIGS],
    run: bundle({ entry: "bindings/capture/index.ts", file: "capture.js", external: ["sixplane"] }),
  },
  {
    name: "tap",
    reads: ["bindings/tap", ...TSCONFIGS],
    run: bundle(
      { entry: "bindings/tap/index.ts", file: "tap.js", platform: "node", external: IMPORTED },
      { entry: "bindings/tap/loop/loop.ts", file: "tap-loop.js", platform: "node", external: IMPORTED },
    ),
  },
  {
    name: "cli",
    reads: ["bindings/cli", "bindings/ebpf", "bindings/fabric", "bindings/tap", ...TSCONFIGS],
    run: bundle({ entry: "bindings/cli/main.ts", file: "cli.js", platform: "node", external: IMPORTED }),
  },
  {
    name: "types",
    reads: ["bindings/sixplane", "bindings/capture", "bindings/tap", "package.json", ...TSCONFIGS],
    run: declare,
  },
  { name: "licences", reads: [], run: copyLicences },
];

/** Programs of this repository, which are made where they are named. @type {Step[]} */
export const PROGRAMS = [
  {
    name: "fuzz",
    reads: ["test/fuzz", "test/support", "bindings", "tsconfig.json"],
    run: bundle({ entry: "test/fuzz/main.ts", file: "fuzz/main.js", platform: "node", packages: "external" }),
  },
  {
    name: "bench",
    reads: ["bench", "test/support", "bindings", "tsconfig.json"],
    run: bundle({
      entry: "bench/speed/main.ts",
      file: "bench/main.js",
      platform: "node",
      packages: "external",
    }),
  },
  {
    name: "engines",
    reads: ["bench", "tsconfig.json"],
    run: bundle({
      entry: "bench/engines/main.ts",
      file: "bench/engines.js",
      platform: "node",
      packages: "external",
    }),
  },
];

/** What is checked of what has been made, every time. */
export const CHECKS = [checkBudgets, checkApi];
