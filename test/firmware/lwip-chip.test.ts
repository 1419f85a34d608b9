// The images with lwIP run on the emulated chip: beside Linux and each other, and alone at the end of a wire.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ended, folder } from "../support/command.ts";
import { readText } from "../support/files.ts";
import {
  OWNER_MAC,
  SELF_ADDRESS,
  SELF_MAC,
  SELF_RFC4193,
  TARGET,
  TARGET_RFC4193,
  toHex,
} from "../support/frames.ts";
import { icmpv6 } from "../support/icmpv6.ts";
import { obstacle } from "../support/namespace.ts";
import { blocksOf } from "../support/pages.ts";
import { noLwip, sourceOf } from "./lwip.ts";
import { Wire } from "./machine.ts";
import { FIRMWARE, noChip } from "./tools.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = "examples/firmware/lwip/README.md";
const GLUE = readText("bindings/c/lwip/README.md");

const files = folder();
afterAll(() => files[Symbol.dispose]());

beforeEach(({ skip }) => {
  skip(noChip !== undefined, noChip);
  skip(noLwip !== undefined, noLwip);
});

/** The folder as somebody has it who has installed the package. */
const here = files.path("firmware/lwip");
beforeAll(() => {
  cpSync(FIRMWARE, files.path("firmware"), {
    recursive: true,
    filter: (path) => !/\/(build|flat|src)$/.test(path),
  });
  mkdirSync(files.path("node_modules"));
  symlinkSync(ROOT, files.path("node_modules/sixplane"), "dir");
});

const wordsOf = (version: string, ...more: string[]) => [
  "-s",
  `-j${availableParallelism()}`,
  "-C",
  here,
  `BUILD=${files.path("")}`,
  `LWIP=${sourceOf(version)}`,
  `LWIP_VERSION=${version}`,
  ...more,
];

/** Runs make, which must succeed, and gives what it printed. */
async function make(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await ended(spawn("make", words));
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const withoutSizes = (text: string) => text.replace(/\d+ of (\d+) bytes/g, "N of $1 bytes");

describe.each([
  ["2.1.3", []],
  ["2.2.1", ["RESPONDER=1"]],
])("lwIP %s", (version, options) => {
  test("exchanges datagrams with another device and with Linux, and nobody asks", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const [shown] = blocksOf(PAGE, "console");
    const output = shown?.text.replace(/^\$ .*\n/, "").replace("lwIP 2.1.3", `lwIP ${version}`) ?? "";
    expect(withoutSizes(await make(...wordsOf(version, ...options, "run")))).toBe(withoutSizes(output));
  });

  test("answers pings and echoes datagrams to whoever owns the address, unasked", async () => {
    await make(...wordsOf(version, ...options));
    const suffix = options.length > 0 ? "-responder" : "";
    await using wire = await Wire.start(files.path(`lwip-image-${version}${suffix}/first.elf`));
    const addresses = [
      { source: SELF_ADDRESS, destination: TARGET },
      { source: SELF_RFC4193, destination: TARGET_RFC4193 },
    ];
    for (const { source, destination } of addresses) {
      const body = `12340001${"5a".repeat(1400)}`;
      const request = { ethernetSource: SELF_MAC, ethernetDestination: OWNER_MAC, source, destination, body };
      const reply = icmpv6({
        ...request,
        ethernetSource: OWNER_MAC,
        ethernetDestination: SELF_MAC,
        source: destination,
        destination: source,
        type: 129,
      });
      // It has the address when it has found nobody else to have it.
      const timer = setInterval(() => wire.send(icmpv6({ ...request, type: 128 })), 100);
      try {
        let got = "";
        while (got !== toHex(reply)) {
          got = await wire.receive();
          // Nothing but detection, reports, greetings to peers and replies: a question has a source.
          if (got.slice(108, 110) === "87") expect(got.slice(44, 76)).toBe("0".repeat(32));
        }
      } finally {
        clearInterval(timer);
      }
    }
  });
});

describe("of flash and RAM", () => {
  /** What the linker's map says of the glue and the core, in bytes. */
  function costOf(map: string) {
    const [, placed = ""] = readFileSync(map, "utf8").split("Linker script and memory map");
    const cost = { flash: 0, ram: 0 };
    const rows = placed.matchAll(
      /^ \.\S+\s+0x([\da-f]+)\s+0x([\da-f]+)\s+\S*\/(?:sixplane_lwip|\w+-wasm2c)\.o$/gm,
    );
    for (const [, address = "", bytes = ""] of rows) {
      const at = Number.parseInt(address, 16);
      if (at > 0) cost[at >= 0x2000_0000 ? "ram" : "flash"] += Number.parseInt(bytes, 16);
    }
    return cost;
  }

  const compiler = spawnSync("arm-none-eabi-gcc", ["-dumpfullversion"], { encoding: "utf8" }).stdout?.trim();
  const number = (bytes: number) => bytes.toLocaleString("en");

  test("the glue takes what its page says", async ({ skip }) => {
    skip(compiler !== "12.2.1", `the page has the bytes of gcc 12.2.1, not of ${compiler}`);
    const unchecked = "CFLAGS=-Os -DWASM_RT_MEMCHECK_GUARD_PAGES=1";
    const rows: string[] = [];
    for (const [name, ...words] of [
      ["the call"],
      ["the call, unchecked", unchecked],
      ["the call, and the responder", "RESPONDER=1"],
      ["the same, unchecked", unchecked, "RESPONDER=1"],
    ]) {
      const out = files.path(words.includes(unchecked) ? "unchecked" : "");
      const printed = await make(...wordsOf("2.1.3", `BUILD=${out}`, ...words));
      const [, flash, ram] = /: (\d+) of \d+ bytes of flash, (\d+) of/.exec(printed) ?? [];
      const responder = words.includes("RESPONDER=1") ? "-responder" : "";
      const cost = costOf(`${out}/lwip-image-2.1.3${responder}/first.map`);
      const numbers = [cost.flash, cost.ram, Number(flash), Number(ram)].map(number);
      rows.push(`| ${name} | ${numbers.join(" | ")} |`);
    }
    expect(GLUE.match(/^\| the (call|same).*\|$/gm)).toEqual(rows);
    const [whole] = rows;
    const [, flash, ram] = /\| ([\d,]+) \| ([\d,]+) \|$/.exec(whole ?? "") ?? [];
    expect(readText("README.md")).toContain(
      `${flash} bytes of flash, ${ram} of RAM | \`make\` in \`examples/firmware/lwip\``,
    );
  });

  test("no image is built over its budget", async () => {
    for (const limit of ["FLASH_LIMIT=16000", "RAM_LIMIT=13000"]) {
      const child = spawn("make", wordsOf("2.1.3", limit));
      const [status] = await once(child, "exit");
      expect([limit, status]).toEqual([limit, 2]);
    }
  });
});
