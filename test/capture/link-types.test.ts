// The same packets behind the link-layer headers of every link type that is read: with the verdict that they get as
// Ethernet frames, where that can be known.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Network } from "sixplane";
import {
  type CapturedFrame,
  describe as describeFrame,
  judge,
  linkTypeName,
  readCapture,
} from "sixplane/capture";
import { describe, expect, test } from "vitest";
import { PROBES, RFC4193, rows, SIXPLANE } from "../core/rule-rows.ts";
import { isInstalled } from "../firmware/tools.ts";
import { join, order, PACKET_TYPES, packetType, pcap, pcapng, sll, sll2 } from "../support/captures.ts";
import { folder, sixplane } from "../support/command.ts";
import { hex, NETWORK, OWNER_MAC, SELF, solicitation, TARGET, toHex } from "../support/frames.ts";
import { TAP } from "../support/vectors.ts";

const MAC_NOT_CAPTURED = "pass: mac-not-captured";

/** What makes a frame pass whatever its MACs are. */
const WITHOUT_MACS = ["not-ipv6", "too-short", "ip-version", "next-header", "not-solicitation"]
  .concat(["not-emulated", "own-address", "reserved-owner"])
  .map((reason) => `pass: ${reason}`);

async function read(capture: Uint8Array): Promise<CapturedFrame[]> {
  const frames: CapturedFrame[] = [];
  for await (const frame of readCapture(new Blob([Uint8Array.from(capture)]).stream())) {
    frames.push({ ...frame, bytes: frame.bytes.slice() });
  }
  return frames;
}

async function verdicts(packets: Uint8Array[], linkType: number, modes: number): Promise<string[]> {
  const responder = new Network(NETWORK).responder({
    node: SELF,
    modes: [
      ...(modes & SIXPLANE ? ["6plane" as const] : []),
      ...(modes & RFC4193 ? ["rfc4193" as const] : []),
    ],
    probes: (modes & PROBES) !== 0,
  });
  return (await read(pcap(packets, { linkType }))).map((frame) => {
    const { kind, reason } = judge(responder, frame);
    return kind === "reply" ? kind : `${kind}: ${reason}`;
  });
}

const payload = (frame: Uint8Array) => frame.subarray(14);
const { u32: little } = order(true);
const { u32: big } = order(false);
const behind = (header: string) => (frame: Uint8Array) => hex(header + toHex(payload(frame)));

/** Every way in which an IPv6 packet is captured without any MAC. */
const WITHOUT: [name: string, linkType: number, (frame: Uint8Array) => Uint8Array][] = [
  ["raw IP (12)", 12, payload],
  ["raw IP (101)", 101, payload],
  ["raw IPv6 (229)", 229, payload],
  ...[24, 28, 30].flatMap((family): typeof WITHOUT => [
    [`loopback (0), little-endian ${family}`, 0, behind(little(family))],
    [`loopback (0), big-endian ${family}`, 0, behind(big(family))],
    [`loopback (108), ${family}`, 108, behind(big(family))],
  ]),
  ["SLL (113) of a tunnel", 113, (frame) => sll(frame, { hardware: 65534, addressLength: 0 })],
  ["SLL2 (276) of a tunnel", 276, (frame) => sll2(frame, { hardware: 65534, addressLength: 0 })],
];

const ROWS = rows(TARGET)
  .filter(({ modes }) => modes & (SIXPLANE | RFC4193))
  .map((row) => ({ ...row, frame: solicitation(row.differs) }));
const IPV6_ROWS = ROWS.filter(({ frame }) => toHex(frame.subarray(12, 14)) === "86dd");

