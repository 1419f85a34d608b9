// Captures in every form that programs write, and in every form that they break.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { join, order, pcap, pcapHeader, pcapng, pcapRecord, sll2 } from "../support/captures.ts";
import { ended, folder, sixplane, start } from "../support/command.ts";
import { advertisement, hex, NETWORK, SELF, solicitation, TARGET, toHex } from "../support/frames.ts";
import { TAP } from "../support/vectors.ts";

const ME = ["--network", NETWORK, "--node", SELF];
const FRAMES = [solicitation(), solicitation({ ethertype: "0806" }), solicitation({ code: "01" })];
const VERDICTS = ["reply", "pass", "invalid"];
const TIME = 1_700_000_000_123_456n;

async function verdicts(capture: Uint8Array) {
  const { status, stdout, stderr } = await sixplane(["answer", ...ME, "--json", "-"], capture);
  const lines = stdout.split("\n").filter(Boolean);
  return { status, stderr, verdicts: lines.map((line) => JSON.parse(line).verdict) };
}

/** The times of the replies, in nanoseconds. */
async function times(capture: Uint8Array): Promise<bigint[]> {
  using files = folder();
  await sixplane(["answer", ...ME, "-o", files.path("replies.pcap"), "-"], capture);
  const replies = readFileSync(files.path("replies.pcap"));
  const found: bigint[] = [];
  for (let at = 24; at < replies.length; at += 16 + 86) {
    found.push(BigInt(replies.readUInt32LE(at)) * 1_000_000_000n + BigInt(replies.readUInt32LE(at + 4)));
  }
  return found;
}

describe("pcap", () => {
  test.each([
    [true, false, 1_700_000_000_123_456_000n],
    [false, false, 1_700_000_000_123_456_000n],
    [true, true, 1_700_000_000_123_456_789n],
    [false, true, 1_700_000_000_123_456_789n],
  ])("little-endian %s, nanoseconds %s", async (littleEndian, nanoseconds, time) => {
    const capture = pcap(FRAMES, { littleEndian, nanoseconds });
    expect(await verdicts(capture)).toEqual({ status: 0, stderr: "", verdicts: VERDICTS });
    expect(await times(capture)).toEqual([time]);
  });

  test("with the length of a frame check sequence above its link type", async () => {
    expect((await verdicts(pcap(FRAMES, { linkType: 0x4400_0001 }))).verdicts).toEqual(VERDICTS);
  });

  test("of another link type is refused", async () => {
    const expected = "Ethernet, SLL, SLL2, raw IP or loopback";
    expect(await verdicts(pcap(FRAMES, { linkType: 105 }))).toEqual({
      status: 2,
      stderr: `sixplane: capture's link type must be ${expected}, got 802.11 (105)\n`,
      verdicts: [],
    });
  });

  test.each([
    [0, "cut short, with 0 of 16 bytes of a frame's header", 24],
    [1, "cut short, with 1 of 16 bytes of a frame's header", 24],
    [15, "cut short, with 15 of 16 bytes of a frame's header", 24],
    [16, "cut short, with 0 of 86 bytes of a frame", 40],
    [101, "cut short, with 85 of 86 bytes of a frame", 40],
  ])("cut %i bytes into its first frame", async (bytes, message, offset) => {
    const capture = pcap(FRAMES).subarray(0, 24 + bytes);
    const expected =
      bytes === 0
        ? { status: 0, stderr: "" }
        : { status: 1, stderr: `sixplane: -: ${message}, at offset ${offset}\n` };
    expect(await verdicts(capture)).toEqual({ ...expected, verdicts: [] });
  });

  test("cut within its header", async () => {
    expect(await verdicts(pcapHeader().subarray(0, 23))).toEqual({
      status: 1,
      stderr: "sixplane: -: cut short, with 23 of 24 bytes of the pcap header, at offset 0\n",
      verdicts: [],
    });
  });

  test("carries a fraction of more than a second", async () => {
    const { u32 } = order(true);
    const header = u32(1_700_000_000) + u32(5_123_456) + u32(86) + u32(86);
    const capture = join([pcapHeader(), hex(header), solicitation()]);
    expect(await times(capture)).toEqual([1_700_000_005_123_456_000n]);
  });

  test("with a length that no frame has", async () => {
    const { u32 } = order(true);
    const bad = hex(u32(0) + u32(0) + u32(0xffff_ffff) + u32(60));
    expect(
      await verdicts(join([pcapHeader(), pcapRecord(solicitation()), bad, new Uint8Array(5000)])),
    ).toEqual({
      status: 1,
      stderr: "sixplane: -: damaged: a frame of 4294967295 bytes, at offset 126\n",
      verdicts: ["reply"],
    });
  });
});

