// Captures from programs, in any runtime: what `sixplane/capture` gives them.
import { InputError, Network } from "sixplane";
import {
  type CapturedFrame,
  CaptureError,
  describe as describeFrame,
  judge,
  linkTypeName,
  pcapHeader,
  pcapRecord,
  readCapture,
} from "sixplane/capture";
import { describe, expect, test } from "vitest";
import { join, pcap, pcapng, sll2 } from "../support/captures.ts";
import { hex, NETWORK, OWNER_MAC, SELF, solicitation, TARGET, toHex } from "../support/frames.ts";

const FRAMES = [solicitation(), solicitation({ ethertype: "0806" }), solicitation({ code: "01" })];

/** A capture as a stream, as files and bodies of responses are. */
async function read(capture: Uint8Array): Promise<CapturedFrame[]> {
  const frames: CapturedFrame[] = [];
  for await (const frame of readCapture(new Blob([Uint8Array.from(capture)]).stream())) {
    frames.push({ ...frame, bytes: frame.bytes.slice() });
  }
  return frames;
}

describe("sixplane/capture", () => {
  test.each([
    ["pcap", pcap(FRAMES)],
    [
      "pcapng",
      join([
        pcapng().section(),
        pcapng().interface(),
        ...FRAMES.map((frame) => pcapng().enhanced(frame, 1_700_000_000_123_456n)),
      ]),
    ],
  ])("reads the frames of a %s, and writes them as a pcap that reads the same", async (_, capture) => {
    const frames = await read(capture);
    expect(frames.map(({ bytes }) => toHex(bytes))).toEqual(FRAMES.map(toHex));
    expect(frames[0]).toMatchObject({ length: 86, seconds: 1_700_000_000, nanoseconds: 123_456_000 });
    expect(await read(join([pcapHeader(), ...frames.map(pcapRecord)]))).toEqual(frames);
  });

  test.each<[string, { time: bigint; offset?: bigint }, number, number]>([
    ["the year 2107", { time: 4_323_283_200_000_001n }, 4_323_283_200, 0xffff_ffff],
    ["the last second of 32 bits", { time: 4_294_967_295_000_001n }, 0xffff_ffff, 0xffff_ffff],
    ["the first second beyond", { time: 4_294_967_296_000_001n }, 4_294_967_296, 0xffff_ffff],
    ["an offset beyond", { time: 1n, offset: 4_323_283_200n }, 4_323_283_200, 0xffff_ffff],
    ["a year before 1970", { time: 1n, offset: 0xffff_ffff_fe1e_0000n }, -31_588_352, 0],
  ])(
    "reads a time of pcapng in %s, and writes the nearest of pcap",
    async (_, { time, offset }, seconds, near) => {
      const write = pcapng();
      const named = write.interface(offset === undefined ? {} : { offset });
      const [frame] = await read(
        join([write.section(), named, ...FRAMES.map((one) => write.enhanced(one, time))]),
      );
      expect(frame).toMatchObject({ seconds, nanoseconds: 1000 });
      if (!frame) throw new Error("no frame");
      const [again] = await read(join([pcapHeader(), pcapRecord(frame)]));
      expect(again?.seconds).toBe(near);
    },
  );

  test("judges packets that are not Ethernet, and counts those that it cannot read", async () => {
    const responder = new Network(NETWORK).responder({ node: SELF });
    const write = pcapng();
    const probe = solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET });
    const capture = readCapture(
      new Blob([
        join([
          write.section(),
          ...[276, 101, 105].map((linkType) => write.interface({ linkType })),
          write.enhanced(sll2(solicitation()), 0n),
          write.enhanced(sll2(probe), 0n),
          write.enhanced(solicitation().subarray(14), 0n, { number: 1 }),
          write.enhanced(solicitation(), 0n, { number: 2 }),
        ]) as Uint8Array<ArrayBuffer>,
      ]).stream(),
    );
    const found: unknown[] = [];
    for await (const frame of capture) found.push([judge(responder, frame).reason, frame.lacks]);
    expect(found).toEqual([
      ["emulated", undefined],
      ["mac-not-captured", "destination"],
      ["mac-not-captured", "macs"],
    ]);
    expect([...capture.skipped]).toEqual([[105, 1]]);
    expect([105, 276, 999].map(linkTypeName)).toEqual(["802.11", "SLL2", "unknown"]);
  });

  test("unpacks a gzip file, and says where it cannot", async () => {
    const plain = new Blob([Uint8Array.from(pcap(FRAMES))]).stream();
    const packed = await new Response(plain.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    const bytes = new Uint8Array(packed);
    expect((await read(bytes)).map((frame) => toHex(frame.bytes))).toEqual(FRAMES.map(toHex));
    for (const damaged of [bytes.subarray(0, -4), join([bytes, hex("00".repeat(16))])]) {
      const error = await read(damaged).then(
        () => undefined,
        (error) => error,
      );
      // Node 20 takes zeros behind the end for padding.
      if (damaged.length < bytes.length) expect(error).toBeInstanceOf(CaptureError);
      if (error) expect(error.message).toMatch(/^the gzip data cannot be unpacked on: .*, at offset \d+$/);
    }
  });

  test("says what a frame is", () => {
    expect(FRAMES.map(describeFrame)).toEqual([
      "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from fc9c:56c2:e389:e92c:eee5::1",
      "ARP",
      "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from fc9c:56c2:e389:e92c:eee5::1",
    ]);
    expect(describeFrame(new Uint8Array(3))).toBe("3 bytes, less than an Ethernet header");
  });

  test("refuses what is no capture, and stops where one is damaged", async () => {
    await expect(read(hex("68656c6c6f"))).rejects.toThrow(InputError);
    const cut = read(pcap(FRAMES).subarray(0, -1));
    await expect(cut).rejects.toThrow(CaptureError);
    await expect(cut).rejects.toMatchObject({ name: "CaptureError", offset: 24 + 2 * (16 + 86) + 16 });
  });
});