describe("each rule", () => {
  test.each([
    ["SLL (113)", 113, sll],
    ["SLL2 (276)", 276, sll2],
  ])(
    "has its verdict in a capture of %s, unless the packet went to one station",
    async (_, linkType, write) => {
      let known = 0;
      for (const { frame, verdict, modes } of ROWS) {
        const toOne = packetType(frame) === PACKET_TYPES.host;
        const [found] = await verdicts([write(frame)], linkType, modes);
        const expected = toOne && !WITHOUT_MACS.includes(verdict) ? MAC_NOT_CAPTURED : verdict;
        expect([toHex(frame), found]).toEqual([toHex(frame), expected]);
        if (expected === verdict) known++;
      }
      expect(known).toBeGreaterThan(0.8 * ROWS.length);
    },
  );

  test.each([
    ["SLL (113)", 113, sll],
    ["SLL2 (276)", 276, sll2],
  ])(
    "has its verdict in %s of a packet that was sent, if that went to the MAC of its group",
    async (_, linkType, write) => {
      let known = 0;
      for (const { frame, verdict, modes } of IPV6_ROWS) {
        const toItsGroup =
          toHex(frame).startsWith(`3333${toHex(frame.subarray(50, 54))}`) && frame[38] === 0xff;
        if (!toItsGroup) continue;
        known++;
        const sent = write(frame, { packetType: PACKET_TYPES.outgoing });
        expect([toHex(frame), await verdicts([sent], linkType, modes)]).toEqual([toHex(frame), [verdict]]);
      }
      expect(known).toBeGreaterThan(0.5 * ROWS.length);
    },
  );

  test.each(WITHOUT)("that needs no MAC has its verdict in a capture of %s", async (_, linkType, write) => {
    for (const { frame, verdict, modes } of IPV6_ROWS) {
      if (linkType === 12 || linkType === 101) if ((frame[14] ?? 0) >> 4 !== 6) continue; // not known as IPv6
      const expected = WITHOUT_MACS.includes(verdict) ? verdict : MAC_NOT_CAPTURED;
      const found = await verdicts([write(frame)], linkType, modes);
      expect([toHex(frame), found]).toEqual([toHex(frame), [expected]]);
    }
  });
});