describe("pcapng", () => {
  test.each([true, false])("little-endian %s, with blocks of every kind", async (littleEndian) => {
    const write = pcapng(littleEndian);
    const capture = join([
      write.section(),
      write.interface(),
      write.custom(),
      write.enhanced(FRAMES[0] as Uint8Array, TIME),
      write.statistics(),
      write.simple(FRAMES[1] as Uint8Array),
      write.obsolete(FRAMES[2] as Uint8Array, TIME),
    ]);
    expect(await verdicts(capture)).toEqual({ status: 0, stderr: "", verdicts: VERDICTS });
    expect(await times(capture)).toEqual([TIME * 1000n]);
  });

  test("with sections in both byte orders, each with interfaces of its own", async () => {
    const sections = [true, false].map((littleEndian) => {
      const write = pcapng(littleEndian);
      return join([write.section(), write.interface(), write.enhanced(solicitation(), TIME)]);
    });
    expect((await verdicts(join(sections))).verdicts).toEqual(["reply", "reply"]);
  });

  test.each([
    ["microseconds by default", {}, 1_700_000_000_123_456n],
    ["nanoseconds", { resolution: "09" }, 1_700_000_000_123_456_000n],
    ["milliseconds", { resolution: "03" }, 1_700_000_000_123n],
    ["powers of two", { resolution: "8a" }, 1_700_000_000n * 1024n + 512n],
    ["an offset", { offset: 1_700_000_000n }, 123_456n],
  ])("with times in %s", async (name, options, time) => {
    const write = pcapng();
    const capture = join([write.section(), write.interface(options), write.enhanced(solicitation(), time)]);
    const fraction = { milliseconds: 123_000_000n, "powers of two": 500_000_000n }[name] ?? 123_456_000n;
    expect(await times(capture)).toEqual([1_700_000_000_000_000_000n + fraction]);
  });

  test("cuts a simple packet at its interface's snap length", async () => {
    const write = pcapng();
    const capture = join([
      write.section(),
      write.interface({ snapLength: 60 }),
      write.simple(solicitation().subarray(0, 60), 86),
    ]);
    expect(await verdicts(capture)).toEqual({ status: 0, stderr: "", verdicts: ["pass"] });
  });

  test("without a packet on it, an interface of another link type does no harm", async () => {
    const write = pcapng();
    const parts = [
      write.section(),
      write.interface(),
      write.interface({ linkType: 105 }),
      write.enhanced(solicitation(), TIME),
    ];
    expect(await verdicts(join(parts))).toEqual({ status: 0, stderr: "", verdicts: ["reply"] });
  });

  describe("with packets that cannot be read", () => {
    const write = pcapng();
    const packet = (number: number) => write.enhanced(solicitation(), TIME, { number });
    const mixed = [
      write.section(),
      ...[105, 1, 5, 276].map((linkType) => write.interface({ linkType })),
      packet(0),
      packet(1),
      packet(2),
      packet(0),
      write.enhanced(sll2(solicitation()), TIME, { number: 3 }),
      write.enhanced(sll2(solicitation(), { hardware: 803 }), TIME, { number: 3 }), // a wireless interface
      packet(1),
    ];
    const counts =
      "2 of link type 802.11 (105), 1 of link type unknown (5), 1 of link type 802.11 with radiotap header (127)";
    const says = `sixplane: -: skipped packets that cannot be read: ${counts}\n`;

    test("skips and counts them by link type", async () => {
      const { status, stdout, stderr } = await sixplane(["answer", ...ME, "-"], join(mixed));
      expect([status, stderr]).toEqual([0, says]);
      expect(stdout).toMatch(/\n3 frames: 3 reply, 0 pass, 0 invalid\n$/);
      expect(stdout.match(/^ +\d+ {2}reply/gm)).toEqual(["    1  reply", "    2  reply", "    3  reply"]);
    });

    test("counts them in the last line of JSON", async () => {
      const { status, stdout, stderr } = await sixplane(["answer", ...ME, "--json", "-"], join(mixed));
      expect([status, stderr]).toEqual([0, says]);
      const lines = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.slice(0, -1).map(({ verdict }) => verdict)).toEqual(["reply", "reply", "reply"]);
      expect(lines.at(-1)).toEqual({
        skipped: [
          { linkType: 105, name: "802.11", packets: 2 },
          { linkType: 5, name: "unknown", packets: 1 },
          { linkType: 127, name: "802.11 with radiotap header", packets: 1 },
        ],
      });
    });

    test("counts them although the capture is damaged behind", async () => {
      const cut = join([...mixed, packet(1).subarray(0, -1)]);
      const { status, stderr } = await sixplane(["answer", ...ME, "-"], cut);
      expect(status).toBe(1);
      expect(stderr.startsWith(`${says}sixplane: -: cut short, `)).toBe(true);
    });

    test("is no error where it holds nothing else", async () => {
      const only = join([write.section(), write.interface({ linkType: 105 }), packet(0)]);
      const { status, stdout, stderr } = await sixplane(["answer", ...ME, "-"], only);
      const said = "sixplane: -: skipped packets that cannot be read: 1 of link type 802.11 (105)\n";
      expect([status, stdout, stderr]).toEqual([0, "0 frames: 0 reply, 0 pass, 0 invalid\n", said]);
    });
  });

  test("does not look behind the end of an interface's options", async () => {
    const write = pcapng();
    const { u16, u32 } = order(true);
    const described = write.block(1, [u16(1), u16(0), u32(0), u16(0), u16(0), "ffffffff"].join(""));
    const capture = join([write.section(), described, write.enhanced(solicitation(), TIME)]);
    expect((await verdicts(capture)).verdicts).toEqual(["reply"]);
  });

  const write = pcapng();
  const good = join([write.section(), write.interface(), write.enhanced(solicitation(), TIME)]);
  const at = good.length;
  const { u16, u32 } = order(true);
  test.each([
    [
      "a packet of no interface",
      write.enhanced(solicitation(), TIME, { number: 7 }),
      `damaged: a packet of interface 7, which is not described, at offset ${at}`,
    ],
    [
      "a block shorter than its header",
      hex(u32(6) + u32(8) + u32(8)),
      `damaged: a block of 8 bytes, at offset ${at}`,
    ],
    [
      "a block that is not a multiple of 4",
      hex(u32(6) + u32(33) + "00".repeat(40)),
      `damaged: a block of 33 bytes, at offset ${at}`,
    ],
    [
      "a block of gigabytes",
      hex(u32(6) + u32(0xffff_fffc) + "00".repeat(40)),
      `damaged: a block of 4294967292 bytes, at offset ${at}`,
    ],
    [
      "a block that ends as another",
      hex(u32(0xbad) + u32(16) + u32(0) + u32(20)),
      `damaged: a block of 16 bytes that ends as one of 20, at offset ${at}`,
    ],
    [
      "a packet block of no fields",
      write.block(6, u32(0)),
      `damaged: a packet block too short, at offset ${at}`,
    ],
    [
      "a simple packet block of no fields",
      write.block(3, ""),
      `damaged: a packet block too short, at offset ${at}`,
    ],
    [
      "an interface block of no fields",
      write.block(1, u16(1) + u16(0)),
      `damaged: an interface block too short, at offset ${at}`,
    ],
    [
      "an interface option past its block",
      write.block(1, u16(1) + u16(0) + u32(0) + u16(2) + u16(400)),
      `damaged: an interface option past its block's end, at offset ${at}`,
    ],
    [
      "a packet past its block",
      write.block(6, u32(0) + u32(0) + u32(0) + u32(99) + u32(99) + "00".repeat(4)),
      `damaged: a packet of 99 bytes in a block of 36, at offset ${at}`,
    ],
    [
      "a section in no byte order",
      hex(u32(0x0a0d0d0a) + u32(28) + "00".repeat(20)),
      `damaged: a section in no byte order, at offset ${at}`,
    ],
    [
      "a section of another version",
      write.block(0x0a0d0d0a, u32(0x1a2b3c4d) + u16(9) + u16(0) + "ff".repeat(8)),
      `a section of version 9, not 1, at offset ${at}`,
    ],
    [
      "half a block",
      write.enhanced(solicitation(), TIME).subarray(0, 60),
      `cut short, with 60 of 120 bytes of a block, at offset ${at}`,
    ],
    ["a few bytes", new Uint8Array(5), `cut short, with 5 of 12 bytes of a block's header, at offset ${at}`],
  ])("with %s", async (_, bad, message) => {
    expect(await verdicts(join([good, bad]))).toEqual({
      status: 1,
      stderr: `sixplane: -: ${message}\n`,
      verdicts: ["reply"],
    });
  });
});

