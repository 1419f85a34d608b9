// The files by which PlatformIO, Arduino, ESP-IDF and Zephyr take the core's C: each is what its documentation demands.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { folder } from "../support/command.ts";
import { FIRMWARE, isInstalled, make } from "./tools.ts";

const files = folder();
const root = files.path("sixplane");
const read = (name: string) => readFileSync(`${FIRMWARE}/${name}`, "utf8");
const { version } = JSON.parse(readFileSync(`${FIRMWARE}/../../package.json`, "utf8"));

// The library as somebody has it who has run `make library`.
beforeAll(() => {
  cpSync(FIRMWARE, root, { recursive: true, filter: (path) => !/\/(build|src)$/.test(path) });
  if (isInstalled("make")) make(`LIBRARY=${root}/src`, "library");
});
afterAll(() => files[Symbol.dispose]());

const sources = () => readdirSync(`${root}/src`).sort();

test("make library gives the C and its headers, and nothing else", ({ skip }) => {
  skip(!isInstalled("make"), "no make");
  expect(sources()).toEqual(["responder-wasm2c.c", "responder-wasm2c.h", "sixplane.h", "wasm-rt.h"]);
});

/** https://docs.platformio.org/en/latest/manifests/library-json, and the limits of PlatformIO's ManifestSchema. */
describe("library.json", () => {
  const manifest = JSON.parse(read("library.json"));

  test("has the fields that there are, and those that there must be", () => {
    const known =
      /^(\$schema|name|version|description|keywords|homepage|repository|authors|license|frameworks|platforms|headers|examples|dependencies|export|scripts|build)$/;
    for (const field of Object.keys(manifest)) expect(field).toMatch(known);
    expect(manifest.name).toMatch(/^[^:;/,@<>]{1,100}$/);
    expect(manifest.version).toBe(version);
    expect(manifest.description.length).toBeLessThanOrEqual(255);
    for (const keyword of manifest.keywords) expect(keyword).toMatch(/^[a-z\d\-+. ]{1,50}$/);
    expect(manifest.homepage).toMatch(/^https:\/\/\S+$/);
    expect(manifest.license).toBe("MIT AND Apache-2.0");
    for (const { name, ...rest } of manifest.authors) {
      expect(name).toMatch(/^.{1,50}$/);
      expect(rest).toEqual({ maintainer: true });
    }
    for (const list of [manifest.frameworks, manifest.platforms]) expect(list).toMatch(/^([a-z\d\-_]+|\*)$/);
  });

  test("names folders and headers that are there", ({ skip }) => {
    skip(!isInstalled("make"), "no make");
    expect(Object.keys(manifest.build).sort()).toEqual(["includeDir", "srcDir"]);
    for (const path of Object.values(manifest.build)) expect(existsSync(`${root}/${path}`)).toBe(true);
    expect(sources()).toContain(manifest.headers);
    expect(Object.keys(manifest.export)).toEqual(["include"]);
    for (const path of manifest.export.include) {
      expect(existsSync(`${root}/${path.replace("/*", "")}`), path).toBe(true);
    }
  });
});

/** https://docs.arduino.cc/arduino-cli/library-specification */
describe("library.properties", () => {
  const lines = read("library.properties").trimEnd().split("\n");
  const fields = Object.fromEntries(
    lines.map((line) => /^([a-z_]+)=(.+)$/.exec(line)?.slice(1) ?? [line, ""]),
  );

  test("has every field that is required, and no unknown one", () => {
    const required = "name version author maintainer sentence paragraph category url architectures".split(
      " ",
    );
    const optional = ["depends", "dot_a_linkage", "includes", "precompiled", "ldflags"];
    expect(Object.keys(fields)).toHaveLength(lines.length);
    for (const name of required) expect(fields[name], name).toMatch(/\S/);
    for (const name of Object.keys(fields)) expect([...required, ...optional]).toContain(name);
  });

  test("says what it may", () => {
    expect(fields.name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9 _.-]{0,62}$/);
    expect(fields.name).not.toMatch(/arduino/i);
    expect(fields.version).toBe(version);
    expect(fields.category).toMatch(
      /^(Display|Communication|Signal Input\/Output|Sensors|Device Control|Timing|Data Storage|Data Processing|Other)$/,
    );
    expect(fields.url).toMatch(/^https?:\/\/\S+$/);
    expect(fields.architectures).toBe("*");
    expect(fields.paragraph).not.toContain(fields.sentence);
  });

  test("includes what there is", ({ skip }) => {
    skip(!isInstalled("make"), "no make");
    for (const name of fields.includes?.split(",") ?? []) expect(sources()).toContain(name);
  });
});

