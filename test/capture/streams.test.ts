// Captures that go on and on, or claim to, read with little memory.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { join, order, pcapHeader, pcapng, pcapRecord } from "../support/captures.ts";
import { COMMAND, ended, folder, start } from "../support/command.ts";
import { hex, NETWORK, SELF, solicitation, toHex } from "../support/frames.ts";

const WORDS = ["answer", "--network", NETWORK, "--node", SELF];
const MIB = 2 ** 20;

/** What JavaScript may hold, in MiB. */
const HEAP = 24;

/** What the whole process may take more than for a capture of nothing, in MiB. */
const MORE = 120;

const { u16, u32 } = order(true);
const write = pcapng();
const GOOD = join([write.section(), write.interface(), write.enhanced(solicitation(), 0n)]);
const GOOD_PCAP = join([pcapHeader(), pcapRecord(solicitation())]);

/** So many times the same bytes, in chunks of about 64 KiB. */
function* times(count: number, bytes: Uint8Array): Generator<Uint8Array> {
  const many = Math.max(1, Math.floor(65_536 / bytes.length));
  const chunk = Buffer.alloc(many * bytes.length, bytes);
  for (let left = count; left > 0; left -= many) yield chunk.subarray(0, Math.min(left, many) * bytes.length);
}

/** A block of the most bytes that are taken, its body of the same bytes again and again. */
function* longest(type: number, start: string, filling: string): Generator<Uint8Array> {
  const length = u32(16 * MIB);
  const room = 16 * MIB - 12 - start.length / 2;
  yield hex(u32(type) + length + start);
  yield Buffer.alloc(room, hex(filling));
  yield hex(length);
}

const PEAK = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));
`)}`;

interface Fed {
  status: number | null;
  says: string;
  lines: number;
  last: string;
  /** Bytes that were taken, by the command or the pipe to it. */
  fed: number;
  /** The most memory that the process had, in MiB. */
  peak: number;
}

async function feed(stream: Iterable<Uint8Array>): Promise<Fed> {
  const node = [`--max-old-space-size=${HEAP}`, "--import", PEAK, COMMAND];
  const child = spawn(process.execPath, [...node, ...WORDS, "-"], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const result: Fed = { status: null, says: "", lines: 0, last: "", fed: 0, peak: 0 };
  child.stdout?.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) result.lines++;
    result.last = (result.last + chunk).slice(-200);
  });
  child.stderr?.on("data", (chunk) => (result.says += chunk));
  (child.stdio[3] as Readable).on("data", (chunk) => (result.peak = Number(chunk) / 1024));
  function* counted() {
    for (const chunk of stream) {
      yield chunk;
      result.fed += chunk.length;
    }
  }
  const closed = once(child, "close");
  await pipeline(
    Readable.from(counted(), { objectMode: true, highWaterMark: 1 }),
    child.stdin as Writable,
  ).catch(
    (error) => expect(["EPIPE", "ECONNRESET"]).toContain(error.code), // it does not read on
  );
  [result.status] = await closed;
  result.last = result.last.trimEnd().split("\n").at(-1) ?? "";
  return result;
}