describe("what is no capture", () => {
  test.each([
    ["nothing", "", "a file of less than 4 bytes"],
    ["three bytes", "d4c3b2", "a file of less than 4 bytes"],
    ["text", toHex(Buffer.from("hello")), "a file that starts with 68656c6c"],
    ["a pcap of an older kind", "34cdb2a1", "a file that starts with 34cdb2a1"],
  ])("%s", async (_, bytes, got) => {
    expect(await verdicts(hex(bytes))).toEqual({
      status: 2,
      stderr: `sixplane: capture must be a pcap or pcapng file, got ${got}\n`,
      verdicts: [],
    });
  });
});

test("a capture that comes byte by byte is read as it comes", async () => {
  const child = start(["answer", ...ME, "--json", "-"]);
  const write = pcapng();
  const capture = join([write.section(), write.interface(), write.enhanced(solicitation(), TIME)]);
  for (const byte of capture) child.stdin.write(Uint8Array.of(byte));
  const first = await new Promise<string>((resolve) =>
    child.stdout.once("data", (chunk) => resolve(String(chunk))),
  );
  expect(JSON.parse(first)).toMatchObject({ index: 1, verdict: "reply", reply: advertisement() });
  expect((await ended(child)).status).toBe(0);
});

test("memory stays flat, however long the capture", { timeout: 120_000 }, async ({ skip }) => {
  skip(process.platform !== "linux", "it is read from /proc");
  const record = pcapRecord(solicitation({ padding: "00".repeat(1400) }));
  const block = join(Array(64).fill(record));

  /** Peak memory in MiB, over a capture of that many blocks. */
  async function peak(blocks: number): Promise<number> {
    const child = start(["answer", ...ME, "-"]);
    let lines = 0;
    let kilobytes = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines++;
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      kilobytes = Math.max(kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    });
    child.stdin.write(pcapHeader());
    for (let i = 0; i < blocks; i++) {
      if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once("drain", resolve));
    }
    child.stdin.end();
    await new Promise((resolve) => child.on("close", resolve));
    expect(lines).toBe(64 * blocks + 1);
    return kilobytes / 1024;
  }

  const short = await peak(100); // 9 MiB
  const long = await peak(1500); // 138 MiB
  expect(long - short).toBeLessThan(40);
});