/** https://docs.espressif.com/projects/idf-component-manager/en/latest/reference/manifest_file.html */
test("idf_component.yml has fields that there are, and says what it may", () => {
  const manifest = parse(read("idf_component.yml"), { strict: true });
  const known =
    /^(version|targets|maintainers|description|license|tags|dependencies|files|examples|url|repository|documentation|issues|discussion|repository_info)$/;
  for (const field of Object.keys(manifest)) expect(field).toMatch(known);
  expect(manifest.version).toBe(version);
  expect(manifest.license).toBe("MIT AND Apache-2.0");
  expect(manifest.url).toMatch(/^https:\/\/\S+$/);
  expect(manifest.description).toEqual(expect.any(String));
  for (const tag of manifest.tags) expect(tag).toMatch(/^[A-Za-z0-9_-]{3,32}$/);
  expect(new Set(manifest.tags).size).toBe(manifest.tags.length);
  for (const [name, range] of Object.entries(manifest.dependencies)) {
    expect(name).toMatch(/^([\w-]+\/)?[\w-]+$/);
    expect(range).toMatch(/^(>=|>|<=|<|==|~|\^)?\d+(\.\d+){0,2}$/);
  }
  expect(Object.keys(manifest.files)).toEqual(["exclude"]);
  for (const pattern of manifest.files.exclude) expect(pattern).toEqual(expect.any(String));
});

/** https://docs.zephyrproject.org/latest/develop/modules.html, and METADATA_SCHEMA of Zephyr's zephyr_module.py */
test("zephyr/module.yml has fields that there are, and names files that are there", () => {
  const { build, ...rest } = parse(read("zephyr/module.yml"), { strict: true });
  expect(rest).toEqual({ name: "sixplane" });
  expect(Object.keys(build).sort()).toEqual(["cmake", "kconfig"]);
  expect(existsSync(`${root}/${build.cmake}/CMakeLists.txt`)).toBe(true);
  expect(existsSync(`${root}/${build.kconfig}`)).toBe(true);
  expect(read(build.kconfig)).toMatch(/^config SIXPLANE\n\tbool ".+"\n\thelp\n(\t {2}.+\n)+$/);
});

describe("CMake", () => {
  /** Runs a CMakeLists.txt with functions in the place of the build system's, and gives their calls. */
  function calls(path: string, functions: string[], ...before: string[]): string[] {
    const stubs = functions.map((name) => `function(${name})\n  message("${name} \${ARGV}")\nendfunction()`);
    const script = [...stubs, ...before, `include("${root}/${path}")`].join("\n");
    writeFileSync(files.path("script.cmake"), script);
    const { status, stderr } = spawnSync("cmake", ["-P", files.path("script.cmake")], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return stderr.trimEnd().split("\n");
  }

  test("registers the component with ESP-IDF", ({ skip }) => {
    for (const program of ["cmake", "make"]) skip(!isInstalled(program), `no ${program}`);
    expect(calls("CMakeLists.txt", ["idf_component_register"])).toEqual([
      "idf_component_register SRC_DIRS;src;INCLUDE_DIRS;src",
    ]);
  });

  test("gives the library to Zephyr where it is wanted", ({ skip }) => {
    for (const program of ["cmake", "make"]) skip(!isInstalled(program), `no ${program}`);
    const functions = ["zephyr_include_directories", "zephyr_library", "zephyr_library_sources"];
    const source = `${root}/zephyr/../src/responder-wasm2c.c`;
    expect(
      calls("zephyr/CMakeLists.txt", functions, "set(CONFIG_SIXPLANE y)").map((call) => call.trimEnd()),
    ).toEqual([
      `zephyr_include_directories ${root}/zephyr/../src`,
      "zephyr_library",
      expect.stringMatching(/^zephyr_library_sources .*\/src\/responder-wasm2c\.c$/),
    ]);
    expect(existsSync(source)).toBe(true);
    expect(calls("zephyr/CMakeLists.txt", functions)).toEqual([""]);
  });
});
