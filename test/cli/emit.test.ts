// What `sixplane emit` writes, and what it leaves alone.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BUILDS } from "../support/builds.ts";
import { COMMAND, folder, sixplane } from "../support/command.ts";

const HEADERS = import.meta.resolve("sixplane/c/sixplane.h");
const LICENCE = "LICENSE-sixplane.txt";
const VARIANTS = Object.keys(
  JSON.parse(readFileSync(new URL("../../asconfig.json", import.meta.url), "utf8")).targets,
).sort();
const shipped = (name: string) =>
  readFileSync(new URL(name === LICENCE ? "../../LICENSE" : name, HEADERS), "utf8");

describe("sixplane emit", () => {
  test.each(VARIANTS)("writes the C of %s, by default, and the folder for it", async (variant) => {
    using files = folder();
    const names = [`${variant}-wasm2c.c`, `${variant}-wasm2c.h`, "sixplane.h", "wasm-rt.h", LICENCE].sort();
    const { status, stdout, stderr } = await sixplane(["emit", variant, "-o", files.path("new/folder")]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().split("\n").sort()).toEqual(
      names.map((name) => files.path(`new/folder/${name}`)),
    );
    expect(readdirSync(files.path("new/folder")).sort()).toEqual(names);
    for (const name of names)
      expect(readFileSync(files.path(`new/folder/${name}`), "utf8")).toBe(shipped(name));
  });

  test.each(VARIANTS)("writes the flat C of %s, a function for each that the module has", async (variant) => {
    using files = folder();
    const words = ["emit", variant, "--format", "c-flat", "-o", files.path("")];
    expect((await sixplane(words)).status).toBe(0);
    const names = [`${variant}-flat.c`, `${variant}-flat.h`, "sixplane.h", "wasm-rt.h", LICENCE].sort();
    expect(readdirSync(files.path("")).sort()).toEqual(names);
    for (const name of names) expect(readFileSync(files.path(name), "utf8")).toBe(shipped(name));
    const identifier = variant.replaceAll("-", "_");
    const declared = shipped(`${variant}-flat.h`).matchAll(new RegExp(` ${identifier}_(\\w+)\\(`, "g"));
    const module = readFileSync(fileURLToPath(import.meta.resolve(`sixplane/wasm/${variant}.wasm`)));
    const functions = WebAssembly.Module.exports(new WebAssembly.Module(module)).filter(
      ({ kind }) => kind === "function",
    );
    expect([...declared].map(([, name]) => name)).toEqual(functions.map(({ name }) => name));
  });

  test.each(VARIANTS)("writes the module of %s", async (variant) => {
    using files = folder();
    await sixplane(["emit", variant, "--format", "wasm", "-o", files.path("")]);
    expect(readdirSync(files.path(""))).toEqual([`${variant}.wasm`]);
    expect(readFileSync(files.path(`${variant}.wasm`))).toEqual(
      readFileSync(fileURLToPath(import.meta.resolve(`sixplane/wasm/${variant}.wasm`))),
    );
  });

  test("writes the module as an array, with wasm3's names", async () => {
    for (const { name, bytes } of BUILDS) {
      using files = folder();
      await sixplane(["emit", name, "--format", "header", "-o", files.path("")]);
      expect(readdirSync(files.path(""))).toEqual([`${name}.wasm.h`, "sixplane.h"].sort());
      const text = readFileSync(files.path(`${name}.wasm.h`), "utf8");
      const identifier = name.replaceAll("-", "_");
      const [, array = ""] =
        new RegExp(`^static const unsigned char ${identifier}_wasm\\[\\] = \\{\n(.*?)\\};$`, "ms").exec(
          text,
        ) ?? [];
      expect(array.match(/0x../g)?.map(Number)).toEqual([...bytes]);
      expect(text).toContain(`static const unsigned int ${identifier}_wasm_len = ${bytes.length};\n`);
    }
  });

  test("writes the module for WAMR, and as an array", async () => {
    using files = folder();
    const words = ["emit", "responder", "--for", "wamr", "-o", files.path("")];
    expect((await sixplane([...words, "--format", "wasm"])).status).toBe(0);
    expect((await sixplane([...words, "--format", "header"])).status).toBe(0);
    const module = readFileSync(files.path("responder.wasm"));
    expect(WebAssembly.Module.exports(new WebAssembly.Module(module)).map(({ name }) => name)).toContain(
      "__heap_base",
    );
    expect(readFileSync(files.path("responder.wasm.h"), "utf8")).toContain(
      `static const unsigned int responder_wasm_len = ${module.length};\n`,
    );
  });

  test("writes one file as it is to stdout, and several texts behind their names", async () => {
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [COMMAND, "emit", "responder", ...words, "-o", "-"]);
    expect(run("--format", "wasm").stdout).toEqual(
      readFileSync(fileURLToPath(import.meta.resolve("sixplane/wasm/responder.wasm"))),
    );
    const names = ["responder-wasm2c.c", "responder-wasm2c.h", "wasm-rt.h", "sixplane.h", LICENCE];
    expect(run().stdout.toString()).toBe(names.map((name) => `// ${name}\n${shipped(name)}\n`).join(""));
    const both = run("--format", "ebpf");
    expect([both.status, both.stdout.length, both.stderr.toString()]).toEqual([
      2,
      0,
      'sixplane: folder must be one, got "-" (1): responder.bpf.o and responder.bpf.bin cannot both go to stdout\n',
    ]);
    expect(run("--json").stderr.toString()).toBe("sixplane: give either --json or -o -, not both\n");
  });

  test("prints JSON", async () => {
    using files = folder();
    const { stdout } = await sixplane([
      "emit",
      "responder",
      "--format",
      "wasm",
      "-o",
      files.path(""),
      "--json",
    ]);
    const bytes = BUILDS.find(({ name }) => name === "responder")?.bytes.length;
    expect(JSON.parse(stdout)).toEqual([{ file: files.path("responder.wasm"), bytes }]);
  });

  test("writes the same again, and nothing over what differs, unless it is told to", async () => {
    using files = folder();
    const words = ["emit", "responder", "--format", "header", "-o", files.path("")];
    expect((await sixplane(words)).status).toBe(0);
    expect((await sixplane(words)).status).toBe(0);
    writeFileSync(files.path("sixplane.h"), "mine");
    unlinkSync(files.path("responder.wasm.h"));
    expect(await sixplane(words)).toEqual({
      status: 2,
      stdout: "",
      stderr: `sixplane: "${files.path("sixplane.h")}" is there already, with other contents: --force replaces it\n`,
    });
    expect(readdirSync(files.path(""))).toEqual(["sixplane.h"]);
    expect(readFileSync(files.path("sixplane.h"), "utf8")).toBe("mine");
    expect((await sixplane([...words, "--force"])).status).toBe(0);
    expect(readFileSync(files.path("sixplane.h"), "utf8")).toBe(shipped("sixplane.h"));
  });

  test("leaves nothing behind where a file cannot be put in its place", async () => {
    using files = folder();
    mkdirSync(files.path("sixplane.h"));
    writeFileSync(files.path("sixplane.h/inside"), "");
    const words = ["emit", "responder", "--format", "header", "-o", files.path("")];
    writeFileSync(files.path("responder.wasm.h"), "mine");
    const path = files.path("sixplane.h");
    const stderr = `sixplane: file must be a file, got "${path}" (${path.length}): there is something else of that name\n`;
    expect(await sixplane([...words, "--force"])).toEqual({ status: 2, stdout: "", stderr });
    expect(readdirSync(files.path(""))).toEqual(["responder.wasm.h", "sixplane.h"]);
    expect(readFileSync(files.path("responder.wasm.h"), "utf8")).toBe("mine");
    expect(existsSync(files.path("sixplane.h/inside"))).toBe(true);
  });

  test.each([
    [["tinier"], `variant must be ${oneOf(VARIANTS)}, got "tinier" (6)`],
    [["../responder"], `variant must be ${oneOf(VARIANTS)}, got "../responder" (12)`],
    [
      ["responder", "--format", "elf"],
      'format must be wasm, header, c, c-flat, ebpf or ebpf-listing, got "elf" (3)',
    ],
    [
      ["address", "--format", "ebpf"],
      'variant must be one that can be translated to eBPF, got "address" (7): the module exports neither respond nor permits',
    ],
    [["responder", "--for", "wasm3"], 'runtime must be wamr, got "wasm3" (5)'],
    [["responder", "--for", "wamr"], 'format for WAMR must be wasm or header, got "c" (1)'],
    [["responder", "--output", ""], 'folder must be the name of one, got "" (0)'],
  ])("refuses %j", async (words, message) => {
    using files = folder();
    const run = await sixplane(["emit", "-o", files.path(""), ...words]);
    expect(run).toEqual({ status: 2, stdout: "", stderr: `sixplane: ${message}\n` });
    expect(readdirSync(files.path(""))).toEqual([]);
  });

  test.each([
    ["file", "it is a file"],
    ["file/below", "a part of the path is not a directory"],
    ["link", "it is a file"],
  ])("refuses the folder %s", async (name, why) => {
    using files = folder();
    writeFileSync(files.path("file"), "");
    symlinkSync("nowhere", files.path("link"));
    const { status, stderr } = await sixplane(["emit", "responder", "-o", files.path(name)]);
    const path = files.path(name);
    expect([status, stderr]).toEqual([
      2,
      `sixplane: folder must be one that can be written, got "${path}" (${path.length}): ${why}\n`,
    ]);
  });

  test("refuses a folder where there can be none", async () => {
    expect((await sixplane(["emit", "tiny", "-o", "/proc/sixplane"])).stderr).toBe(
      'sixplane: folder must be one that can be written, got "/proc/sixplane" (14): no such file or directory\n',
    );
  });

  test("names a wrong variant even where there is no folder", async () => {
    expect((await sixplane(["emit", "foo"])).stderr).toBe(
      `sixplane: variant must be ${oneOf(VARIANTS)}, got "foo" (3)\n`,
    );
  });

  test("needs a variant and a folder", async () => {
    expect((await sixplane(["emit", "-o", "x"])).stderr).toBe(
      "sixplane: missing required argument 'variant'\n",
    );
    expect((await sixplane(["emit", "responder"])).stderr).toBe(
      "sixplane: give a folder to write to: -o FOLDER\n",
    );
  });

  test("has help with an example that works", async () => {
    using files = folder();
    const { stdout } = await sixplane(["emit", "--help"]);
    const [, example = ""] = /Example:\n {2}sixplane (.+)\n/.exec(stdout) ?? [];
    expect(example).toMatch(/^emit /);
    const { status } = spawnSync(process.execPath, [COMMAND, ...example.split(" ")], { cwd: files.path("") });
    expect(status).toBe(0);
    expect(readdirSync(files.path("src"))).toHaveLength(5);
  });
});

function oneOf(names: string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