describe("the replies", () => {
  function tool(name: string, words: string[]): string | undefined {
    const { status, stdout, error } = spawnSync(name, words, { encoding: "utf8" });
    if (error && "code" in error && error.code === "ENOENT") return undefined;
    expect(status).toBe(0);
    return stdout;
  }

  async function replies(path: string): Promise<void> {
    const example = new URL("../../examples/capture/kernel.pcap", import.meta.url).pathname;
    const run = await sixplane(["answer", "--network", TAP.network, "--node", TAP.self, example, "-o", path]);
    expect(run.status).toBe(0);
  }

  test("are read by tcpdump, every checksum right", async ({ skip }) => {
    using files = folder();
    await replies(files.path("replies.pcap"));
    const out = tool("tcpdump", ["-n", "-vv", "-r", files.path("replies.pcap")]);
    skip(out === undefined, "tcpdump is not installed");
    expect(out?.match(/neighbor advertisement/g)).toHaveLength(9);
    expect(out?.match(/\[icmp6 sum ok\]/g)).toHaveLength(9);
  });

  test("are read by Wireshark's tshark, every checksum right and nothing to complain of", async ({
    skip,
  }) => {
    using files = folder();
    await replies(files.path("replies.pcap"));
    const fields = [
      "icmpv6.type",
      "icmpv6.checksum.status",
      "icmpv6.nd.na.target_address",
      "icmpv6.opt.linkaddr",
      "_ws.malformed",
    ];
    const out = tool("tshark", [
      "-r",
      files.path("replies.pcap"),
      "-T",
      "fields",
      ...fields.flatMap((field) => ["-e", field]),
    ]);
    skip(out === undefined, "tshark is not installed");
    const rows =
      out
        ?.trimEnd()
        .split("\n")
        .map((line) => line.split("\t")) ?? [];
    expect(rows).toHaveLength(9);
    for (const [type, checksum, , , malformed] of rows)
      expect([type, checksum, malformed ?? ""]).toEqual(["136", "1", ""]);
    expect(rows[1]?.slice(2, 4)).toEqual(["fcf9:b03a:1211:2233:4455::1", "f2:e9:c4:4a:a6:97"]);
  });

  test("come from what tshark writes as pcapng", async ({ skip }) => {
    using files = folder();
    writeFileSync(files.path("in.pcap"), pcap([solicitation({ target: TARGET })]));
    const out = tool("tshark", ["-r", files.path("in.pcap"), "-F", "pcapng", "-w", files.path("out.pcapng")]);
    skip(out === undefined, "tshark is not installed");
    expect((await verdicts(readFileSync(files.path("out.pcapng")))).verdicts).toEqual(["reply"]);
  });
});
