// The package as it is installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { buildSync } from "esbuild";
import { publint } from "publint";
import { InputError } from "sixplane";
import { readCapture } from "sixplane/capture";
import { openTap } from "sixplane/tap";
import { describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { installed } from "../support/packed-package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = [
  "address.wasm",
  "neighbour.wasm",
  "permits.wasm",
  "responder-6plane.wasm",
  "responder-rfc4193.wasm",
  "responder.wasm",
  "sixplane.wasm",
  "tiny.wasm",
];

/** What the package may weigh, packed: most of it is the C of seven builds, and the command line with its eBPF and its checks. */
const MOST_BYTES = 330_000;

/** The pages that the README links to, and those that they link to below `bindings`. */
const PAGES = [
  "CONTRIBUTING.md",
  "SECURITY.md",
  "assembly/README.md",
  "bench/README.md",
  "examples/README.md",
  "examples/fabric/picture.svg",
  ...readdirSync(`${ROOT}/bindings`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `bindings/${path}`),
];

/** The files of the firmware that are not built. */
const FIRMWARE = readdirSync(`${ROOT}/examples/firmware`, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(`${ROOT}/examples/firmware`, `${entry.parentPath}/${entry.name}`))
  .filter((path) => !/^(build|flat|src)\//.test(path));

const DESCRIPTION = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));

/** The names in some lists of dependencies. */
function names(...lists: object[]): string[] {
  return [...new Set(lists.flatMap((list) => Object.keys(list)))].sort();
}

test("every dependency is in CONTRIBUTING.md with why it is there, those of users as theirs", () => {
  const text = readFileSync(`${ROOT}/CONTRIBUTING.md`, "utf8");
  const rows = [...text.matchAll(/^\| `([^`/]+|@[^`]+)` \| (by users|to \w+)(, optional)? \| (.+) \|$/gm)];
  const { dependencies, peerDependencies, devDependencies } = DESCRIPTION;
  expect(rows.map(([, name]) => name).sort()).toEqual(names(dependencies, peerDependencies, devDependencies));
  const users = rows.filter(([, , needed]) => needed === "by users").map(([, name]) => name);
  expect(users.sort()).toEqual(names(dependencies, peerDependencies));
});

