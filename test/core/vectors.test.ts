// Every build of the core against what ZeroTier and Linux were seen to do.
import { describe, expect, test } from "vitest";
import { DERIVERS, Host, knows, RESPONDERS, record, refusal } from "../support/builds.ts";
import { hex, toHex } from "../support/frames.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";

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

/** What the build `tiny` answers where the owner's kernel is silent: malformed by a rule that it does not check. */
const UNCHECKED: Record<string, string> = {
  ipver_4: "B1",
  ipver_5: "B1",
  hlim_0: "B2",
  hlim_64: "B2",
  hlim_254: "B2",
  icmp_len_8: "B3",
  icmp_len_23: "B3",
  plen_0: "B3",
  plen_longer_than_frame: "B3",
  ipsrc_loopback: "B5",
  ipsrc_multicast: "B5",
  dad_allnodes_dst: "B7",
  dad_wrong_sn_group: "B7",
  res_wrong_sn_group: "B7",
  code_1: "C2",
  cksum_bad: "C3",
  cksum_zero_wrong: "C3",
  opt_len0: "D1",
  opt_len0_second: "D1",
  opt_overrun: "D1",
  opt_trailing_zero4: "D1",
  opt_trunc_1byte: "D1",
  opt_trunc_2bytes: "D1",
  dad_with_sllao: "D2",
  sllao_len2: "D3",
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

describe.each(RESPONDERS)("the $name build", (build) => {
  const host = new Host(build);
  const expected = (reason: number) => refusal(build, reason);
  const isKnown = (frame: string) => knows(build, frame.slice(2 * 62));

  test("240 replies are the ZeroTier core's, byte for byte, where it has their mode", () => {
    expect(REPLIES).toHaveLength(240);
    for (const { network, self, ns, na } of REPLIES) {
      const { code, frame } = host.judge(record(network, self), hex(ns));
      expect(toHex(frame)).toBe(isKnown(ns) ? na : ns);
      expect(code).toBe(isKnown(ns) ? 86 : 0);
    }
  });

  test("a reply needs its own mode only", () => {
    for (const { network, self, mode, ns, na } of REPLIES) {
      const [on, off] = mode === "6plane" ? [1, 2] : [2, 1];
      expect(toHex(host.judge(record(network, self, on), hex(ns)).frame)).toBe(isKnown(ns) ? na : ns);
      expect(host.judge(record(network, self, off), hex(ns)).code).toBe(expected(-8));
    }
  });

  test.each(OWNER_KERNEL.cases)("as the owner's kernel: $name", ({ name, in_hex, na }) => {
    const { network, self } = OWNER_KERNEL;
    const { code, frame } = host.judge(record(network, self), hex(in_hex));
    // Without B6, `tiny` does what the kernel does.
    const exception = build.rules || name !== "ipsrc_is_target" ? EXCEPTIONS[name] : undefined;
    const unchecked = build.rules ? undefined : UNCHECKED[name];
    if (!isKnown(in_hex)) {
      expect(code).toBe(0);
    } else if (unchecked !== undefined) {
      expect(code, `${unchecked} is not checked`).toBe(86);
      expect([toHex(frame)], "no exception is needed").not.toEqual(na);
    } else if (exception === undefined) {
      expect(code > 0 ? [toHex(frame)] : []).toEqual(na);
    } else {
      expect(code, exception.because).toBe(exception.does === "reply" ? 86 : expected(exception.does));
      expect(code > 0 ? [toHex(frame)] : [], "no exception is needed").not.toEqual(na);
    }
  });

  test("every exception is a case", () => {
    const names = new Set(OWNER_KERNEL.cases.map(({ name }) => name));
    expect(Object.keys({ ...EXCEPTIONS, ...UNCHECKED }).filter((name) => !names.has(name))).toEqual([]);
    expect(names.size).toBe(83);
  });

  test("where the owner forwards, only its Router flag and the checksum differ", () => {
    for (const { name, in_hex, na } of OWNER_KERNEL.cases.filter((one) =>
      one.name.endsWith("forwarding_1"),
    )) {
      if (!isKnown(in_hex)) continue;
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
    const verdict = isKnown(text) ? TAP_VERDICTS[name] : 0;
    expect(verdict).toBeDefined();
    expect(code).toBe(verdict === "reply" ? 86 : expected(verdict ?? Number.NaN));
  });

  test("nothing beside record and frame was ever written", () => expect(host.untouched()).toBe(true));
});

describe.each(DERIVERS)("the $name build derives", (build) => {
  const host = new Host(build);
  const { exports, bytes } = host;
  const CONFIG = 7;
  const IN = 101;
  const OUT = 203;

  test.each(["sixplane", "rfc4193", "mac"] as const)(
    "%s of all 1,012 rows, and writes nothing else",
    (name) => {
      expect(ADDRESSES).toHaveLength(1012);
      const length = name === "mac" ? 6 : 16;
      bytes.fill(Host.GUARD);
      for (const row of ADDRESSES) {
        bytes.set(hex(record(row.network, row.node, 0)), CONFIG);
        exports[name](CONFIG, OUT);
        expect(toHex(bytes.subarray(OUT, OUT + length))).toBe(row[name]);
        bytes.fill(Host.GUARD, CONFIG, CONFIG + 16).fill(Host.GUARD, OUT, OUT + length);
      }
      expect(host.untouched()).toBe(true);
    },
  );

  test.each([
    ["sixplane", "owner", 16],
    ["rfc4193", "owner", 16],
    ["mac", "macOwner", 6],
  ] as const)("%s and its inverse at the ends of memory", (name, inverse, length) => {
    const end = 0x10000;
    const [row] = ADDRESSES;
    if (!row) throw new Error("there is no row");
    for (const { config = 0x1000, at = 0x2000, out = 0x3000 } of [
      { config: 0, at: end - length },
      { config: end - 16, at: 0 },
      { out: 0 },
      { out: end - 5 },
    ]) {
      bytes.fill(Host.GUARD).set(hex(record(row.network, row.node)), config);
      exports[name](config, at);
      expect(toHex(bytes.subarray(at, at + length))).toBe(row[name]);
      expect(exports[inverse](config, at, out)).toBe(name === "rfc4193" ? 2 : 1);
      expect(toHex(bytes.subarray(out, out + 5))).toBe(row.node);
    }
  });

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