describe("memory is bounded, and so is what is read of", () => {
  const nothing = feed([pcapHeader()]);

  test.each<[string, () => Generator<Uint8Array>, number, string]>([
    [
      "sections without end",
      function* () {
        yield GOOD;
        yield* times(400_000, write.section());
      },
      0,
      "",
    ],
    [
      "sections, each with as many interfaces as are read",
      function* () {
        for (let i = 0; i < 6; i++) {
          yield write.section();
          yield* times(65_536, write.interface({ resolution: "89" }));
        }
        yield GOOD;
      },
      0,
      "",
    ],
    [
      "blocks of 16 MiB",
      function* () {
        for (let i = 0; i < 24; i++) yield* [write.section(), ...longest(0xbad, "", "00")];
        yield GOOD;
      },
      0,
      "",
    ],
    [
      "16 MiB of options",
      function* () {
        yield write.section();
        yield* longest(1, u16(1) + u16(0) + u32(0), u16(0x7777) + u16(0));
        yield GOOD;
      },
      0,
      "",
    ],
    [
      "the longest frames",
      function* () {
        yield pcapHeader();
        yield* times(200, pcapRecord(new Uint8Array(262_144)));
        yield pcapRecord(solicitation());
      },
      0,
      "",
    ],
    [
      "a 16 MiB block that is not all there",
      function* () {
        yield GOOD;
        yield hex(u32(0xbad) + u32(16 * MIB));
        yield* times(15 * MIB, new Uint8Array(1));
      },
      1,
      `cut short, with ${15 * MIB + 8} of ${16 * MIB} bytes of a block, at offset ${GOOD.length}`,
    ],
  ])("%s", async (_, stream, status, says) => {
    const run = await feed(stream());
    expect(run).toMatchObject({ status, says: says && `sixplane: -: ${says}\n` });
    if (status === 0) expect(run.last).toMatch(/: 1 reply, /);
    expect(run.peak - (await nothing).peak).toBeLessThan(MORE);
  });

  const GIGABYTE = 1024 * MIB;
  test.each([
    [
      "interfaces without end",
      GOOD,
      write.block(1, u16(1) + u16(0) + u32(0)),
      `interface 65537 of a section, of which 65536 are read, at offset ${GOOD.length + 65_535 * 20}`,
    ],
    [
      "a block that claims 1 GiB, and has it",
      join([GOOD, hex(u32(6) + u32(GIGABYTE))]),
      new Uint8Array(1),
      `damaged: a block of ${GIGABYTE} bytes, at offset ${GOOD.length}`,
    ],
    [
      "a block of no length, again and again",
      GOOD,
      hex(u32(6) + u32(0)),
      `damaged: a block of 0 bytes, at offset ${GOOD.length}`,
    ],
    [
      "a frame that claims 1 GiB, and has it",
      join([GOOD_PCAP, hex(u32(0) + u32(0) + u32(GIGABYTE) + u32(GIGABYTE))]),
      new Uint8Array(1),
      `damaged: a frame of ${GIGABYTE} bytes, at offset ${GOOD_PCAP.length}`,
    ],
  ])("%s: it stops there", async (_, head, filling, says) => {
    const run = await feed(
      (function* () {
        yield head;
        yield* times(GIGABYTE / filling.length, filling);
      })(),
    );
    expect(run).toMatchObject({ status: 1, says: `sixplane: -: ${says}\n`, lines: 1 });
    expect(run.fed).toBeLessThan(4 * MIB);
    expect(run.peak - (await nothing).peak).toBeLessThan(MORE);
  });
});

test("what a header only claims takes no memory", async () => {
  const claims = toHex(join([GOOD, hex(u32(0xbad) + u32(16 * MIB) + u32(0))]));
  const preload = `data:text/javascript,${encodeURIComponent(`
    Object.defineProperty(process, "stdin", { value: Object.assign((async function* () {
      yield Buffer.from("${claims}", "hex");
      yield new Uint8Array(1);
    })(), { destroy() {} }) });
    process.on("exit", () => console.error(process.memoryUsage().arrayBuffers));
  `)}`;
  const run = await ended(spawn(process.execPath, ["--import", preload, COMMAND, ...WORDS, "-"]));
  const [says, bytes] = run.stderr.split("\n");
  const at = `at offset ${GOOD.length}`;
  expect(says).toBe(`sixplane: -: cut short, with 13 of ${16 * MIB} bytes of a block, ${at}`);
  expect(Number(bytes)).toBeGreaterThan(0);
  expect(Number(bytes)).toBeLessThan(MIB);
});

test("a long block that comes byte by byte takes no more memory than in one", async () => {
  const length = MIB;
  const head = join([write.section(), hex(u32(0xbad) + u32(length))]);
  const tail = join([hex(u32(length)), GOOD]);
  const trickle = `
    Object.defineProperty(process, "stdin", { value: Object.assign((async function* () {
      yield Buffer.from("${toHex(head)}", "hex");
      for (let i = 12; i < ${length}; i++) yield new Uint8Array(1);
      yield Buffer.from("${toHex(tail)}", "hex");
    })(), { destroy() {} }) });`;
  const preload = `data:text/javascript,${encodeURIComponent(trickle)}`;
  const node = [`--max-old-space-size=${HEAP}`, "--import", preload, COMMAND];
  const run = await ended(spawn(process.execPath, [...node, ...WORDS, "-"]));
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(run.stdout).toMatch(/1 frames: 1 reply, /);
});

describe("what is damaged is left at once, though its writer is silent and stays:", () => {
  const bad = join([GOOD, hex(u32(6) + u32(0) + u32(0))]);
  const says = `damaged: a block of 0 bytes, at offset ${GOOD.length}\n`;

  test("stdin", async () => {
    const child = start([...WORDS, "-"]);
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdin.on("error", () => {});
    child.stdin.write(bad);
    expect(await once(child, "close")).toEqual([1, null]);
    expect(stderr).toBe(`sixplane: -: ${says}`);
  });

  test("a named pipe", async ({ skip }) => {
    using files = folder();
    const path = files.path("pipe");
    skip(spawnSync("mkfifo", [path]).status !== 0, "mkfifo is not there");
    const run = ended(start([...WORDS, path]));
    await using pipe = await open(path, "w");
    await pipe.write(bad);
    expect(await run).toMatchObject({ status: 1, stderr: `sixplane: ${path}: ${says}` });
  });
});
