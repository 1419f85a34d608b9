// The build, in a copy of the repository that it may change.
import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ended, folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = /^(assembly|bindings|dist|[\w.-]*\.json)$/;

describe("the build", { timeout: 120_000 }, () => {
  const files = folder();
  const dist = files.path("dist");
  afterAll(() => files[Symbol.dispose]());

  beforeEach(() => {
    rmSync(files.path(""), { recursive: true });
    for (const name of readdirSync(ROOT).filter((name) => COPIED.test(name)))
      cpSync(join(ROOT, name), files.path(name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), files.path("node_modules"), "dir");
  });

  /** Builds, and says which steps made something. */
  async function build(...words: string[]) {
    const child = spawn(process.execPath, [files.path("bindings/build/main.js"), ...words]);
    const { status, stdout, stderr } = await ended(child);
    const made = [...stdout.matchAll(/^(\w+) +made \d+ files/gm)].map(([, step]) => step);
    return { status, stderr, made };
  }

  /** What is in dist/, by path, but what the build keeps for itself. */
  function outputs(): Record<string, string> {
    const all = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const paths = all.map((one) => relative(dist, join(one.parentPath, one.name)));
    const own = paths.filter((path) => !/^(\.build|bench|fuzz)\//.test(path));
    return Object.fromEntries(own.sort().map((path) => [path, readFileSync(join(dist, path), "latin1")]));
  }

  test("makes nothing again where nothing has changed", async () => {
    expect(await build()).toEqual({ status: 0, stderr: "", made: [] });
  });

  test.each([
    ["bindings/capture/read.ts", "\n// A comment.\n", ["capture", "types"]],
    ["bindings/fabric/peer.ts", "\n// A comment.\n", ["cli"]],
    ["bindings/c/sixplane.h", "/* A comment. */\n", ["c"]],
    ["assembly/builds/neighbour.ts", 'export { mac } from "../derive";\n', ["core", "lines", "c"]],
  ])("makes what depends on %s", async (path, text, steps) => {
    appendFileSync(files.path(path), text);
    expect((await build()).made).toEqual(steps);
    expect((await build()).made).toEqual([]);
  });

  test("makes an output again that was changed or deleted", async () => {
    const before = outputs();
    appendFileSync(join(dist, "capture.js"), "// changed");
    rmSync(join(dist, "c/sixplane.h"));
    expect(await build()).toEqual({ status: 0, stderr: "", made: ["c", "capture"] });
    expect(outputs()).toEqual(before);
  });

  test("deletes an output that is not made any more", async () => {
    const before = outputs();
    const entry = files.path("bindings/capture/index.ts");
    const source = readFileSync(entry);
    writeFileSync(files.path("bindings/capture/more.ts"), "/** One. */\nexport const MORE = 1;\n");
    appendFileSync(entry, 'export { MORE } from "./more.ts";\n');
    await build();
    expect(Object.keys(outputs())).toContain("types/capture/more.d.ts");
    writeFileSync(entry, source);
    await build();
    expect(outputs()).toEqual(before);
  });

  test("leaves an output as it was where its step fails", async () => {
    const before = outputs();
    writeFileSync(files.path("bindings/capture/index.ts"), "export {");
    const { status, stderr } = await build();
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("index.ts:1:8") });
    expect(outputs()).toEqual(before);
  });

  test("fails where the API is not as it was reported", async () => {
    appendFileSync(files.path("bindings/capture/index.ts"), 'export { ETHERNET } from "./frame.ts";\n');
    const { status, stderr } = await build();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "bindings/api/capture.api.md is not the API of the sources: `npm run api` renews it\n",
    });
    expect(await build("--renew-api")).toEqual({ status: 0, stderr: "", made: [] });
    const report = readFileSync(files.path("bindings/api/capture.api.md"), "utf8");
    expect(report).toContain("export const ETHERNET = 1;");
    expect((await build()).status).toBe(0);
  });

  test("may run twice at once", async () => {
    const before = outputs();
    rmSync(dist, { recursive: true });
    const runs = await Promise.all([build(), build()]);
    for (const { status, stderr } of runs) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(outputs()).toEqual(before);
    expect((await build()).made).toEqual([]);
  });
});
