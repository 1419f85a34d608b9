// Captures that gzip has packed: read as they are, in little memory, and left where they are damaged.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { constants, createGzip, gzipSync } from "node:zlib";
import { type CapturedFrame, CaptureError, readCapture } from "sixplane/capture";
import { describe, expect, test } from "vitest";
import { isInstalled } from "../firmware/tools.ts";
import { join, order, pcap, pcapHeader, pcapng, pcapRecord } from "../support/captures.ts";
import { COMMAND, ended, folder, sixplane, start } from "../support/command.ts";
import { hex, NETWORK, SELF, solicitation } from "../support/frames.ts";
import { TAP } from "../support/vectors.ts";

const KERNEL = new URL("../../examples/capture/kernel.pcap", import.meta.url).pathname;
const ME = ["--network", TAP.network, "--node", TAP.self];
const MINE = ["--network", NETWORK, "--node", SELF];
const MIB = 2 ** 20;
const CANNOT =
  "the gzip data cannot be unpacked on: it is damaged, cut short, or followed by other data, such as a second gzip member";

/** Frames that deflate packs badly, so that they lie all over the file. */
const FRAMES = Array.from({ length: 400 }, (_, i) => {
  const padding = Array.from({ length: 60 }, (_, j) =>
    ((i * 7919 + j * j * 104_729) % 65_521).toString(16).padStart(4, "0"),
  );
  return solicitation({ padding: padding.join("") });
});

interface Result {
  frames: CapturedFrame[];
  error: unknown;
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Result> {
  const result: Result = { frames: [], error: undefined };
  try {
    for await (const frame of readCapture(chunks))
      result.frames.push({ ...frame, bytes: frame.bytes.slice() });
  } catch (error) {
    result.error = error;
  }
  return result;
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe("a gzip file", () => {
  const PLAIN = pcap(FRAMES);

  test("is answered as what it holds, from a file and from stdin", async () => {
    using files = folder();
    const packed = gzipSync(readFileSync(KERNEL));
    writeFileSync(files.path("any name"), packed);
    const plain = await sixplane(["answer", ...ME, KERNEL]);
    expect(plain.stdout).toMatch(/33 frames: 9 reply/);
    expect(await sixplane(["answer", ...ME, files.path("any name")])).toEqual(plain);
    expect(await sixplane(["answer", ...ME, "-"], packed)).toEqual(plain);
  });

  test.each([1, 2, 3, 10, 1023, 1024, 1025, 1e6])("in pieces of %i bytes is read whole", async (length) => {
    const { frames, error } = await read(inPieces(gzipSync(PLAIN), length));
    expect(error).toBeUndefined();
    expect(frames.map(({ bytes }) => bytes)).toEqual(FRAMES);
  });

  test("of gzip(1), with its name in it, is read as tshark reads it", async ({ skip }) => {
    skip(!isInstalled("gzip") || !isInstalled("tshark"), "no gzip or no tshark");
    using files = folder();
    const write = pcapng();
    const blocks = FRAMES.map((frame) => write.enhanced(frame, 0n));
    writeFileSync(files.path("a.pcapng"), join([write.section(), write.interface(), ...blocks]));
    for (const level of ["-1", "-9"]) {
      expect(spawnSync("gzip", ["-kfN", level, files.path("a.pcapng")]).status).toBe(0);
      const fields = ["-T", "fields", "-e", "icmpv6.nd.ns.target_address", "-r", files.path("a.pcapng.gz")];
      const { stdout } = spawnSync("tshark", fields, { encoding: "utf8" });
      const { frames } = await read(inPieces(readFileSync(files.path("a.pcapng.gz")), 4096));
      expect(frames).toHaveLength(stdout.split("\n").length - 1);
      expect(frames).toHaveLength(FRAMES.length);
    }
  });

  test("is answered while its writer goes on", async () => {
    const child = start(["answer", ...MINE, "--json", "-"]);
    const packer = createGzip();
    packer.pipe(child.stdin);
    packer.write(pcap([solicitation()]));
    packer.flush(constants.Z_SYNC_FLUSH);
    const [first] = await once(child.stdout, "data");
    expect(JSON.parse(String(first))).toMatchObject({ index: 1, verdict: "reply" });
    packer.end();
    expect(await once(child, "close")).toEqual([0, null]);
  });

  test.each([
    ["nothing", new Uint8Array(0), "a file of less than 4 bytes"],
    ["a text", Buffer.from("no capture"), "a file that starts with 6e6f2063"],
    ["another gzip file", gzipSync(PLAIN), "a gzip file within a gzip file"],
  ])("of %s is refused", async (_, bytes, got) => {
    const { status, stderr } = await sixplane(["answer", ...MINE, "-"], gzipSync(bytes));
    expect([status, stderr]).toEqual([2, `sixplane: capture must be a pcap or pcapng file, got ${got}\n`]);
  });

  test("of several members is read whole, or its second member is named in the error", async () => {
    const halves = [PLAIN.subarray(0, PLAIN.length / 2), PLAIN.subarray(PLAIN.length / 2)];
    const { frames, error } = await read(inPieces(join(halves.map((half) => gzipSync(half))), 1000));
    if (Number(process.versions.node.split(".")[0]) < 24) expect(error).toBeUndefined();
    if (error) expect((error as Error).message.startsWith(CANNOT)).toBe(true);
    else expect(frames.map(({ bytes }) => bytes)).toEqual(FRAMES);
  });
});

describe("a damaged gzip file", () => {
  const PACKED = gzipSync(pcap(FRAMES));

  test("that is cut short gives every frame before", async () => {
    for (const missing of [1, 4, 8, 9, 100, PACKED.length >> 1, PACKED.length - 40]) {
      const { frames, error } = await read(inPieces(PACKED.subarray(0, PACKED.length - missing), 4096));
      expect(error).toBeInstanceOf(CaptureError);
      const { message, offset } = error as CaptureError;
      expect(message).toBe(`${CANNOT} (unexpected end of file), at offset ${offset}`);
      expect(frames.map(({ bytes }) => bytes)).toEqual(FRAMES.slice(0, frames.length));
      const record = 16 + (FRAMES[0]?.length ?? 0);
      expect(frames).toHaveLength(Math.max(0, Math.floor((offset - 24) / record)));
      if (missing < 9) expect(frames).toHaveLength(FRAMES.length);
    }
  });

  test.each([
    ["with another checksum", PACKED.map((byte, i) => (i === PACKED.length - 6 ? byte ^ 1 : byte))],
    ["with another length", PACKED.map((byte, i) => (i === PACKED.length - 1 ? byte ^ 1 : byte))],
    ["with other bytes in it", PACKED.map((byte, i) => (i >> 4 === PACKED.length >> 5 ? byte ^ 0xff : byte))],
    ["of another method", PACKED.map((byte, i) => (i === 2 ? 9 : byte))],
    ["and something else", join([PACKED, Buffer.from("something else")])],
  ])("%s ends with an error", async (_, bytes) => {
    const { frames, error } = await read(inPieces(bytes, 512));
    expect(error).toBeInstanceOf(CaptureError);
    expect((error as Error).message.startsWith(`${CANNOT} (`)).toBe(true);
    // Of what is damaged, the runtime may unpack something else until it comes to the checksum.
    const before = Math.min(frames.length, Math.floor(0.45 * FRAMES.length));
    expect(frames.slice(0, before).map(({ bytes }) => bytes)).toEqual(FRAMES.slice(0, before));
    const { status, stderr } = await sixplane(["answer", ...MINE, "-"], bytes);
    expect([status, stderr.startsWith(`sixplane: -: ${CANNOT} (`)]).toEqual([1, true]);
  });

  test("that holds a damaged capture is left at once, though its writer is silent and stays", async () => {
    const { u32 } = order(true);
    const bad = join([
      pcapHeader(),
      pcapRecord(solicitation()),
      hex(u32(0) + u32(0) + u32(0xffff_ffff) + u32(60)),
    ]);
    const child = start(["answer", ...MINE, "-"]);
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdin.on("error", () => {});
    child.stdin.write(gzipSync(bad, { finishFlush: constants.Z_SYNC_FLUSH }));
    expect(await once(child, "close")).toEqual([1, null]);
    expect(stderr).toBe("sixplane: -: damaged: a frame of 4294967295 bytes, at offset 126\n");
  });

  test("whose file cannot be read on ends with that error", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* inPieces(PACKED.subarray(0, PACKED.length >> 1), 4096);
      throw new Error("the disk is gone");
    }
    const { frames, error } = await read(failing());
    expect(error).toEqual(new Error("the disk is gone"));
    expect(frames.length).toBeGreaterThan(10);
  });
});

