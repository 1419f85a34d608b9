// Every build of the core against what ZeroTier and Linux were seen to do.
import { describe, expect, test } from "vitest";
import { BUILDS, Host, record } from "./builds.ts";
import { hex, toHex } from "./frames.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES, TAP } from "./vectors.ts";

/** Where the core does not do what the owner's kernel did, each with the reason. */
const EXCEPTIONS: Record<string, { does: "reply" | number; because: string }> = {
  unicast_sllao: { does: -3, because: "A3: a probe is the owner's to answer" },
  unicast_no_sllao_known_peer: { does: -3, because: "A3: a probe is the owner's to answer" },
  ethdst_ours_ipdst_mcast: { does: -3, because: "A3: sent to one MAC, it reaches the owner" },
  ethdst_broadcast: { does: -4, because: "A4: as the ZeroTier core" },
  vlan_prio0: { does: -1, because: "A1: the kernel takes a priority tag off" },
  ext_hbh: { does: -6, because: "B4: extension headers are not parsed" },
  ext_dstopts: { does: -6, because: "B4: extension headers are not parsed" },
  ethsrc_multicast: { does: -17, because: "A5: the kernel reflects to a group" },
  ethsrc_zero: { does: -17, because: "A5: the kernel answers to no station" },
  ethsrc_own: { does: -17, because: "A5: the kernel sends to itself" },
  ipsrc_is_target: { does: -21, because: "B6: a spoof or an announcement" },
  mcast_no_sllao_unknown_peer: {
    does: "reply",
    because: "D4: the kernel has a neighbour cache to ask for first",
  },
  icmp_len_24: { does: "reply", because: "D4: the kernel has a neighbour cache to ask for first" },
  sllao_ne_ethsrc: { does: "reply", because: "D5: the kernel sends to the option's MAC" },
  sllao_mcast_mac: { does: "reply", because: "D5: the kernel sends to the option's MAC" },
  sllao_bcast_mac: { does: "reply", because: "D5: the kernel sends to the option's MAC" },
  sllao_zero_mac: { does: "reply", because: "D5: the kernel sends to the option's MAC" },
  sllao_own_mac: { does: "reply", because: "D5: the kernel sends to the option's MAC" },
  base_forwarding_1: { does: "reply", because: "the Router flag: a kernel that forwards sets it" },
  dad_forwarding_1: { does: "reply", because: "the Router flag: a kernel that forwards sets it" },
};

/** What the responder does with each frame of a real TAP: it answers, or why not. */
const TAP_VERDICTS: Record<string, "reply" | number> = {
  "echo-request": -7,
  "icmp6-unreach": -7,
  "na-kernel-reply-to-unicast-ns-no-tlla": -7,
  "na-kernel-solicited": -7,
  "na-kernel-solicited-router": -7,
  "na-kernel-unsolicited": -7,
  "ns-8021ad-bpfpush": -1,
  "ns-8021q-bpfpush": -1,
  "ns-dad-mcast-unspec-lltgt-nonce": -8,
  "ns-dad-mcast-unspec-lltgt-nononce": -8,
  "ns-dad-mcast-unspec-own-nonce": -9,
  "ns-dad-mcast-unspec-own-nononce": -9,
  "ns-dad-mcast-unspec-remote-nonce": "reply",
  "ns-mcast-gsrc-own": -9,
  "ns-mcast-gsrc-remote": "reply",
  "ns-mcast-gsrc-x": "reply",
  "ns-mcast-llsrc-lltgt": -8,
  "ns-mcast-llsrc-own": -9,
  "ns-mcast-llsrc-remote": "reply",
  "ns-mcast-llsrc-remote-forwarded": "reply",
  "ns-mcast-llsrc-x": "reply",
  "ns-ndisc6-mcast-gsrc-remote": "reply",
  "ns-ndisc6-mcast-llsrc-own": -9,
  "ns-ndisc6-mcast-llsrc-remote": "reply",
  "ns-optimistic-mcast-gsrc-remote": "reply",
  "ns-ucast-llsrc-lltgt": -8,
  "ns-ucast-llsrc-own": -9,
  "ns-ucast-llsrc-remote": -3,
  "ns-ucast-llsrc-remote-forwarded": -3,
  "other-mldv2-report": -6,
  "redirect-kernel": -7,
  "rs-kernel": -2,
  "rs-rdisc6": -2,
};

