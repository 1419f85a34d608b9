// The headers for embedders say what the core does, and C and C++ compilers take them.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { isInstalled } from "./tools.ts";

const HEADERS = fileURLToPath(new URL(".", import.meta.resolve("sixplane/c/sixplane.h")));
const source = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

const VARIANTS = Object.keys(JSON.parse(source("asconfig.json")).targets);

/** The numbers and names of sixplane.h. */
const REASONS = [...source("bindings/c/sixplane.h").matchAll(/^ {2}X\((\w+), (-\d+), "(.*)"\)/gm)].map(
  ([, constant = "", number, name = ""]) => ({ constant, number: Number(number), name }),
);

/** Prints what a compiler makes of sixplane.h, as JSON. */
const PROGRAM = `#include "sixplane.h"
#include "sixplane.h"
#include <stdio.h>
#define AT(field) (unsigned)offsetof(struct sixplane_config, field)
int main(void) {
  printf("{\\"layout\\":[%u,%u,%u,%u],", AT(network), AT(node), AT(modes), (unsigned)sizeof(struct sixplane_config));
  printf("\\"constants\\":[%d,%d,%d,%d],", SIXPLANE_CONFIG_NETWORK, SIXPLANE_CONFIG_NODE, SIXPLANE_CONFIG_MODES,
         SIXPLANE_CONFIG_LENGTH);
  printf("\\"modes\\":[%d,%d,%d],", SIXPLANE_MODE_6PLANE, SIXPLANE_MODE_RFC4193, SIXPLANE_MODE_PROBES);
  printf("\\"lengths\\":[%d,%d],\\"results\\":[", SIXPLANE_SOLICITATION_LENGTH, SIXPLANE_REPLY_LENGTH);
  for (int result = 86; result >= -32; result--) {
    const char* name = sixplane_reason_name(result);
    printf("[%d,\\"%s\\",\\"%s\\"]%s", result,
           sixplane_is_reply(result) ? "reply" : sixplane_is_pass(result) ? "pass"
           : sixplane_is_invalid(result) ? "invalid" : "nothing",
           name ? name : "", result > -32 ? "," : "]}");
  }
  return SIXPLANE_NOT_IPV6 + 1;
}
`;

const COMPILERS: [string, string, string[]][] = [
  ["cc", "c", ["-std=c11"]],
  ["cc", "c", ["-std=c99"]],
  ["c++", "c++", ["-std=c++11"]],
  ["c++", "c++", ["-std=c++20"]],
];

/** Those of 32 bits. */
const CHIP_COMPILERS = [
  ["arm-none-eabi-gcc", "-mthumb", "-mcpu=cortex-m0"],
  ["arm-none-eabi-gcc", "-mthumb", "-mcpu=cortex-m3"],
  ["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"],
];

describe.each(COMPILERS)("%s, for %s %j,", (compiler, language, standard) => {
  beforeEach(({ skip }) => skip(!isInstalled(compiler), `no ${compiler}`));

  test("takes sixplane.h and finds the core's ABI in it", () => {
    using files = folder();
    writeFileSync(files.path("program"), PROGRAM);
    const words = [...standard, ...STRICT, `-I${HEADERS}`, "-x", language, files.path("program")];
    execFileSync(compiler, [...words, "-o", files.path("run")]);
    const { layout, constants, modes, lengths, results } = JSON.parse(
      execFileSync(files.path("run"), { encoding: "utf8" }),
    );
    expect(layout).toEqual([0, 8, 13, 16]);
    expect(constants).toEqual(layout);
    expect(modes).toEqual([1, 2, 4]);
    expect(lengths).toEqual([78, 86]);
    const kind = (result: number) => (result > 0 ? "reply" : result > -16 ? "pass" : "invalid");
    const name = (result: number) => REASONS.find(({ number }) => number === result)?.name ?? "";
    for (const [result, ...said] of results) expect(said).toEqual([kind(result), name(result)]);
    expect(results).toHaveLength(86 + 33);
  });

  test.each(VARIANTS)("takes the headers of %s", (variant) => {
    for (const header of [`${variant}-wasm2c.h`, `${variant}-flat.h`, `${variant}.wasm.h`]) {
      const program = `#include "sixplane.h"\n#include "${header}"\n#include "${header}"\n`;
      const words = [...standard, ...STRICT, `-I${HEADERS}`, "-x", language, "-fsyntax-only", "-"];
      const { status, stderr } = spawnSync(compiler, words, { input: program, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });
});

describe("flat C", () => {
  const compiled = CHIP_COMPILERS.flatMap((command) => VARIANTS.map((variant) => ({ variant, command })));
  test.for(compiled)(
    "of $variant is taken without a warning by $command",
    ({ variant, command }, { skip }) => {
      const [compiler = "", ...words] = command;
      skip(!isInstalled(compiler), `no ${compiler}`);
      using files = folder();
      const flags = [...words, "-std=c11", "-Os", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
      const source = `${HEADERS}/${variant}-flat.c`;
      const { status, stderr } = spawnSync(compiler, [...flags, "-c", source, "-o", files.path("object")], {
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
    },
  );

  test("is refused where addresses have 64 bits, and the form to use is named", ({ skip }) => {
    skip(!isInstalled("cc"), "no cc");
    const words = ["-fsyntax-only", `${HEADERS}/responder-flat.c`];
    const { status, stderr } = spawnSync("cc", words, { encoding: "utf8" });
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      '#error "the flat form of the core takes addresses of 32 bits: use the form with an instance (emit --format c)"',
    );
  });
});

describe("C made by wasm2c", () => {
  test.for(
    ["cc", "clang", "arm-none-eabi-gcc"].flatMap((compiler) => VARIANTS.map((name) => [compiler, name])),
  )("is taken by %s without a warning: %s", ([compiler = "", variant], { skip }) => {
    skip(!isInstalled(compiler), `no ${compiler}`);
    using files = folder();
    for (const checks of [0, 1]) {
      const words = [
        "-std=c11",
        "-Os",
        "-Wall",
        "-Wextra",
        "-Werror",
        `-DWASM_RT_MEMCHECK_GUARD_PAGES=${checks}`,
      ];
      const { status, stderr } = spawnSync(
        compiler,
        [...words, "-c", `${HEADERS}/${variant}-wasm2c.c`, "-o", files.path("object")],
        { encoding: "utf8" },
      );
      expect([status, stderr]).toEqual([0, ""]);
    }
  });
});