test("every test that SECURITY.md names is there", () => {
  const named = [...readFileSync(`${ROOT}/SECURITY.md`, "utf8").matchAll(/`(test\/[^`]+)`/g)];
  expect(named.length).toBeGreaterThan(10);
  for (const [, path] of named) expect([path, existsSync(`${ROOT}/${path}`)]).toEqual([path, true]);
});

describe("the package", () => {
  test("exports the bindings, the modules and its own description, and nothing else", () => {
    for (const name of [
      "sixplane",
      "sixplane/capture",
      "sixplane/tap",
      ...MODULES.map((module) => `sixplane/wasm/${module}`),
      "sixplane/c/sixplane.h",
      "sixplane/package.json",
    ]) {
      expect(import.meta.resolve(name)).toMatch(/^file:/);
    }
    const deep = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", 'import "sixplane/dist/index.js"'],
      { cwd: ROOT, encoding: "utf8" },
    );
    expect(deep.stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("takes nothing of the runtime that captures are read in", () => {
    const entry = readFileSync(fileURLToPath(import.meta.resolve("sixplane/capture")), "utf8");
    expect(entry).not.toMatch(
      /^import (?!.* from "sixplane";$)|\bimport\(|\brequire\(|\b(process|Buffer|Deno)\b/m,
    );
  });

  test("has every error class once", () => {
    const modules = readdirSync(`${ROOT}/dist`).filter((name) => /\.js$/.test(name) && name !== "workerd.js");
    const classes = modules.flatMap((module) => {
      const code = readFileSync(`${ROOT}/dist/${module}`, "utf8");
      return [...code.matchAll(/^ +name = "(\w+)";$/gm)].map(([, name]) => `${name} in ${module}`);
    });
    expect(classes.sort()).toEqual([
      "BpfError in cli.js",
      "CaptureError in capture.js",
      "CompilationRefusedError in index.js",
      "FabricError in cli.js",
      "Failure in cli.js",
      "InputError in index.js",
      "MissingFunctionError in index.js",
      "SixplaneError in index.js",
      "TapError in tap-loop.js", // runs in a thread of its own, which has no class of another thread
      "TapError in tap.js",
      "TranslationError in cli.js",
      "Unseen in cli.js",
    ]);
  });

  test("throws the library's errors from every entry", async () => {
    const frames = readCapture(new Blob(["no capture"]).stream());
    await expect(frames.next()).rejects.toThrow(InputError);
    await expect(openTap({ network: "8056c2e21c000001", node: "89e9" })).rejects.toThrow(InputError);
    await expect(openTap({ network: "8056c2e21c000001", node: "89e92ceee5", mtu: 1 })).rejects.toThrow(
      InputError,
    );
  });

  test("holds what users need, and nothing else", () => {
    const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const [{ files, size }] = JSON.parse(stdout) as [{ files: { path: string }[]; size: number }];
    expect(size).toBeLessThan(MOST_BYTES);
    expect(files.map(({ path }) => path).sort()).toEqual(
      [
        "LICENSE",
        "README.md",
        "dist/LICENSE-assemblyscript.txt",
        "dist/NOTICE-assemblyscript.txt",
        "dist/capture.d.ts",
        "dist/capture.js",
        "dist/cli.js",
        "dist/index.d.ts",
        "dist/index.js",
        "dist/tap-loop.js",
        "dist/tap.d.ts",
        "dist/tap.js",
        "dist/workerd.js",
        "dist/c/sixplane.h",
        "dist/c/wasm-rt.h",
        "dist/c/lwip/sixplane_lwip.c",
        "dist/c/lwip/sixplane_lwip.h",
        ...MODULES.map((module) => module.replace(".wasm", "")).flatMap((name) => [
          `dist/${name}.lines.json`,
          `dist/c/${name}-wasm2c.c`,
          `dist/c/${name}-wasm2c.h`,
          `dist/c/${name}-flat.c`,
          `dist/c/${name}-flat.h`,
          `dist/c/${name}.wasm.h`,
          `dist/c/wamr/${name}.wasm.h`,
          `dist/wamr/${name}.wasm`,
        ]),
        ...PAGES,
        ...FIRMWARE.map((name) => `examples/firmware/${name}`),
        "package.json",
        ...MODULES.map((module) => `dist/${module}`),
      ].sort(),
    );
  });

  test("has nothing that publint would have otherwise", async () => {
    using files = installed();
    const { messages } = await publint({
      pkgDir: files.path("node_modules/sixplane"),
      pack: false,
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  test("has types where every module resolution looks for them that knows modules", async () => {
    using files = folder();
    const words = ["pack", ROOT, "--json", "--ignore-scripts", "--pack-destination", files.path("")];
    const { stdout } = spawnSync("npm", words, { encoding: "utf8" });
    const tarball = readFileSync(files.path(JSON.parse(stdout)[0].filename));
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (!result.types) throw new Error("it has no types");
    expect(Object.keys(result.entrypoints)).toEqual([
      ".",
      "./tap",
      "./capture",
      "./wasm/*.wasm",
      "./c/*",
      "./package.json",
    ]);
    // As are-the-types-wrong judges packages of modules alone: not by what resolves for require() or TypeScript 4.
    const modules = result.problems.filter(
      (problem) => !("resolutionKind" in problem && /^node(10|16-cjs)$/.test(problem.resolutionKind)),
    );
    expect(modules).toEqual([]);
  });

  test("gives its types before anything else", () => {
    const { exports, sideEffects } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
    for (const name of [".", "./tap", "./capture"]) expect(Object.keys(exports[name])[0]).toBe("types");
    expect(Object.keys(exports["."])).toEqual(["types", "workerd", "default"]);
    expect(sideEffects).toBe(false);
  });

  test("works where it is installed, without what only its development needs", () => {
    using files = installed();
    const { dependencies } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
    for (const name of Object.keys(dependencies)) {
      symlinkSync(`${ROOT}/node_modules/${name}`, files.path(`node_modules/${name}`), "dir");
    }
    const node = (...words: string[]) =>
      spawnSync(process.execPath, words, { cwd: files.path(""), encoding: "utf8" });
    const command = "node_modules/sixplane/dist/cli.js";
    expect(node(command, "owner", "8056c2e21c000001", "02:de:ad:a2:0d:c3").stdout).toBe("deadbeef01\n");
    const host = ["--network", "8056c2e21c000001", "--node", "89e92ceee5", "--listen", "127.0.0.1:0"];
    const missing =
      "sixplane/tap needs the package koffi under Node: `npm install koffi`, or run Node 26.1 or newer";
    expect(node(command, "up", ...host)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`sixplane: ${missing}\n`),
    });
    const open =
      'import { openTap } from "sixplane/tap"; openTap({ network: "8056c2e21c000001", node: "89e92ceee5" })';
    expect(node("--input-type=module", "--eval", open).stderr).toContain(`TapError: ${missing}`);
  });

  test("has bindings that need nothing but WebAssembly, atob and TextDecoder of what runs them", () => {
    const entry = fileURLToPath(import.meta.resolve("sixplane"));
    expect(readFileSync(entry, "utf8")).not.toMatch(/^import |\bimport\(|\brequire\(/m);
    const { outputFiles } = buildSync({
      entryPoints: [entry],
      bundle: true,
      format: "iife",
      globalName: "sixplane",
      write: false,
    });
    const context = createContext({ WebAssembly, atob, TextDecoder });
    const mac = 'new sixplane.Network("8056c2e21c000001").host("89e92ceee5").mac';
    expect(runInContext(`${outputFiles[0]?.text}\n${mac}`, context)).toBe("02:89:e9:30:0c:27");
  });

  test("imports nothing that it does not bring, or ask for, and brings nothing else", () => {
    const modules = readdirSync(`${ROOT}/dist`).filter((name) =>
      /^(index|capture|cli|tap|tap-loop)\.js$/.test(name),
    );
    expect(modules).toHaveLength(5);
    const { metafile } = buildSync({
      entryPoints: modules.map((name) => `${ROOT}/dist/${name}`),
      bundle: true,
      packages: "external",
      tsconfigRaw: {}, // whose paths lead to the sources
      platform: "node",
      format: "esm",
      outdir: "none",
      write: false,
      metafile: true,
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    const foreign = imports.filter((path) => !isBuiltin(path) && !/^sixplane(\/|$)/.test(path));
    const { dependencies, peerDependencies } = DESCRIPTION;
    expect([...new Set(foreign)].sort()).toEqual(names(dependencies, peerDependencies));
  });

  test.each([
    ["under Node, with Node's types", "nodenext", "nodenext", [], ["node"]],
    ["under Node, with a browser's types", "nodenext", "nodenext", ["dom"], []],
    ["of a worker", "nodenext", "nodenext", ["webworker"], []],
    ["for a bundler", "esnext", "bundler", ["dom"], []],
  ])("has types that a strict project %s reads", (_, module, moduleResolution, libraries, types) => {
    using files = folder();
    mkdirSync(files.path("node_modules"));
    symlinkSync(ROOT, files.path("node_modules/sixplane"), "dir");
    symlinkSync(`${ROOT}/node_modules/@types`, files.path("node_modules/@types"), "dir");
    writeFileSync(files.path("package.json"), '{ "type": "module" }');
    const options = {
      strict: true,
      noEmit: true,
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2022", ...libraries],
      types,
    };
    writeFileSync(
      files.path("tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["use.ts"] }),
    );
    const check = (use: string) => {
      writeFileSync(files.path("use.ts"), `import { Network, type Verdict } from "sixplane";\n${use}`);
      const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
      return spawnSync(process.execPath, [tsc, "-p", files.path("tsconfig.json")], { encoding: "utf8" })
        .stdout;
    };
    expect(
      check(`const verdict: Verdict = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" }).answer(new Uint8Array(86));
        if (verdict.kind === "reply") { const frame: Uint8Array = verdict.frame; frame.slice(); }
        else { const reason: string = verdict.reason; reason.trim(); }
        import { type CapturedFrame, pcapRecord, readCapture } from "sixplane/capture";
        async function* chunks(): AsyncGenerator<Uint8Array> { yield new Uint8Array(24); }
        for await (const frame of readCapture(chunks())) { const same: CapturedFrame = frame; pcapRecord(same); }`),
    ).toBe("");
    if (module === "nodenext") {
      expect(
        check(`import { openTap, type TapCounters } from "sixplane/tap";
          const tap = await openTap({ network: "8056c2e21c000001", node: "89e92ceee5", forward(frames) {
            for (const frame of frames) frame.slice();
          } });
          const counters: TapCounters = tap.counters(); counters.reasons["unicast-probe"]?.toFixed();
          await tap.close();`),
      ).toBe("");
    }
    expect(check('new Network("8056c2e21c000001").responder({ modes: ["6plane"] });')).toContain(
      "'node' is missing",
    );
    expect(
      check('new Network("8056c2e21c000001").responder({ node: "89e92ceee5", modes: ["ipv4"] });'),
    ).toContain('"ipv4"');
  });
});
