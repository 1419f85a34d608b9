// One test for each row of the rule table, over every build of the core.
import type { InvalidReason, PassReason } from "sixplane";
import { describe, expect, test } from "vitest";
import { Host, knows, RESPONDERS, record, refusal } from "../support/builds.ts";
import {
  ALL_NODES,
  advertisement as advertisementFor,
  type Fields,
  hex,
  LINK_LOCAL,
  NETWORK,
  OWNER,
  OWNER_MAC,
  SELF,
  SELF_ADDRESS,
  SELF_MAC,
  SELF_RFC4193,
  sllao,
  solicitation as solicitationFor,
  solicitedNode,
  TARGET_RFC4193,
  TARGET as TARGET_SIXPLANE,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";

const SIXPLANE = 1;
const RFC4193 = 2;
const BOTH = 3;
const PROBES = 4;
const DAD = { source: UNSPECIFIED };

/** The numbers of the reasons, stated once more, as firmware knows them: a number never gets another meaning. */
const NUMBERS = {
  "not-ipv6": -1,
  "too-short": -2,
  "unicast-probe": -3,
  broadcast: -4,
  "ip-version": -5,
  "next-header": -6,
  "not-solicitation": -7,
  "not-emulated": -8,
  "own-address": -9,
  "reserved-owner": -10,
  "ethernet-source": -17,
  "hop-limit": -18,
  "payload-length": -19,
  source: -20,
  "source-is-target": -21,
  destination: -22,
  code: -23,
  checksum: -24,
  "option-length": -25,
  "unspecified-with-link-layer": -26,
  "link-layer-length": -27,
} as const;

type Reason = keyof typeof NUMBERS;

/** The target with its first bytes replaced. */
const behind = (start: string, target = TARGET_SIXPLANE) => start + target.slice(start.length);

describe.each(RESPONDERS)("the $name build", (build) => {
  const host = new Host(build);
  const TARGET = knows(build, TARGET_SIXPLANE) ? TARGET_SIXPLANE : TARGET_RFC4193;
  const UNICAST = { ethernetDestination: OWNER_MAC, destination: TARGET };
  const solicitation = (given: Partial<Fields> = {}) => solicitationFor({ target: TARGET, ...given });
  const advertisement = (given: Parameters<typeof advertisementFor>[0] = {}) =>
    advertisementFor({ target: TARGET, ...given });

  function judge(frame: Uint8Array, modes = BOTH) {
    return host.judge(record(NETWORK, SELF, modes), frame);
  }

  /** Whether the frame asks for an address of a mode that the build lacks. */
  const isForeign = (frame: Uint8Array) => !knows(build, toHex(frame.subarray(62, 63)));

  /** Checks that the frame is left as it is, for that reason in as far as the build gives reasons. */
  function expectUnanswered(reason: Reason, frame: Uint8Array, modes: number): void {
    const judged = judge(frame, modes);
    const code = isForeign(frame) ? 0 : refusal(build, NUMBERS[reason]);
    expect(judged.code).toBe(code);
    if (code <= 0) expect(toHex(judged.frame)).toBe(toHex(frame));
  }

  function passes(reason: Exclude<PassReason, "unspecified">, frame: Uint8Array, modes = BOTH): void {
    expectUnanswered(reason, frame, modes);
  }

  function rejects(reason: Exclude<InvalidReason, "unspecified">, frame: Uint8Array, modes = BOTH): void {
    expectUnanswered(reason, frame, modes);
  }

  function replies(frame: Uint8Array, expected = advertisement(), modes = BOTH): void {
    const judged = judge(frame, modes);
    if (isForeign(frame)) {
      expect(judged).toEqual({ code: 0, frame });
      return;
    }
    expect(toHex(judged.frame)).toBe(expected);
    expect(judged.code).toBe(86);
  }

  test("the plain solicitation is answered", () => replies(solicitation()));

  test.each([
    ["IPv4", "0800"],
    ["ARP", "0806"],
    ["LLDP", "88cc"],
    ["a VLAN tag", "8100000586dd"],
    ["a priority tag", "8100000086dd"],
    ["a service tag", "88a8000586dd"],
    ["an old service tag", "9100000586dd"],
    ["two tags", "88a800058100000686dd"],
  ])("A1 %s is passed on", (_, ethertype) => passes("not-ipv6", solicitation({ ethertype })));

  test("A1 a frame too short for IPv6 is told by its ethertype", () =>
    passes("not-ipv6", hex(`ffffffffffff${SELF_MAC}0806`)));

  test("A2 every length short of a solicitation is passed on", () => {
    const whole = solicitation();
    for (let length = 0; length < 78; length++) passes("too-short", whole.subarray(0, length));
  });

  test("A3 a unicast probe is passed on", () => passes("unicast-probe", solicitation(UNICAST)));

  test("A3 a unicast probe is answered in probes mode", () => {
    if (build.rules) replies(solicitation(UNICAST), advertisement(), BOTH | PROBES);
    else passes("unicast-probe", solicitation(UNICAST), BOTH | PROBES); // the ZeroTier core never does
  });

  test("A3 in probes mode, what is no probe of the target is passed on", () => {
    passes("unicast-probe", solicitation({ ethernetDestination: OWNER_MAC }), BOTH | PROBES);
    passes("unicast-probe", solicitation({ ...UNICAST, ethernetDestination: "02deadbeef01" }), BOTH | PROBES);
  });

  test("A4 broadcast is passed on", () =>
    passes("broadcast", solicitation({ ethernetDestination: "ffffffffffff" })));

  test.each([
    ["all nodes", "333300000001"],
    ["another IPv6 group", "3333ff00dead"],
    ["an IPv4 group", "01005e000001"],
  ])("A4 an Ethernet group is not broadcast: %s", (_, ethernetDestination) =>
    replies(solicitation({ ethernetDestination })),
  );

  test.each([
    ["all nodes", "333300000001"],
    ["broadcast", "ffffffffffff"],
    ["a group bit alone", "010000000000"],
    ["zero", "000000000000"],
    ["the owner's own", OWNER_MAC],
  ])("A5 Ethernet source %s is invalid", (_, ethernetSource) =>
    rejects("ethernet-source", solicitation({ ethernetSource })),
  );

  test.each([
    ["padding", "0000000000"],
    ["a frame check sequence", "deadbeef"],
    ["what looks like a bad option", "0100000000000000"],
    ["a thousand bytes", "5a".repeat(1000)],
  ])("A6 %s behind the packet is ignored", (_, padding) => replies(solicitation({ padding })));

  test.each(["0", "1", "4", "5", "7", "f"])("B1 IP version %s is passed on", (version) =>
    passes("ip-version", solicitation({ versionClassFlow: `${version}0000000` })),
  );

  test("B1 traffic class and flow label do not matter, and are not echoed", () =>
    replies(solicitation({ versionClassFlow: "6fffffff" })));

  test.each(["00", "01", "40", "fe"])("B2 hop limit %s is invalid", (hopLimit) =>
    rejects("hop-limit", solicitation({ hopLimit })),
  );

  test.each(["0000", "0001", "0008", "0017", "0021", "0028", "ffff"])(
    "B3 payload length %s is invalid in a frame of 32",
    (payloadLength) => rejects("payload-length", solicitation({ payloadLength })),
  );

  test("B3 a payload that ends with the frame is not beyond it", () => {
    const frame = solicitation({ options: "" });
    expect(frame.length).toBe(78);
    replies(frame);
  });

  test.each([
    ["Hop-by-Hop Options", "00"],
    ["TCP", "06"],
    ["Routing", "2b"],
    ["Fragment", "2c"],
    ["ICMP for IPv4", "01"],
    ["No Next Header", "3b"],
    ["Destination Options", "3c"],
  ])("B4 next header %s is passed on", (_, nextHeader) =>
    passes("next-header", solicitation({ nextHeader })),
  );

  test.each([
    ["all nodes", ALL_NODES],
    ["a solicited-node address", solicitedNode(TARGET)],
    ["::1", "00000000000000000000000000000001"],
  ])("B5 source %s is invalid", (_, source) => rejects("source", solicitation({ source })));

  test.each([
    ["::2", "00000000000000000000000000000002"],
    ["::1:0:0:1", "00000000000000000001000000000001"],
    ["1::1", "00010000000000000000000000000001"],
    ["an IPv4-mapped address", "00000000000000000000ffff7f000001"],
  ])("B5 source %s is neither :: nor ::1", (_, source) =>
    replies(solicitation({ source }), advertisement({ source })),
  );

  test("B6 source equal to the target is invalid", () =>
    rejects("source-is-target", solicitation({ source: TARGET })));

  test("B6 another address of the target's owner is not the target", () => {
    const source = `${TARGET.slice(0, 31)}2`;
    replies(solicitation({ source }), advertisement({ source }));
  });

  test.each([
    ["another solicited-node address", "ff0200000000000000000001ff00dead"],
    ["one of another last byte", "ff0200000000000000000001ff000002"],
    ["one without ff", "ff020000000000000000000100000001"],
    ["one of another scope", "ff0500000000000000000001ff000001"],
    ["all routers", "ff020000000000000000000000000002"],
    ["the target", TARGET],
    ["this node", SELF_ADDRESS],
  ])("B7 destination %s is invalid", (_, destination) =>
    rejects("destination", solicitation({ destination, ethernetDestination: "3333ff000001" })),
  );

  test("B7 all nodes is allowed to an asker that has an address", () => {
    replies(solicitation({ destination: ALL_NODES }));
    rejects("destination", solicitation({ ...DAD, destination: ALL_NODES }));
  });

  test("B7 the target is allowed in probes mode to an asker that has an address", () => {
    const toTarget = { destination: TARGET, ethernetDestination: "3333ff000001" };
    replies(solicitation(toTarget), advertisement(), BOTH | PROBES);
    rejects("destination", solicitation({ ...toTarget, ...DAD }), BOTH | PROBES);
    const probe = solicitation({ ...UNICAST, ...DAD });
    if (build.rules) rejects("destination", probe, BOTH | PROBES);
    else passes("unicast-probe", probe, BOTH | PROBES);
  });

  test("C1 every other ICMPv6 type is passed on, an advertisement above all", () => {
    for (let type = 0; type < 256; type++) {
      if (type !== 135)
        passes("not-solicitation", solicitation({ type: type.toString(16).padStart(2, "0") }));
    }
  });

  test.each(["01", "80", "ff"])("C2 code %s is invalid", (code) => rejects("code", solicitation({ code })));

  test("C3 of all 65,536 checksums only the right one is answered", () => {
    const right = solicitation();
    const frames = Array.from({ length: 0x10000 }, (_, checksum) => {
      const frame = right.slice();
      frame.set([checksum >> 8, checksum & 0xff], 56);
      return frame;
    });
    const answered = frames.filter((frame) => judge(frame).code > 0);
    if (build.rules) expect(answered).toEqual([right]);
    else expect(answered).toHaveLength(frames.length);
  });

  test("C3 a wrong checksum is invalid", () => {
    rejects("checksum", solicitation({ checksum: "0000" }));
    rejects("checksum", solicitation({ checksum: "ffff" }));
  });

  test("C3 a right checksum of zero is right as 0000 and as ffff", () => {
    // The reserved word is free (C4): with the checksum in it, the message sums to zero without one.
    const right = toHex(solicitation()).slice(112, 116);
    const zero = { reserved: `${right}0000` };
    expect(toHex(solicitation(zero)).slice(112, 116)).toBe("0000");
    replies(solicitation({ ...zero, checksum: "0000" }));
    replies(solicitation({ ...zero, checksum: "ffff" }));
  });

  test("C3 a reply's checksum of zero is sent as 0000", () => {
    const node = nodeWithZeroChecksum();
    const target = `fc9c56c2e3${node}000000000001`;
    const mac = macOf(node);
    expect(advertisement({ target, mac }).slice(112, 116)).toBe("0000");
    replies(solicitation({ target }), advertisement({ target, mac }));
  });

  test("C3 a reply's sum may carry all the way round", () => {
    // An asker's address that brings the sum of 32-bit words to 2 to the power of 32, less 1, over and over.
    const start = "20010db80000000000000000";
    const rest = wideSum(hex(advertisement({ source: `${start}00000000` }))) & 0xffff_ffffn;
    const word = new DataView(new ArrayBuffer(4));
    word.setUint32(0, Number(0xffff_ffffn - rest), true);
    const source = start + toHex(new Uint8Array(word.buffer));
    expect(wideSum(hex(advertisement({ source }))) & 0xffff_ffffn).toBe(0xffff_ffffn);
    expect(wideSum(hex(advertisement({ source }))) >> 32n).toBeGreaterThan(0n);
    replies(solicitation({ source }), advertisement({ source }));
  });

  test("C4 the reserved word is ignored", () => replies(solicitation({ reserved: "ffffffff" })));

  test.each([
    ["of length 0", "0100000000000000"],
    ["of length 0 after a good one", `${sllao(SELF_MAC)}0e00000000000000`],
    ["past the end", `0102${SELF_MAC}`],
    ["far past the end", `01ff${SELF_MAC}`],
    ["past the end after a good one", `${sllao(SELF_MAC)}0e03000000000000`],
  ])("D1 an option %s is invalid", (_, options) => rejects("option-length", solicitation({ options })));

  test("D1 one to seven bytes behind the options are invalid", () => {
    for (let bytes = 1; bytes < 8; bytes++) {
      rejects("option-length", solicitation({ options: sllao(SELF_MAC) + "01".repeat(bytes) }));
      rejects("option-length", solicitation({ options: "00".repeat(bytes) }));
    }
  });

  test("D1 an option past the packet is invalid even where the frame goes on", () =>
    rejects("option-length", solicitation({ options: `0102${SELF_MAC}`, padding: "0000000000000000" })));

  test("D2 source :: with a source link-layer address is invalid", () => {
    rejects("unspecified-with-link-layer", solicitation({ ...DAD, options: sllao(SELF_MAC) }));
    rejects(
      "unspecified-with-link-layer",
      solicitation({ ...DAD, options: `0e01000000000000${sllao(SELF_MAC)}` }),
    );
  });

  test("D3 a source link-layer address that is not 8 bytes long is invalid", () => {
    rejects("link-layer-length", solicitation({ options: `0102${SELF_MAC}0000000000000000` }));
    rejects(
      "link-layer-length",
      solicitation({ options: `${sllao(SELF_MAC)}0102${SELF_MAC}0000000000000000` }),
    );
  });

  test("D4 without a source link-layer address the answer goes to the Ethernet source", () =>
    replies(solicitation({ options: "" })));

  test.each([
    ["another MAC", sllao("02deadbeef01")],
    ["a multicast MAC", sllao("333300000001")],
    ["broadcast", sllao("ffffffffffff")],
    ["zero", sllao("000000000000")],
    ["the owner's", sllao(OWNER_MAC)],
    ["two of them", sllao("02deadbeef01") + sllao("02deadbeef02")],
  ])("D5 a source link-layer address is never used: %s", (_, options) => replies(solicitation({ options })));

  test.each([
    ["an unknown option", "fd01000000000000"],
    ["a nonce", "0e0112b04b505012"],
    ["CGA, RSA and timestamp", `0b01${"00".repeat(6)}0c02${"00".repeat(14)}0d02${"00".repeat(14)}`],
    ["an MTU", "0501000000000578"],
    ["a target link-layer address", "020102deadbeef01"],
    ["an option of type 0", "0001000000000000"],
    ["a long option", `fdff${"00".repeat(255 * 8 - 2)}`],
  ])("D6 %s is ignored", (_, option) => {
    replies(solicitation({ options: option + sllao(SELF_MAC) }));
    replies(solicitation({ options: sllao(SELF_MAC) + option }));
    replies(solicitation({ ...DAD, options: option }), advertisement(DAD));
  });

  test.each(["000000000000", "000000000001", "0242ac110002", "ffffffffffff"])(
    "E1 the whole /80 of a node is its own: suffix %s",
    (suffix) => {
      const target = TARGET_SIXPLANE.slice(0, 20) + suffix;
      replies(solicitation({ target }), advertisement({ target }));
    },
  );

  test("E2 the RFC 4193 address of a node is its own", () => {
    const own = { target: TARGET_RFC4193, source: SELF_RFC4193 };
    replies(solicitation(own), advertisement(own));
  });

  test("E3 a mode that is off is passed on", () => {
    const [sixplane, rfc4193] = [{ target: TARGET_SIXPLANE }, { target: TARGET_RFC4193 }];
    passes("not-emulated", solicitation(sixplane), RFC4193);
    passes("not-emulated", solicitation(sixplane), PROBES);
    passes("not-emulated", solicitation(rfc4193), SIXPLANE);
    passes("not-emulated", solicitation(rfc4193), 0);
    replies(solicitation(sixplane), advertisement(sixplane), SIXPLANE);
    replies(solicitation(rfc4193), advertisement(rfc4193), RFC4193);
  });

  test("E3 a mode that the build lacks is passed on", () => {
    for (const target of [TARGET_SIXPLANE, TARGET_RFC4193]) {
      const { code } = judge(solicitation({ target }), 0xff);
      expect(code).toBe(knows(build, target) ? 86 : 0);
    }
  });

  test.each([
    ["another 6PLANE network, bit 8", behind("fc1c")],
    ["another 6PLANE network, bit 39", behind("fc9c56c2e2")],
    ["another RFC 4193 network, bit 8", behind("fd00", TARGET_RFC4193)],
    ["another RFC 4193 network, bit 71", behind("fd8056c2e21c000000", TARGET_RFC4193)],
    ["an RFC 4193 address without 9993", behind("fd8056c2e21c0000019994", TARGET_RFC4193)],
    ["a 6PLANE address under fd", behind("fd")],
    ["an RFC 4193 address under fc", behind("fc", TARGET_RFC4193)],
    ["first byte fe", behind("fe")],
    ["first byte ff", behind("ff")],
    ["first byte fb", behind("fb")],
    ["link-local", LINK_LOCAL],
    ["global", "20010db8000000000000000000000001"],
    ["::", UNSPECIFIED],
  ])("E3 %s is passed on", (_, target) => passes("not-emulated", solicitation({ target })));

  test.each([
    ["::1", SELF_ADDRESS],
    ["its /80", "fc9c56c2e389e92ceee5deadbeef0001"],
    ["its RFC 4193 address", SELF_RFC4193],
  ])("E4 this node's own address is passed on: %s", (_, target) => {
    passes("own-address", solicitation({ target, source: LINK_LOCAL }));
    passes("own-address", solicitation({ target, source: UNSPECIFIED }));
  });

  test.each([
    ["0", "0000000000"],
    ["the least that starts with ff", "ff00000000"],
    ["the greatest", "ffffffffff"],
  ])("E5 a reserved owner is passed on: %s", (_, node) => {
    passes("reserved-owner", solicitation({ target: `fc9c56c2e3${node}000000000001` }));
    passes("reserved-owner", solicitation({ target: `fd8056c2e21c0000019993${node}` }));
  });

  test.each(["0000000001", "fe00000000", "feffffffff", "00ff000000"])("E5 %s is not reserved", (node) => {
    const target = `fc9c56c2e3${node}000000000001`;
    replies(solicitation({ target }), advertisement({ target, mac: macOf(node) }));
  });

  test("F1 duplicate address detection for another's address is answered to all nodes, unsolicited", () => {
    replies(solicitation(DAD), advertisement(DAD));
    expect(advertisement(DAD)).toMatch(/^333300000001/);
    expect(advertisement(DAD).slice(116, 124)).toBe("20000000");
  });

  test("F2 the Override flag is set", () => {
    expect(toHex(judge(solicitation()).frame).slice(116, 124)).toBe("60000000");
  });

  test("what is not ours is passed on, however malformed", () => {
    const broken = { hopLimit: "00", checksum: "1234", options: "0100000000000000", code: "01" };
    passes("not-emulated", solicitation({ ...broken, target: LINK_LOCAL }));
    passes("own-address", solicitation({ ...broken, target: SELF_ADDRESS }));
    passes("unicast-probe", solicitation({ ...broken, ...UNICAST }));
  });

  test("of all that is wrong with a frame, one thing at a time decides, in the order of the page", () => {
    const long = `0102${SELF_MAC}0000000000000000`;
    const none = "0e00000000000000";
    const steps: [reason: Reason, then: Partial<Fields>][] = [
      ["not-ipv6", { ethertype: "86dd" }],
      ["ip-version", { versionClassFlow: "60000000" }],
      ["next-header", { nextHeader: "3a" }],
      ["not-solicitation", { type: "87" }],
      ["not-emulated", { target: SELF_ADDRESS }],
      ["own-address", { target: behind("fc9c56c2e3ff") }],
      ["reserved-owner", { target: TARGET }],
      ["broadcast", { ethernetDestination: "02deadbeef01" }],
      ["unicast-probe", { ethernetDestination: "3333ff000001" }],
      ["ethernet-source", { ethernetSource: SELF_MAC }],
      ["hop-limit", { hopLimit: "ff" }],
      ["payload-length", { payloadLength: "0031" }],
      ["source", { source: TARGET }],
      ["source-is-target", { source: UNSPECIFIED }],
      ["destination", { destination: solicitedNode(TARGET) }],
      ["code", { code: "00" }],
      ["option-length", { payloadLength: "0030", options: long + none }],
      ["checksum", {}],
    ];
    const wrong: Partial<Fields> = {
      ...{ ethertype: "0800", versionClassFlow: "40000000", nextHeader: "00", type: "88", code: "01" },
      ...{ target: LINK_LOCAL, ethernetDestination: "ffffffffffff", ethernetSource: "000000000000" },
      ...{ hopLimit: "00", payloadLength: "ffff", source: ALL_NODES, destination: LINK_LOCAL },
      ...{ checksum: "1234", options: `${long}${none}00` },
    };
    passes("too-short", solicitation(wrong).subarray(0, 13));
    passes("not-ipv6", solicitation(wrong).subarray(0, 77));
    passes("too-short", solicitation({ ...wrong, ethertype: "86dd" }).subarray(0, 77));
    let fields = wrong;
    for (const [reason, then] of steps) {
      if (build.rules || reason !== "ip-version") expectUnanswered(reason, solicitation(fields), BOTH);
      fields = { ...fields, ...then };
    }
    const { checksum, ...right } = fields;
    rejects("unspecified-with-link-layer", solicitation(right));
    rejects("link-layer-length", solicitation({ ...right, source: SELF_ADDRESS }));
    rejects("option-length", solicitation({ ...right, source: SELF_ADDRESS, options: none + long }));
  });

  test("nothing beside record and frame was ever written", () => expect(host.untouched()).toBe(true));
});

/** The MAC of a node on NETWORK, bytes 6 to 2 of whose ID are 00 00 1c e2 c2. */
function macOf(node: string): string {
  const mask = [0x00, 0x00, 0x1c, 0xe2, 0xc2];
  expect(OWNER_MAC).toBe(`02${toHex(hex(OWNER).map((byte, i) => byte ^ (mask[i] ?? 0)))}`);
  return `02${toHex(hex(node).map((byte, i) => byte ^ (mask[i] ?? 0)))}`;
}

/** The plain sum of an advertisement's little-endian 32-bit words and pseudo-header, without its checksum. */
function wideSum(advertisement: Uint8Array): bigint {
  const view = new DataView(advertisement.slice(22).fill(0, 56 - 22, 58 - 22).buffer);
  let total = 0x5a00n;
  for (let at = 0; at < view.byteLength; at += 4) total += BigInt(view.getUint32(at, true));
  return total;
}

/** A node whose advertisement to SELF has checksum zero, by trying. */
function nodeWithZeroChecksum(): string {
  for (let last = 0; last < 0x10000; last++) {
    const node = `123456${last.toString(16).padStart(4, "0")}`;
    const target = `fc9c56c2e3${node}000000000001`;
    if (advertisementFor({ target, mac: macOf(node) }).slice(112, 116) === "0000") return node;
  }
  throw new Error("there is none");
}
