// The firmware's README, read as somebody does who has installed the package.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { advertisement, solicitation, toHex } from "../support/frames.ts";
import { FIRMWARE, make, noChip, noHost } from "./tools.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(`${FIRMWARE}/README.md`, "utf8");
const files = folder();
const here = files.path("firmware");
afterAll(() => files[Symbol.dispose]());

// What `npm install` and the first commands make.
beforeAll(() => {
  mkdirSync(files.path("node_modules/.bin"), { recursive: true });
  symlinkSync(ROOT, files.path("node_modules/sixplane"), "dir");
  symlinkSync("../sixplane/dist/cli.js", files.path("node_modules/.bin/sixplane"));
  writeFileSync(files.path("package.json"), "{}");
  cpSync(FIRMWARE, here, { recursive: true, filter: (path) => !/\/(build|flat|src)$/.test(path) });
});

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text = ""]) => text,
  );
}

/** What differs between compilers. */
const withoutSizes = (text: string) => text.replace(/\d+ of (\d+) bytes/g, "N of $1 bytes");

describe("the commands", () => {
  const runs = blocks("console")
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((run) => ({ command: run.split("\n")[0] ?? "", output: run.slice(run.indexOf("\n") + 1) }));

  test.for(runs)("$command", ({ command, output }, { skip }) => {
    skip(noChip !== undefined, noChip);
    skip(noHost !== undefined, noHost);
    const { stdout } = spawnSync("sh", ["-c", `(${command}) 2>&1`], {
      cwd: here,
      encoding: "utf8",
      env: { ...process.env, npm_config_loglevel: "error" },
    });
    expect(withoutSizes(stdout)).toBe(withoutSizes(output));
  });

  test("are three", () => expect(runs).toHaveLength(3));
});