describe("a frame out of another link type", () => {
  const PROBE = solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET });
  const first = async (packet: Uint8Array, linkType: number) => (await read(pcap([packet], { linkType })))[0];

  test.each([
    ["SLL (113)", 113, sll],
    ["SLL2 (276)", 276, sll2],
  ])("of %s is the Ethernet frame that was sent", async (_, linkType, write) => {
    for (const packetType of [PACKET_TYPES.multicast, PACKET_TYPES.outgoing]) {
      const frame = await first(write(solicitation(), { packetType }), linkType);
      expect(toHex(frame?.bytes ?? hex(""))).toBe(toHex(solicitation()));
      expect(frame).toMatchObject({ length: 86 });
      expect(frame).not.toHaveProperty("lacks");
    }
    const broadcast = solicitation({ ethernetDestination: "ffffffffffff" });
    expect((await first(write(broadcast), linkType))?.bytes).toEqual(broadcast);
  });

  test.each([
    ["SLL (113)", 113, sll],
    ["SLL2 (276)", 276, sll2],
  ])("of %s to one station has no destination MAC", async (_, linkType, write) => {
    const expected = `000000000000${toHex(PROBE).slice(12)}`;
    for (const packetType of [PACKET_TYPES.host, PACKET_TYPES.otherhost, PACKET_TYPES.outgoing]) {
      const frame = await first(write(PROBE, { packetType }), linkType);
      expect([toHex(frame?.bytes ?? hex("")), frame?.lacks]).toEqual([expected, "destination"]);
    }
  });

  test.each(WITHOUT)("of %s has no MACs", async (_, linkType, write) => {
    const frame = await first(write(solicitation()), linkType);
    const expected = `${"00".repeat(12)}${toHex(solicitation()).slice(24)}`;
    expect([toHex(frame?.bytes ?? hex("")), frame?.lacks, frame?.length]).toEqual([expected, "macs", 86]);
  });

  const IPV4 = hex(`45000014${"00".repeat(16)}`);
  test.each<[string, number, Uint8Array, string]>([
    ["IPv4 in raw IP", 101, IPV4, "IPv4"],
    ["IPv4 in raw IPv4", 228, IPV4, "IPv4"],
    ["IPv4 in loopback", 0, join([hex(little(2)), IPV4]), "IPv4"],
    ["IPv4 in OpenBSD's loopback", 108, join([hex(big(2)), IPV4]), "IPv4"],
    ["OSI in loopback", 0, join([hex(little(7)), IPV4]), "no ethertype"],
    ["IP of version 5", 101, hex("5".padEnd(160, "0")), "no ethertype"],
    ["a raw packet of nothing", 101, hex(""), "no ethertype"],
    ["half a loopback header", 0, hex("0200"), "0 bytes, less than an Ethernet header"],
    ["half an SLL header", 113, sll(solicitation()).subarray(0, 15), "0 bytes, less than an Ethernet header"],
    [
      "half an SLL2 header",
      276,
      sll2(solicitation()).subarray(0, 19),
      "0 bytes, less than an Ethernet header",
    ],
    ["SLL2 and half an IPv6 header", 276, sll2(solicitation()).subarray(0, 50), "IPv6, cut short"],
    ["a VLAN tag in SLL2", 276, sll2(hex(`${"02".repeat(12)}8100000186dd${"00".repeat(72)}`)), "VLAN tag"],
    ["ARP in SLL", 113, sll(solicitation({ ethertype: "0806" })), "ARP"],
    ["802.2 in SLL", 113, sll(solicitation({ ethertype: "0004" })), "IEEE 802.3 frame"],
  ])("may be %s, and passes", async (_, linkType, packet, what) => {
    const frame = await first(packet, linkType);
    if (!frame) throw new Error("no frame");
    expect(describeFrame(frame.bytes)).toBe(what);
    const responder = new Network(NETWORK).responder({ node: SELF });
    expect(["not-ipv6", "too-short"]).toContain(judge(responder, frame).reason);
  });

  test("keeps its length on the wire where the capture cut it", async () => {
    const write = pcapng();
    const packet = sll2(solicitation()).subarray(0, 60);
    const simple = [
      write.section(),
      write.interface({ linkType: 276, snapLength: 60 }),
      write.simple(packet, 92),
    ];
    const [frame] = await read(join(simple));
    expect([frame?.bytes.length, frame?.length]).toEqual([54, 86]);
  });
});

