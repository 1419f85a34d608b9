// The files by which PlatformIO, Arduino, ESP-IDF and Zephyr take the core's C: each is what its documentation demands.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { folder } from "../support/command.ts";
import { FIRMWARE, isInstalled, make } from "./tools.ts";

const files = folder();
const root = files.path("sixplane");
const read = (name: string, place = FIRMWARE) => readFileSync(`${place}/${name}`, "utf8");
const { version } = JSON.parse(readFileSync(`${FIRMWARE}/../../package.json`, "utf8"));

// The library as somebody has it who has run `make library`.
beforeAll(() => {
  cpSync(FIRMWARE, root, { recursive: true, filter: (path) => !/\/(build|flat|src)$/.test(path) });
  if (isInstalled("make")) make(`LIBRARY=${root}`, "library");
});
afterAll(() => files[Symbol.dispose]());

const sources = (place = "src") => readdirSync(`${root}/${place}`).sort();

/** The builds of the library. */
const RESPONDER_BUILDS = ["responder", "responder-6plane", "responder-rfc4193", "sixplane", "tiny"];
const LIBRARY_BUILDS = [...RESPONDER_BUILDS, "neighbour"];

describe("make library", () => {
  beforeEach(({ skip }) => skip(!isInstalled("make"), "no make"));

  test("gives the C of the builds, its headers and the licences, and nothing else", () => {
    for (const [place, form] of [
      ["src", "wasm2c"],
      ["flat", "flat"],
    ]) {
      const code = LIBRARY_BUILDS.flatMap((build) => [`${build}-${form}.c`, `${build}-${form}.h`]);
      expect(sources(place)).toEqual([...code, "LICENSE-sixplane.txt", "sixplane.h", "wasm-rt.h"].sort());
    }
  });

  test("gives the whole text of the licence that the files name, and each file names one", () => {
    for (const place of ["src", "flat"]) {
      expect(read("LICENSE-sixplane.txt", `${root}/${place}`)).toBe(read("../../LICENSE"));
      for (const name of sources(place).filter((name) => /\.[ch]$/.test(name))) {
        const [, named] =
          /SPDX-License-Identifier: (.*?)(?: \*\/)?$/m.exec(read(name, `${root}/${place}`)) ?? [];
        expect(named, name).toBe("MIT");
      }
    }
  });

  test("gives what compiles and links all at once, as PlatformIO and Arduino have it", ({ skip }) => {
    skip(!isInstalled("cc"), "no cc");
    const main = `int main(void) { static w2c_tiny core; wasm2c_tiny_instantiate(&core); return 0; }`;
    writeFileSync(files.path("main.c"), `#include "tiny-wasm2c.h"\n${main}`);
    const all = [
      files.path("main.c"),
      ...sources().flatMap((name) => (/c$/.test(name) ? `${root}/src/${name}` : [])),
    ];
    const words = ["-Os", "-Wall", "-Wextra", "-Werror", `-I${root}/src`, "-o", files.path("main"), ...all];
    const { status, stderr } = spawnSync("cc", words, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
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
    expect(manifest.license).toBe("MIT");
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
  // One identifier of https://spdx.org/licenses, which no expression is.
  expect(manifest.license).toBe("MIT");
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
});

/** What Kconfig's Python library, which Zephyr has, writes for some choices; the lines that differ from its defaults. */
function configured(kconfig: string, ...choices: string[]): string {
  const script = `
import sys
from kconfiglib import Kconfig
kconfig = Kconfig(sys.argv[1], warn_to_stderr=False)
for choice in sys.argv[3:]:
    name, value = choice.split("=")
    if not kconfig.syms[name].set_value(value) or kconfig.syms[name].str_value != value:
        raise SystemExit(f"{name} must not be {value}")
kconfig.write_config(sys.argv[2])
if kconfig.warnings:
    raise SystemExit("\\n".join(kconfig.warnings))
`;
  const words = ["-c", script, `${root}/${kconfig}`, files.path("config"), ...choices];
  const { status, stderr } = spawnSync("/usr/bin/python3", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return readFileSync(files.path("config"), "utf8");
}

const noKconfig =
  spawnSync("/usr/bin/python3", ["-c", "import kconfiglib"]).status === 0
    ? undefined
    : "no python3-kconfiglib";

describe("Kconfig and CMake", () => {
  beforeEach(({ skip }) => {
    for (const program of ["cmake", "make", "arm-none-eabi-gcc"])
      skip(!isInstalled(program), `no ${program}`);
    skip(noKconfig !== undefined, noKconfig);
  });

  /** The functions of the build systems, as their pages describe them, by what CMake has itself. */
  const SYSTEMS = {
    "ESP-IDF": {
      kconfig: "Kconfig",
      folder: "",
      choices: [] as string[],
      functions: `
        function(idf_component_register)
          cmake_parse_arguments(PARSE_ARGV 0 given "" "" "SRCS;INCLUDE_DIRS")
          set(COMPONENT_LIB sixplane PARENT_SCOPE)
          add_library(sixplane STATIC \${given_SRCS})
          target_include_directories(sixplane PUBLIC \${given_INCLUDE_DIRS})
        endfunction()`,
    },
    Zephyr: {
      kconfig: "zephyr/Kconfig",
      folder: "zephyr",
      choices: ["SIXPLANE=y"],
      functions: `
        macro(zephyr_include_directories)
          include_directories(\${ARGV})
        endmacro()
        macro(zephyr_compile_definitions)
          add_compile_definitions(\${ARGV})
        endmacro()
        macro(zephyr_library)
          add_library(sixplane STATIC)
        endmacro()
        macro(zephyr_library_sources)
          target_sources(sixplane PRIVATE \${ARGV})
        endmacro()`,
    },
  };

  const FOR_ARM = [
    "-DCMAKE_SYSTEM_NAME=Generic",
    "-DCMAKE_C_COMPILER=arm-none-eabi-gcc",
    "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY",
  ];

  /** Builds the library with the choices, and gives its functions and definitions. */
  function built(system: keyof typeof SYSTEMS, ...choices: string[]) {
    const { kconfig, folder: place, functions, choices: always } = SYSTEMS[system];
    const config = configured(kconfig, ...always, ...choices);
    const set = config.replace(/^#.*\n/gm, "").replace(/^(\w+)="?(.*?)"?$/gm, 'set($1 "$2")');
    using project = folder();
    writeFileSync(
      project.path("CMakeLists.txt"),
      `cmake_minimum_required(VERSION 3.16)\nproject(test C)\n${set}\n${functions}\nadd_subdirectory(${root}/${place} sixplane)\n`,
    );
    const build = project.path("build");
    for (const words of [
      ["-S", project.path(""), "-B", build, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", ...FOR_ARM],
      ["--build", build],
    ]) {
      const { status, stderr } = spawnSync("cmake", words, { encoding: "utf8" });
      expect(status, stderr).toBe(0);
    }
    const symbols = spawnSync("arm-none-eabi-nm", ["-g", `${build}/sixplane/libsixplane.a`], {
      encoding: "utf8",
    }).stdout;
    const commands = readFileSync(`${build}/compile_commands.json`, "utf8");
    return {
      functions: [...symbols.matchAll(/ T (?!wasm2c_)(\w+)$/gm)].map(([, name]) => name).sort(),
      definitions: [
        ...new Set([...commands.matchAll(/-D(WASM_RT_\w+=\w+)/g)].map(([, text]) => text)),
      ].sort(),
    };
  }

  const DEFINITIONS = ["WASM_RT_MEMCHECK_GUARD_PAGES=0", "WASM_RT_MEMORY_SIZE=1532"];

  test.each(Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[])("of %s: by default", (system) => {
    const { functions, definitions } = built(system);
    expect([functions, definitions]).toEqual([["w2c_responder_respond"], DEFINITIONS]);
  });

  test.each(Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[])("of %s: unlike the defaults", (system) => {
    const choices = ["SIXPLANE_TINY=y", "SIXPLANE_NEIGHBOUR=y", "SIXPLANE_UNCHECKED=y"];
    const { functions, definitions } = built(system, ...choices, "SIXPLANE_MEMORY_SIZE=102");
    expect(functions).toEqual(["w2c_neighbour_neighbour", "w2c_tiny_respond"]);
    expect(definitions).toEqual(["WASM_RT_MEMCHECK_GUARD_PAGES=1", "WASM_RT_MEMORY_SIZE=102"]);
  });

  test.each(Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[])("of %s: flat", (system) => {
    const { functions, definitions } = built(system, "SIXPLANE_FLAT=y", "SIXPLANE_NEIGHBOUR=y");
    expect(functions).toEqual(["neighbour_neighbour", "responder_respond"]);
    expect(definitions).toEqual([]);
  });

  test("offers each build that make does, and says what the table in the page says", () => {
    const names = [...read("Kconfig").matchAll(/^config (SIXPLANE_\w+)$/gm)].map(([, name = ""]) => name);
    const [builds = ""] = /^choice SIXPLANE_RESPONDER_BUILD$.*?^endchoice$/ms.exec(read("Kconfig")) ?? [];
    const variants = names.flatMap((name) =>
      builds.includes(`config ${name}\n`)
        ? (/^CONFIG_SIXPLANE_VARIANT="(.*)"$/m.exec(configured("Kconfig", `${name}=y`))?.[1] ?? "")
        : [],
    );
    expect(variants.sort()).toEqual(RESPONDER_BUILDS);
    const page = read("README.md").replaceAll("`_", "`CONFIG_SIXPLANE_");
    for (const name of names) if (name !== "SIXPLANE_VARIANT") expect(page).toContain(`\`CONFIG_${name}\``);
  });

  test("offers no flat form where Zephyr's addresses have 64 bits", () => {
    writeFileSync(files.path("Kconfig"), `config 64BIT\n\tdef_bool y\n\nsource "${root}/Kconfig"\n`);
    expect(() => configured("../Kconfig", "SIXPLANE_FLAT=y")).toThrow("SIXPLANE_FLAT must not be y");
    expect(configured("../Kconfig")).toContain("CONFIG_SIXPLANE_CHECKED=y\n");
  });

  test("refuses a memory that no reply fits into", () => {
    expect(() => configured("Kconfig", "SIXPLANE_MEMORY_SIZE=101")).toThrow(
      "SIXPLANE_MEMORY_SIZE must not be 101",
    );
  });

  test("leaves Zephyr alone where it is not wanted", () => {
    expect(configured("zephyr/Kconfig")).toBe("# CONFIG_SIXPLANE is not set\n");
    writeFileSync(files.path("script.cmake"), `include("${root}/zephyr/CMakeLists.txt")\n`);
    const { status, stderr } = spawnSync("cmake", ["-P", files.path("script.cmake")], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