describe("the C", () => {
  const [core = "", trap = "", flat = "", node = ""] = blocks("c");
  const question = toHex(solicitation()).replace(/../g, "0x$&,");
  beforeAll(() => {
    if (noHost === undefined) make(`LIBRARY=${files.path("")}`, "library");
  });
  beforeEach(({ skip }) => skip(noHost !== undefined, noHost));

  /** Runs the page's code with a main of this kind. */
  function run(code: string, main: string, words: string[], ...sources: string[]) {
    writeFileSync(files.path("main.c"), `#include <stdio.h>\n#include <stdlib.h>\n${code}\n${main}`);
    const flags = [...words, "-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", `-I${files.path("src")}`];
    const all = [files.path("main.c"), ...sources.map((name) => files.path(name))];
    const built = spawnSync("cc", [...flags, "-o", files.path("main"), ...all], { encoding: "utf8" });
    expect([built.status, built.stderr]).toEqual([0, ""]);
    return spawnSync(files.path("main"), { encoding: "utf8" });
  }

  const STARTED = `
    struct sixplane_config config = {{0x80, 0x56, 0xc2, 0xe2, 0x1c, 0, 0, 1}, {0x89, 0xe9, 0x2c, 0xee, 0xe5}, 3, {0}};
    const uint8_t question[] = {${question}};
    start(&config);
    memcpy(buffer(), question, sizeof question);`;

  test("is all there is to it", () => {
    const main = `int main(void) { ${STARTED}
      size_t length = answer(sizeof question);
      for (size_t at = 0; at < length; at++) printf("%02x", buffer()[at]);
      return answer(length) != 0;
    }`;
    const { status, stdout } = run(core, main, [], "src/responder-wasm2c.c");
    expect([status, stdout]).toEqual([0, advertisement()]);
  });

  // A solicitation whose options go on to the end of the longest frame, and beyond the memory.
  const LONG = `buffer()[18] = 0x08; buffer()[19] = 0; answer(5000);`;

  test("stops at a trap, where it says nothing else", () => {
    const { status, signal } = run(
      core,
      `int main(void) { ${STARTED} ${LONG} return 0; }`,
      [],
      "src/responder-wasm2c.c",
    );
    expect([status, signal]).toEqual([null, "SIGILL"]);
  });

  test("takes a trap of its own, after which it answers again", () => {
    const main = `int main(void) { ${STARTED}
      int why = setjmp(before_call);
      if (why == 0) { ${LONG} return 2; }
      memcpy(buffer(), question, sizeof question);
      return why != WASM_RT_TRAP_OOB || answer(sizeof question) != SIXPLANE_REPLY_LENGTH;
    }`;
    expect(run(core + trap, main, [], "src/responder-wasm2c.c").status).toBe(0);
  });

  test("answers flat, where its own memory lies below 4 GiB", ({ skip }) => {
    skip(process.arch !== "x64", "no fixed place there");
    const main = `int main(void) {
      static uint8_t frame[SIXPLANE_REPLY_LENGTH] = {${question}};
      size_t length = answer(frame, ${solicitation().length});
      for (size_t at = 0; at < length; at++) printf("%02x", frame[at]);
      return answer(frame, length) != 0;
    }`;
    const low = fileURLToPath(new URL("../../bench/engines/low.h", import.meta.url));
    const words = ["-no-pie", "-include", low, `-I${files.path("flat")}`];
    const { status, stdout } = run(flat, main, words, "flat/responder-flat.c");
    expect([status, stdout]).toEqual([0, advertisement()]);
  });

  test("finds an address that is not reserved, by chance", () => {
    const main = `
      static const uint8_t drawn[][5] = {{0}, {0xff, 1, 2, 3, 4}, {0, 0, 0, 0, 1}};
      static int draws;
      void random_bytes(uint8_t *bytes, size_t length) { memcpy(bytes, drawn[draws++], length); }
      int main(void) {
        struct sixplane_config config = {.node = {7}};
        uint8_t node[5];
        choose_node(node);
        if (draws != 3 || memcmp(node, drawn[2], 5) != 0) return 1;
        if (assign_node(&config, drawn[0]) || assign_node(&config, drawn[1]) || config.node[0] != 7) return 2;
        return !assign_node(&config, node) || memcmp(config.node, node, 5) != 0;
      }`;
    expect(run(node, main, []).status).toBe(0);
  });

  test("derives addresses of serials, as FNV-1a does, and seldom the same", () => {
    const DEVICES = 1_000_000;
    const main = `
      void random_bytes(uint8_t *bytes, size_t length) { (void)bytes, (void)length; }
      static uint64_t nodes[${DEVICES}];
      static int by_size(const void *a, const void *b) {
        return (*(uint64_t *)a > *(uint64_t *)b) - (*(uint64_t *)a < *(uint64_t *)b);
      }
      int main(void) {
        int reserved = 0, same = 0;
        for (uint32_t i = 0; i < ${DEVICES}; i++) {
          // As the unique IDs of STM32: a place on a wafer, its number, and a lot, which is text.
          const uint8_t serial[12] = {(uint8_t)(i % 100), 0, (uint8_t)(i / 100 % 100), 0, (uint8_t)(i / 10000),
                                      'Q', '1', '2', '3', '4', '5', '6'};
          uint8_t node[5];
          derive_node(node, serial, sizeof serial);
          for (int at = 0; at < 5; at++) nodes[i] = nodes[i] << 8 | node[at];
          reserved += !is_node(node);
          if (i < 1000) printf("%010llx\\n", (unsigned long long)nodes[i]);
        }
        qsort(nodes, ${DEVICES}, sizeof *nodes, by_size);
        for (int i = 1; i < ${DEVICES}; i++) same += nodes[i] == nodes[i - 1];
        printf("%d %d\\n", reserved, same);
        return 0;
      }`;
    const { status, stdout } = run(node, main, []);
    const lines = stdout.trimEnd().split("\n");
    const [reserved, same] = (lines.pop() ?? "").split(" ").map(Number);
    expect([status, reserved]).toEqual([0, 0]);
    // 0.46 of them are expected; that there are more than 5 has odds of 1 in 80,000.
    expect(same).toBeLessThanOrEqual(5);
    expect(lines).toEqual(
      Array.from({ length: 1000 }, (_, i) => derived([i % 100, 0, i / 100, 0, 0, ...Buffer.from("Q123456")])),
    );
  });

  test("has the odds that the page's table says", () => {
    const nodes = 255 * 2 ** 32 - 1;
    const rows = /^\| devices \| (.+) \|\n.*\n\| odds \| (.+) \|$/m.exec(README);
    const [devices = [], odds] = rows?.slice(1).map((row) => row.split(" | ")) ?? [];
    const numbers = devices.map((text) => Number(text.replaceAll(",", "")));
    expect(odds).toEqual(
      numbers.map((count) => {
        const one = -1 / Math.expm1((-count * (count - 1)) / 2 / nodes);
        return `1 in ${one < 10 ? one.toFixed(1) : Math.round(one).toLocaleString("en")}`;
      }),
    );
    expect(numbers).toEqual([1e3, 1e4, 1e5, 1e6]);
  });
});

/** FNV-1a of 64 bits, folded to 40, again and again until that is not reserved. */
function derived(serial: number[]): string {
  const MASK = (1n << 64n) - 1n;
  let hash = 0xcbf29ce484222325n;
  for (;;) {
    for (const byte of serial) hash = ((hash ^ BigInt(Math.trunc(byte))) * 0x100000001b3n) & MASK;
    const node = ((hash >> 40n) ^ hash) & ((1n << 40n) - 1n);
    if (node !== 0n && node >> 32n !== 0xffn) return node.toString(16).padStart(10, "0");
  }
}

test("every file is told of", () => {
  for (const name of readdirSync(FIRMWARE)) {
    if (/^Kconfig$|\.(c|cmake|json|properties|yml|txt)$/.test(name) && name !== "core-wasm3.c")
      expect(README).toContain(`\`${name}\``);
  }
});