describe.each(BUILDS)("the $name build", (build) => {
  const host = new Host(build);
  const withoutReason = (code: number) => (code > -16 ? 0 : -16);
  const expected = (code: number) => (build.reasons ? code : withoutReason(code));

  test("240 replies are the ZeroTier core's, byte for byte", () => {
    expect(REPLIES).toHaveLength(240);
    for (const { network, self, ns, na } of REPLIES) {
      const { code, frame } = host.judge(record(network, self), hex(ns));
      expect(toHex(frame)).toBe(na);
      expect(code).toBe(86);
    }
  });

  test("a reply needs its own mode only", () => {
    for (const { network, self, mode, ns, na } of REPLIES) {
      const [on, off] = mode === "6plane" ? [1, 2] : [2, 1];
      expect(toHex(host.judge(record(network, self, on), hex(ns)).frame)).toBe(na);
      expect(host.judge(record(network, self, off), hex(ns)).code).toBe(expected(-8));
    }
  });

  test.each(OWNER_KERNEL.cases)("as the owner's kernel: $name", ({ name, in_hex, na }) => {
    const { network, self } = OWNER_KERNEL;
    const { code, frame } = host.judge(record(network, self), hex(in_hex));
    const exception = EXCEPTIONS[name];
    if (exception === undefined) {
      expect(code > 0 ? [toHex(frame)] : []).toEqual(na);
    } else {
      expect(code, exception.because).toBe(exception.does === "reply" ? 86 : expected(exception.does));
      expect(code > 0 ? [toHex(frame)] : [], "no exception is needed").not.toEqual(na);
    }
  });

  test("every exception is a case", () => {
    const names = new Set(OWNER_KERNEL.cases.map(({ name }) => name));
    expect(Object.keys(EXCEPTIONS).filter((name) => !names.has(name))).toEqual([]);
    expect(names.size).toBe(83);
  });

  test("where the owner forwards, only its Router flag and the checksum differ", () => {
    for (const { name, in_hex, na } of OWNER_KERNEL.cases.filter((one) =>
      one.name.endsWith("forwarding_1"),
    )) {
      const { frame } = host.judge(record(OWNER_KERNEL.network, OWNER_KERNEL.self), hex(in_hex));
      const kernel = hex(na[0] ?? "");
      const different = [...frame.keys()].filter((at) => frame[at] !== kernel[at]);
      expect(
        different.filter((at) => at !== 56 && at !== 57),
        name,
      ).toEqual([58]);
      expect((kernel[58] ?? 0) ^ (frame[58] ?? 0)).toBe(0x80);
    }
  });

  test.each(TAP.frames)("a frame of a real TAP: $name", ({ name, hex: text }) => {
    const { code } = host.judge(record(TAP.network, TAP.self), hex(text));
    const verdict = TAP_VERDICTS[name];
    expect(verdict).toBeDefined();
    expect(code).toBe(verdict === "reply" ? 86 : expected(verdict ?? Number.NaN));
  });

  test("nothing beside record and frame was ever written", () => expect(host.untouched()).toBe(true));
});

describe("the sixplane build derives", () => {
  const build = BUILDS.find(({ name }) => name === "sixplane");
  if (!build) throw new Error("there is no full build");
  const { exports, bytes } = new Host(build);
  const CONFIG = 7;
  const IN = 101;
  const OUT = 203;

  test.each(["sixplane", "rfc4193", "mac"] as const)(
    "%s of all 1,012 rows, and writes nothing else",
    (name) => {
      expect(ADDRESSES).toHaveLength(1012);
      const length = name === "mac" ? 6 : 16;
      for (const row of ADDRESSES) {
        bytes.fill(Host.GUARD);
        bytes.set(hex(record(row.network, row.node, 0)), CONFIG);
        exports[name](CONFIG, OUT);
        expect(toHex(bytes.subarray(OUT, OUT + length))).toBe(row[name]);
        bytes.fill(Host.GUARD, CONFIG, CONFIG + 16).fill(Host.GUARD, OUT, OUT + length);
        expect(bytes.every((byte) => byte === Host.GUARD)).toBe(true);
      }
    },
  );

  test("the owner of every row's addresses and MAC, whatever node the record names", () => {
    for (const { network, node, sixplane, rfc4193, mac } of ADDRESSES) {
      bytes.set(hex(record(network, "1234567890")), CONFIG);
      const ask = (name: "owner" | "macOwner", text: string) => {
        bytes.fill(Host.GUARD, OUT, OUT + 16);
        bytes.set(hex(text), IN);
        return [exports[name](CONFIG, IN, OUT), toHex(bytes.subarray(OUT, OUT + 6))];
      };
      expect(ask("owner", sixplane)).toEqual([1, `${node}a5`]);
      expect(ask("owner", rfc4193)).toEqual([2, `${node}a5`]);
      expect(ask("macOwner", mac)).toEqual([1, `${node}a5`]);
    }
  });

  test("no owner of what is another network's, and writes nothing", () => {
    for (const { network, node, sixplane, rfc4193, mac } of ADDRESSES.slice(0, 100)) {
      const other = toHex(hex(network).map((byte) => byte ^ 0x10));
      bytes.fill(Host.GUARD, OUT, OUT + 16);
      bytes.set(hex(record(other, node)), CONFIG);
      for (const [name, text] of [
        ["owner", rfc4193],
        ["macOwner", mac],
      ] as const) {
        bytes.set(hex(text), IN);
        expect(exports[name](CONFIG, IN, OUT)).toBe(0);
      }
      // Both halves changed alike: 6PLANE folds them into the same prefix, so this one has an owner.
      bytes.set(hex(sixplane), IN);
      expect(exports.owner(CONFIG, IN, OUT)).toBe(1);
      bytes.set(hex(record(`00${network.slice(2)}`, node)), CONFIG);
      if (!network.startsWith("00")) expect(exports.owner(CONFIG, IN, OUT)).toBe(0);
    }
  });
});