describe("the command line", () => {
  const ME = ["--network", TAP.network, "--node", TAP.self];
  const KERNEL = TAP.frames.map((frame) => hex(frame.hex));

  test.each([
    ["SLL", 113, sll],
    ["SLL2", 276, sll2],
  ])("answers a kernel's frames in %s as it answers them in Ethernet", async (_, linkType, write) => {
    using files = folder();
    writeFileSync(files.path("ethernet.pcap"), pcap(KERNEL));
    writeFileSync(
      files.path("cooked.pcap"),
      pcap(
        KERNEL.map((frame) => write(frame)),
        { linkType },
      ),
    );
    const run = async (name: string) => {
      const { status, stdout } = await sixplane(["answer", ...ME, files.path(name)]);
      return { status, text: stdout.replaceAll("unicast-probe   ", "mac-not-captured") };
    };
    const ethernet = await run("ethernet.pcap");
    expect(ethernet.text).toMatch(/33 frames: 9 reply/);
    expect(await run("cooked.pcap")).toEqual(ethernet);
  });

  test("writes the replies to an SLL2 capture as Ethernet frames", async ({ skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    using files = folder();
    const words = ["answer", "--network", NETWORK, "--node", SELF, "-", "-o", files.path("replies.pcap")];
    await sixplane(words, pcap([sll2(solicitation())], { linkType: 276 }));
    const { stdout, stderr } = spawnSync("tcpdump", ["-n", "-e", "-r", files.path("replies.pcap")], {
      encoding: "utf8",
    });
    expect(stderr).toContain("EN10MB (Ethernet)");
    expect(stdout).toMatch(/02:de:ad:a2:0d:c3 > 02:89:e9:30:0c:27, ethertype IPv6 .* neighbor advertisement/);
  });

  test.each<[string, number, (frame: Uint8Array) => Uint8Array]>([
    ["Ethernet (1)", 1, (frame) => frame],
    ["SLL (113)", 113, sll],
    ["SLL2 (276)", 276, sll2],
    ...WITHOUT,
  ])("finds the targets that Wireshark finds in %s", async (_, linkType, write) => {
    const untagged = KERNEL.filter((frame) => toHex(frame.subarray(12, 14)) === "86dd");
    const capture = pcap(
      untagged.map((frame) => write(frame)),
      { linkType },
    );
    const said = (await read(capture)).map(({ bytes }) => describeFrame(bytes));
    const ours = said.map((what) => / for (\S+) from/.exec(what)?.[1] ?? "");
    expect(ours.filter(Boolean)).toHaveLength(21);
    if (isInstalled("tshark")) expect(ours).toEqual(targetsByWireshark(capture));
  });
});

function targetsByWireshark(capture: Uint8Array): string[] {
  using files = folder();
  writeFileSync(files.path("capture"), capture);
  const words = ["-T", "fields", "-e", "icmpv6.nd.ns.target_address", "-r", files.path("capture")];
  return spawnSync("tshark", words, { encoding: "utf8" })
    .stdout.split("\n")
    .slice(0, -1)
    .map((line) => line.trim());
}

describe("a link type that is not read", () => {
  test.each([
    [105, "802.11 (105)"],
    [127, "802.11 with radiotap header (127)"],
    [147, "user 0 (147)"],
    [162, "user 15 (162)"],
    [5, "unknown (5)"],
    [65_535, "unknown (65535)"],
  ])("%i is refused by its name", async (linkType, name) => {
    const { status, stderr } = await sixplane(
      ["answer", "--network", NETWORK, "--node", SELF, "-"],
      pcap([], { linkType }),
    );
    const expected = "Ethernet, SLL, SLL2, raw IP or loopback";
    expect([status, stderr]).toEqual([2, `sixplane: capture's link type must be ${expected}, got ${name}\n`]);
  });

  test("has a name that says what tcpdump's does", ({ skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    using files = folder();
    const words: Record<number, RegExp> = {
      0: /BSD loopback/,
      1: /Ethernet/,
      9: /PPP/,
      12: /Raw IP/,
      50: /PPP over serial/,
      51: /PPPoE/,
      100: /ATM/,
      101: /Raw IP/,
      104: /Cisco HDLC/,
      105: /802\.11\)/,
      107: /Frame Relay/,
      108: /OpenBSD loopback/,
      113: /Linux cooked v1/,
      119: /Prism/,
      127: /radiotap/,
      143: /DOCSIS/,
      163: /AVS/,
      187: /Bluetooth HCI/,
      189: /USB with Linux/,
      192: /Per-Packet/,
      195: /802\.15\.4 with FCS/,
      201: /Bluetooth HCI/,
      220: /USB with padded Linux/,
      227: /SocketCAN/,
      228: /Raw IPv4/,
      229: /Raw IPv6/,
      230: /802\.15\.4 without FCS/,
      239: /netfilter/,
      249: /USBPcap/,
      251: /Bluetooth Low Energy/,
      253: /netlink/,
      276: /Linux cooked v2/,
      283: /802\.15\.4 with pseudo-header/,
    };
    for (const [linkType, name] of Object.entries(words)) {
      writeFileSync(files.path("empty.pcap"), pcap([], { linkType: Number(linkType) }));
      const { stderr } = spawnSync("tcpdump", ["-r", files.path("empty.pcap")], { encoding: "utf8" });
      expect([linkType, stderr]).toEqual([linkType, expect.stringMatching(name)]);
      expect([linkType, linkTypeName(Number(linkType))]).not.toEqual([linkType, "unknown"]);
    }
  });
});
