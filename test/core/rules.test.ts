// Every row of the rules over every build, and the sweeps that no row can hold.
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
  solicitation as solicitationFor,
  solicitedNode,
  TARGET_RFC4193,
  TARGET as TARGET_SIXPLANE,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";
import { BOTH, rows, type Verdict } from "./rule-rows.ts";

/** What `respond` returns, stated once more, as firmware knows it: a number never gets another meaning. */
const RETURNED: Record<Verdict, number> = {
  reply: 86,
  "pass: not-ipv6": -1,
  "pass: too-short": -2,
  "pass: unicast-probe": -3,
  "pass: broadcast": -4,
  "pass: ip-version": -5,
  "pass: next-header": -6,
  "pass: not-solicitation": -7,
  "pass: not-emulated": -8,
  "pass: own-address": -9,
  "pass: reserved-owner": -10,
  "invalid: ethernet-source": -17,
  "invalid: hop-limit": -18,
  "invalid: payload-length": -19,
  "invalid: source": -20,
  "invalid: source-is-target": -21,
  "invalid: destination": -22,
  "invalid: code": -23,
  "invalid: checksum": -24,
  "invalid: option-length": -25,
  "invalid: unspecified-with-link-layer": -26,
  "invalid: link-layer-length": -27,
};

describe.each(RESPONDERS)("the $name build", (build) => {
  const host = new Host(build);
  const TARGET = knows(build, TARGET_SIXPLANE) ? TARGET_SIXPLANE : TARGET_RFC4193;
  const solicitation = (given: Partial<Fields> = {}) => solicitationFor({ target: TARGET, ...given });
  const advertisement = (given: Partial<Fields> = {}) => advertised({ target: TARGET, ...given });

  function judge(frame: Uint8Array, modes = BOTH) {
    return host.judge(record(NETWORK, SELF, modes), frame);
  }

  /** What the build returns for the frame; one for an address of a mode that the build lacks passes. */
  function returned(verdict: Verdict, frame: Uint8Array): number {
    if (!knows(build, toHex(frame.subarray(62, 63)))) return 0;
    return verdict === "reply" ? RETURNED.reply : refusal(build, RETURNED[verdict]);
  }

  /** Checks the verdict, and that a frame without a reply is as it was. */
  function expectVerdict(verdict: Verdict, frame: Uint8Array, reply = advertisement(), modes = BOTH): void {
    const judged = judge(frame, modes);
    const code = returned(verdict, frame);
    expect(judged.code).toBe(code);
    if (code <= 0) expect(toHex(judged.frame)).toBe(toHex(frame));
    if (verdict === "reply" && code > 0) expect(toHex(judged.frame)).toBe(reply);
  }

  const replies = (frame: Uint8Array, reply?: string) => expectVerdict("reply", frame, reply);

  test.each(rows(TARGET))("$rule $frame: $verdict", ({ differs, verdict, modes, tiny }) =>
    expectVerdict(build.rules ? verdict : tiny, solicitation(differs), advertisement(differs), modes),
  );

  test("A1 a frame too short for IPv6 is told by its ethertype", () =>
    expectVerdict("pass: not-ipv6", hex(`ffffffffffff${SELF_MAC}0806`)));

  test("A2 every length short of a solicitation is passed on", () => {
    const whole = solicitation();
    for (let length = 0; length < 78; length++) expectVerdict("pass: too-short", whole.subarray(0, length));
  });

  test("C1 every other ICMPv6 type is passed on, an advertisement above all", () => {
    for (let type = 0; type < 256; type++) {
      if (type !== 135)
        expectVerdict("pass: not-solicitation", solicitation({ type: type.toString(16).padStart(2, "0") }));
    }
  });

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
    expect(advertisement({ target }).slice(112, 116)).toBe("0000");
    replies(solicitation({ target }), advertisement({ target }));
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

  test("E3 a mode that the build lacks is passed on", () => {
    for (const target of [TARGET_SIXPLANE, TARGET_RFC4193]) {
      const { code } = judge(solicitation({ target }), 0xff);
      expect(code).toBe(knows(build, target) ? 86 : 0);
    }
  });

  test("F1 the reply to :: goes to all nodes, without the Solicited flag", () => {
    const reply = toHex(judge(solicitation({ source: UNSPECIFIED })).frame);
    expect(reply).toMatch(/^333300000001/);
    expect(reply.slice(116, 124)).toBe("20000000");
  });

  test("F2 the Override flag is set", () => {
    expect(toHex(judge(solicitation()).frame).slice(116, 124)).toBe("60000000");
  });

  test("of all that is wrong with a frame, one thing at a time decides, in the order of the page", () => {
    const long = `0102${SELF_MAC}0000000000000000`;
    const none = "0e00000000000000";
    const steps: [verdict: Verdict, then: Partial<Fields>][] = [
      ["pass: not-ipv6", { ethertype: "86dd" }],
      ["pass: ip-version", { versionClassFlow: "60000000" }],
      ["pass: next-header", { nextHeader: "3a" }],
      ["pass: not-solicitation", { type: "87" }],
      ["pass: not-emulated", { target: SELF_ADDRESS }],
      ["pass: own-address", { target: `fc9c56c2e3ff${TARGET_SIXPLANE.slice(12)}` }],
      ["pass: reserved-owner", { target: TARGET }],
      ["pass: broadcast", { ethernetDestination: "02deadbeef01" }],
      ["pass: unicast-probe", { ethernetDestination: "3333ff000001" }],
      ["invalid: ethernet-source", { ethernetSource: SELF_MAC }],
      ["invalid: hop-limit", { hopLimit: "ff" }],
      ["invalid: payload-length", { payloadLength: "0031" }],
      ["invalid: source", { source: TARGET }],
      ["invalid: source-is-target", { source: UNSPECIFIED }],
      ["invalid: destination", { destination: solicitedNode(TARGET) }],
      ["invalid: code", { code: "00" }],
      ["invalid: option-length", { payloadLength: "0030", options: long + none }],
      ["invalid: checksum", {}],
    ];
    const wrong: Partial<Fields> = {
      ...{ ethertype: "0800", versionClassFlow: "40000000", nextHeader: "00", type: "88", code: "01" },
      ...{ target: LINK_LOCAL, ethernetDestination: "ffffffffffff", ethernetSource: "000000000000" },
      ...{ hopLimit: "00", payloadLength: "ffff", source: ALL_NODES, destination: LINK_LOCAL },
      ...{ checksum: "1234", options: `${long}${none}00` },
    };
    expectVerdict("pass: too-short", solicitation(wrong).subarray(0, 13));
    expectVerdict("pass: not-ipv6", solicitation(wrong).subarray(0, 77));
    expectVerdict("pass: too-short", solicitation({ ...wrong, ethertype: "86dd" }).subarray(0, 77));
    let fields = wrong;
    for (const [verdict, then] of steps) {
      if (build.rules || verdict !== "pass: ip-version") expectVerdict(verdict, solicitation(fields));
      fields = { ...fields, ...then };
    }
    const { checksum, ...right } = fields;
    expectVerdict("invalid: unspecified-with-link-layer", solicitation(right));
    expectVerdict("invalid: link-layer-length", solicitation({ ...right, source: SELF_ADDRESS }));
    expectVerdict(
      "invalid: option-length",
      solicitation({ ...right, source: SELF_ADDRESS, options: none + long }),
    );
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

/** The advertisement that the target's owner would send to the asker. */
function advertised({ target = "", source = SELF_ADDRESS }: Partial<Fields>): string {
  const node = target.startsWith("fd") ? target.slice(22) : target.slice(10, 20);
  return advertisementFor({ target, source, mac: macOf(node) });
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