test("where the runtime cannot unpack, a gzip file is refused", async () => {
  const program = `
    delete globalThis.DecompressionStream;
    await import(${JSON.stringify(COMMAND)});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, "answer", ...MINE, "-"]);
  const { status, stderr } = await ended(child, gzipSync(pcap(FRAMES)));
  const got = "a gzip file, which this runtime cannot unpack: gunzip it first";
  expect([status, stderr]).toEqual([2, `sixplane: capture must be a pcap or pcapng file, got ${got}\n`]);
});

describe("a gzip bomb", () => {
  /** A pcapng of as many blocks of 16 MiB of zeros, packed to a thousandth. */
  function bomb(blocks: number): Uint8Array {
    const { u32 } = order(true);
    const write = pcapng();
    const block = Buffer.alloc(16 * MIB);
    block.set(hex(u32(0xbad) + u32(16 * MIB)));
    block.set(hex(u32(16 * MIB)), 16 * MIB - 4);
    const tail = [write.interface(), write.enhanced(solicitation(), 0n)];
    return gzipSync(Buffer.concat([write.section(), ...Array(blocks).fill(block), ...tail]), { level: 9 });
  }

  test("takes no memory", async ({ skip }) => {
    skip(process.platform !== "linux", "maxRSS is in kilobytes there");
    const packed = bomb(24);
    expect(packed.length).toBeLessThan(MIB / 2);
    const program = `
      process.on("exit", () => console.error(process.resourceUsage().maxRSS >> 10));
      await import(${JSON.stringify(COMMAND)});`;
    const node = ["--max-old-space-size=24", "--input-type=module", "-e", program, "answer", ...MINE, "-"];
    const run = (input: Uint8Array) => ended(spawn(process.execPath, node), input);
    const [small, large] = [await run(bomb(1)), await run(packed)];
    expect([large.status, large.stdout]).toEqual([0, expect.stringMatching(/1 frames: 1 reply/)]);
    expect(Number(large.stderr) - Number(small.stderr)).toBeLessThan(100);
  });

  test("is unpacked no further than it is read", async () => {
    const packed = gzipSync(join([pcapHeader(), pcapRecord(solicitation()), randomBytes(2 * MIB)]));
    let taken = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of inPieces(packed, 256)) {
        taken += piece.length;
        yield piece;
      }
    }
    for await (const _ of readCapture(counted())) {
      for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
      break;
    }
    expect(packed.length).toBeGreaterThan(2 * MIB);
    expect(taken).toBeLessThan(MIB / 16);
  });
});
