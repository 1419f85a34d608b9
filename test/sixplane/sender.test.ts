// Who may send what: every line of the rule, its edges, and frames of kernels and of the ZeroTier core.
import fc from "fast-check";
import { Address6 } from "ip-address";
import ipaddr from "ipaddr.js";
import { InputError, Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { readBytes } from "../support/files.ts";
import {
  hex,
  NETWORK,
  OWNER,
  OWNER_MAC,
  SELF,
  SELF_ADDRESS,
  SELF_MAC,
  sllao,
  solicitation,
  toHex,
} from "../support/frames.ts";
import { linkLocalOf } from "../support/icmpv6.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES } from "../support/vectors.ts";

const network = new Network(NETWORK);

/** The address as on the wire, by a library that shares nothing with the core. */
const wire = (text: string) => toHex(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()));

/** An IPv6 frame from this address, of SELF unless another MAC and address are given. */
const from = (source: string, ethernetSource = SELF_MAC, own = SELF_ADDRESS) =>
  solicitation({
    source: wire(source),
    ethernetSource,
    // Who has no address yet may ask for its own alone.
    ...(source === "::" ? { target: own } : { options: sllao(ethernetSource.replaceAll(":", "")) }),
  });

/** What SELF may send from: by default, and where nothing foreign may pass. */
const permitted = (frame: Uint8Array) => ({
  byDefault: network.permitsSource(SELF, frame),
  strictly: network.permitsSource(SELF, frame, { foreign: false }),
});
const ALWAYS = { byDefault: true, strictly: true };
const NEVER = { byDefault: false, strictly: false };
const BY_POLICY = { byDefault: true, strictly: false };

describe("the IPv6 source of a node", () => {
  test.each([
    ["the address of its own", "fc9c:56c2:e389:e92c:eee5::1"],
    ["the first of its /80", "fc9c:56c2:e389:e92c:eee5::"],
    ["the last of its /80", "fc9c:56c2:e389:e92c:eee5:ffff:ffff:ffff"],
    ["its RFC 4193 address", "fd80:56c2:e21c:0:199:9389:e92c:eee5"],
    ["the link-local address of its MAC", "fe80::89:e9ff:fe30:c27"],
    ["none yet", "::"],
  ])("may be %s: %s", (_, source) => expect(permitted(from(source))).toEqual(ALWAYS));

  test.each([
    ["the last before its /80", "fc9c:56c2:e389:e92c:eee4:ffff:ffff:ffff"],
    ["the first behind its /80", "fc9c:56c2:e389:e92c:eee6::"],
    ["another node's", "fc9c:56c2:e3de:adbe:ef01::1"],
    ["that of a node which differs in its first byte alone", "fc9c:56c2:e388:e92c:eee5::1"],
    ["the first of the /40, of a reserved node", "fc9c:56c2:e300::"],
    ["the last of the /40, of a reserved node", "fc9c:56c2:e3ff:ffff:ffff:ffff:ffff:ffff"],
    ["the last before its RFC 4193 address", "fd80:56c2:e21c:0:199:9389:e92c:eee4"],
    ["the first behind its RFC 4193 address", "fd80:56c2:e21c:0:199:9389:e92c:eee6"],
    ["another node's in RFC 4193 mode", "fd80:56c2:e21c:0:199:93de:adbe:ef01"],
    ["the first of the /88, of a reserved node", "fd80:56c2:e21c:0:199:9300::"],
    ["the last of the /88, of a reserved node", "fd80:56c2:e21c:0:199:93ff:ffff:ffff"],
    ["the first link-local address", "fe80::"],
    ["the last link-local address", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["a link-local address of no MAC", "fe80::1"],
    ["the link-local address of another node's MAC", "fe80::de:adff:fea2:dc3"],
    ["its MAC in fe80::/64 without the flipped bit", "fe80::289:e9ff:fe30:c27"],
    ["its MAC behind fe80:1::/64", "fe80:1::89:e9ff:fe30:c27"],
    ["its MAC behind fe80:0:0:1::/64", "fe80::1:89:e9ff:fe30:c27"],
    ["its MAC behind fe90::/64", "fe90::89:e9ff:fe30:c27"],
    ["loopback", "::1"],
    ["the first multicast address", "ff00::"],
    ["all nodes", "ff02::1"],
    ["the last multicast address", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("is never %s: %s", (_, source) => expect(permitted(from(source))).toEqual(NEVER));

  test.each([
    ["global", "2001:db8::1"],
    ["unique local of elsewhere", "fd00::1"],
    ["another network's", "fc9d:56c2:e389:e92c:eee5::1"],
    ["the last before the /40", "fc9c:56c2:e2ff:ffff:ffff:ffff:ffff:ffff"],
    ["the first behind the /40", "fc9c:56c2:e400::"],
    ["the last before the /88", "fd80:56c2:e21c:0:199:92ff:ffff:ffff"],
    ["the first behind the /88", "fd80:56c2:e21c:0:199:9400::"],
    ["the last before fe80::/10", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["the first behind fe80::/10", "fec0::"],
    ["the last before multicast", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["the first behind loopback", "::2"],
    ["an IPv4 address", "::ffff:192.0.2.1"],
    ["zeros, but for a bit of the first word", "1::"],
    ["zeros, but for a bit of the second word", "0:0:1::"],
    ["zeros, but for a bit of the third word", "::1:0:0:0"],
    ["loopback, but for a bit of the first word", "1::1"],
    ["loopback, but for a bit of the second word", "0:0:1::1"],
    ["loopback, but for a bit of the third word", "::1:0:0:1"],
  ])("is by policy %s: %s", (_, source) => expect(permitted(from(source))).toEqual(BY_POLICY));

  test("is in both modes what the ZeroTier core derived, for each node and for no other", () => {
    for (const [i, row] of ADDRESSES.entries()) {
      const one = new Network(row.network);
      for (const source of [row.sixplane, row.rfc4193]) {
        const strict = (node: string, ethernetSource: string) =>
          one.permitsSource(
            node,
            solicitation({ source, ethernetSource, options: sllao(ethernetSource.replaceAll(":", "")) }),
            { foreign: false },
          );
        expect(strict(row.node, row.mac)).toBe(true);
        const other = ADDRESSES[(i + 1) % ADDRESSES.length]?.node ?? "";
        if (other !== row.node) {
          expect(strict(other, one.host(other).mac)).toBe(false);
        }
      }
    }
  });

  test.each(["0000000000", "ff00000000", "ffffffffff"])("is its own for reserved %s, too", (node) => {
    const { sixplane, rfc4193, mac } = network.host(node);
    for (const { address } of [sixplane, rfc4193]) {
      expect(network.permitsSource(node, from(address, mac), { foreign: false })).toBe(true);
      expect(network.permitsSource(SELF, from(address))).toBe(false);
    }
  });
});

describe("the source MAC of a node", () => {
  const others = [...Array(48).keys()].map((bit) => {
    const mac = hex(SELF_MAC);
    mac[bit >> 3] = (mac[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    return toHex(mac);
  });

  test.each(["86dd", "0800", "0806", "8100", "88a8"])("is its own under ethertype %s", (ethertype) => {
    expect(permitted(solicitation({ ethertype }))).toEqual(ALWAYS);
    for (const ethernetSource of [OWNER_MAC, "000000000000", "ffffffffffff", ...others]) {
      expect(permitted(solicitation({ ethertype, ethernetSource }))).toEqual(NEVER);
    }
  });

  test("decides alone under any ethertype but 86dd, whatever lies behind", () => {
    const spoofed = from("fc9c:56c2:e3de:adbe:ef01::1");
    for (const ethertype of ["0000", "05dc", "0800", "0806", "86dc", "87dd", "dd86", "8101", "89a8"]) {
      spoofed.set(hex(ethertype), 12);
      expect(permitted(spoofed)).toEqual(ALWAYS);
      expect(permitted(spoofed.subarray(0, 14))).toEqual(ALWAYS);
    }
    spoofed.set(hex("86dd"), 12);
    expect(permitted(spoofed)).toEqual(NEVER);
  });

  test.each(["8100", "88a8", "9100", "8100000188a8", "810000008100ffff8100"])(
    "does not decide alone behind the tags %s: a kernel takes them off",
    (tags) => {
      const insert = (frame: Uint8Array) => {
        const text = toHex(frame);
        return hex(`${text.slice(0, 24)}${tags}0000${text.slice(24)}`);
      };
      expect(permitted(insert(from("fc9c:56c2:e389:e92c:eee5::1")))).toEqual(ALWAYS);
      expect(permitted(insert(from("fc9c:56c2:e3de:adbe:ef01::1")))).toEqual(NEVER);
      expect(permitted(insert(solicitation({ ethertype: "0806" })))).toEqual(ALWAYS);
      const cut = insert(from("fc9c:56c2:e389:e92c:eee5::1"));
      for (let length = 14; length < 14 + tags.length / 2 + 2 + 40; length++) {
        expect(permitted(cut.subarray(0, length))).toEqual(NEVER);
      }
    },
  );

  test("is that of the node on this network, not on another", () => {
    const other = new Network("8056c2e279e6f8f0");
    const arp = solicitation({ ethertype: "0806" });
    expect(other.permitsSource(SELF, arp)).toBe(false);
    arp.set(hex("f2710f550c27"), 6);
    expect(other.permitsSource(SELF, arp)).toBe(true);
    expect(network.permitsSource(SELF, arp)).toBe(false);
  });
});

describe("a frame", () => {
  test("is not permitted without a whole Ethernet header", () => {
    const arp = solicitation({ ethertype: "0806" });
    for (let length = 0; length < 14; length++) {
      expect(permitted(arp.subarray(0, length))).toEqual(NEVER);
    }
    expect(permitted(arp.subarray(0, 14))).toEqual(ALWAYS);
  });

  test("is not permitted with a part of an IPv6 packet", () => {
    for (let length = 14; length < 86; length++) {
      expect(permitted(solicitation().subarray(0, length))).toEqual(NEVER);
    }
    expect(permitted(solicitation())).toEqual(ALWAYS);
  });

  test("is not permitted with ethertype 86dd and another IP version than 6", () => {
    for (let version = 0; version < 16; version++) {
      for (const rest of ["0000000", "fffffff"]) {
        const versionClassFlow = version.toString(16) + rest;
        expect(permitted(solicitation({ versionClassFlow }))).toEqual(version === 6 ? ALWAYS : NEVER);
      }
    }
  });

  test("may be a view, a kind of Uint8Array, shared, or longer than the core's memory, and stays as it is", () => {
    class Kind extends Uint8Array {} // as Node's Buffer is
    for (const source of ["fc9c:56c2:e389:e92c:eee5::1", "fe80::89:e9ff:fe30:c27", "fe80::1"]) {
      const verdict = source === "fe80::1" ? NEVER : ALWAYS;
      const frame = from(source);
      const padded = new Uint8Array(300).fill(7);
      padded.set(frame, 101);
      const shared = new Uint8Array(new SharedArrayBuffer(frame.length));
      shared.set(frame);
      const long = new Uint8Array(70_000);
      long.set(frame);
      for (const form of [padded.subarray(101, 187), Kind.from(frame), shared, long]) {
        const before = toHex(form);
        expect(permitted(form)).toEqual(verdict);
        expect(toHex(form)).toBe(before);
      }
      // What lies behind a view in its buffer is no part of the frame.
      expect(permitted(padded.subarray(101, 101 + 53))).toEqual(NEVER);
    }
  });

  const check = (node: unknown, frame: unknown, policy?: unknown) => () =>
    network.permitsSource(node as string, frame as Uint8Array, policy as object);

  test.each([
    [check("deadbeef0", solicitation()), 'node address must be 10 hex digits, got "deadbeef0" (9)'],
    [check(undefined, solicitation()), "node address must be 10 hex digits, got undefined"],
    [check(SELF, undefined), "frame must be a Uint8Array, got undefined"],
    [check(SELF, "00"), 'frame must be a Uint8Array, got "00" (2)'],
    [check(SELF, [...solicitation()]), "frame must be a Uint8Array, got an array of 86"],
    [check(SELF, new DataView(new ArrayBuffer(86))), "frame must be a Uint8Array, got object"],
    [check(SELF, solicitation(), false), "source policy must be an object, got boolean"],
    [check(SELF, solicitation(), true), "source policy must be an object, got boolean"],
    [check(SELF, solicitation(), null), "source policy must be an object, got null"],
    [check(SELF, solicitation(), { foreign: "no" }), 'foreign must be true or false, got "no" (2)'],
    [check(SELF, solicitation(), { foreign: null }), "foreign must be true or false, got null"],
    [check(SELF, new Uint8Array(0), { foreign: 0 }), "foreign must be true or false, got 0"],
    [check(SELF, new Uint8Array(0), { routers: 1 }), "routers must be true or false, got 1"],
  ])("is not judged with what it cannot take, %#", (act, message) => {
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });

  test("may be foreign where the policy does not say, or says so", () => {
    const frame = from("2001:db8::1");
    expect(network.permitsSource(SELF, frame, undefined)).toBe(true);
    expect(network.permitsSource(SELF, frame, {})).toBe(true);
    expect(network.permitsSource(SELF, frame, { foreign: undefined as never })).toBe(true);
    expect(network.permitsSource(SELF, frame, { foreign: true })).toBe(true);
  });

  test("of a node in capitals is the same node's", () => {
    expect(network.permitsSource(SELF.toUpperCase(), solicitation())).toBe(true);
  });

  test("leaves nothing behind for the next one, nor for anything else", () => {
    const other = new Network("8056c2e279e6f8f0");
    const responder = network.responder({ node: SELF });
    responder.buffer.set(solicitation());
    for (let i = 0; i < 3; i++) {
      expect(permitted(solicitation())).toEqual(ALWAYS);
      expect(network.permitsSource(OWNER, solicitation())).toBe(false);
      expect(other.permitsSource(SELF, solicitation())).toBe(false);
      expect(network.ownerOf("fd80:56c2:e21c:0:199:93de:adbe:ef01")?.node).toBe(OWNER);
      expect(network.host(OWNER).mac.replaceAll(":", "")).toBe(OWNER_MAC);
      expect(network.sixplane.toString()).toBe("fc9c:56c2:e300::/40");
      expect(other.ownerOf("fcf9:b03a:1211:2233:4455::1")?.node).toBe("1122334455");
    }
    expect(responder.answerInPlace(86)).toBe(86);
  });
});

describe("real frames", () => {
  /** The three hosts of the capture by the MACs that their TAP interfaces had, which are the derived ones. */
  const SENDERS = new Map([
    ["f2710f550c27", "89e92ceee5"],
    ["f2e9c44aa697", "1122334455"],
    ["f248dc6b6bc2", "b03a128900"],
  ]);

  /** By their number: a kernel that asks for itself for another node's address, and a Redirect. */
  const ABOUT_OTHERS = [13, 31];

  test("of three kernels are permitted for the one that sent them, but for two that speak of others", () => {
    const network = new Network("8056c2e279e6f8f0");
    const capture = readBytes("examples/capture/kernel.pcap");
    const view = new DataView(capture.buffer);
    const seen: Record<string, number> = {};
    let number = 0;
    for (let at = 24; at < capture.length; ) {
      const length = view.getUint32(at + 8, true);
      const start = at + 16;
      const frame = capture.subarray(start, start + length);
      const typeAt = (offset: number) => view.getUint16(start + offset);
      at = start + length;
      number++;
      const speaksForItself = !ABOUT_OTHERS.includes(number);
      const sender = SENDERS.get(toHex(frame.subarray(6, 12))) ?? "";
      seen[sender] = (seen[sender] ?? 0) + 1;
      let type = 12;
      while ([0x8100, 0x88a8].includes(typeAt(type))) type += 4;
      const unspecified = frame.subarray(type + 10, type + 26).every((byte) => byte === 0);
      for (const [mac, node] of SENDERS) {
        const strict = (frame: Uint8Array) => network.permitsSource(node, frame, { foreign: false });
        expect(strict(frame)).toBe(node === sender && speaksForItself);
        // With the other's own MAC, too, but where nothing else tells who sent it.
        const disguised = hex(toHex(frame));
        disguised.set(hex(mac), 6);
        const solicits = frame[type + 8] === 58 && frame[type + 42] === 135;
        const target = toHex(frame.subarray(type + 50, type + 66));
        const isOwnTarget = target.slice(10, 20) === node || target === linkLocalOf(mac);
        const tellsNothing = (unspecified && !solicits) || typeAt(type) !== 0x86dd;
        const isHonest = speaksForItself && (node === sender || tellsNothing);
        expect(strict(disguised)).toBe(unspecified && solicits ? isOwnTarget : isHonest);
      }
    }
    expect(seen).toEqual({ "89e92ceee5": 25, "1122334455": 5, b03a128900: 3 });
  });

  test("of the ZeroTier core, question and answer, are permitted for the one that they came from", () => {
    for (const { network: id, self, node, ns, na } of REPLIES) {
      const network = new Network(id);
      const strict = (who: string, frame: string) =>
        network.permitsSource(who, hex(frame), { foreign: false });
      expect(strict(self, ns)).toBe(true);
      expect(strict(node, na)).toBe(true);
      expect(strict(node, ns)).toBe(false);
      expect(strict(self, na)).toBe(false);
    }
  });

  test("that an owner's kernel was asked are permitted but for those that are forged or foreign", () => {
    const network = new Network(OWNER_KERNEL.network);
    const refused = (policy?: { foreign: boolean }) =>
      OWNER_KERNEL.cases
        .filter(({ in_hex }) => !network.permitsSource(OWNER_KERNEL.self, hex(in_hex), policy))
        .map(({ name }) => name)
        .sort();
    const forged = [
      "ethsrc_multicast",
      "ethsrc_own",
      "ethsrc_zero",
      "ipsrc_is_target",
      "ipsrc_loopback",
      "ipsrc_multicast",
      "ipver_4",
      "ipver_5",
      "mcast_sllao_from_ll", // from fe80::aaff:febb:ccdd, which no MAC makes
    ];
    const aboutOthers = [
      "dad_allnodes_dst",
      "dad_forwarding_1",
      "dad_nonce",
      "dad_ok",
      "dad_unicast_dst",
      "dad_with_sllao",
      "dad_wrong_sn_group",
      "dup_sllao",
      "sllao_bcast_mac",
      "sllao_mcast_mac",
      "sllao_ne_ethsrc",
      "sllao_own_mac",
      "sllao_zero_mac",
      "tllao_in_ns",
      "type_na_for_our_addr",
    ];
    const unreadable = [
      "ext_atomic_fragment",
      "ext_hbh_then_fragment",
      "icmp_len_23",
      "icmp_len_8",
      "opt_len0",
      "opt_len0_second",
      "opt_overrun",
      "opt_trailing_zero4",
      "opt_trunc_1byte",
      "opt_trunc_2bytes",
      "plen_0",
      "plen_longer_than_frame",
      "sllao_len2",
      "type_rs", // the target's bytes are no options
    ];
    const never = [...forged, ...aboutOthers, ...unreadable].sort();
    expect(refused()).toEqual(never);
    expect(refused({ foreign: false })).toEqual([...never, "ipsrc_offlink", "ipsrc_v4mapped"].sort());
    for (const { na } of OWNER_KERNEL.cases) {
      for (const answer of na) expect(network.permitsSource(OWNER_KERNEL.owner, hex(answer))).toBe(true);
    }
  });
});

describe("for every network and node", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const networkId = bytes(8).map(toHex);
  const node = bytes(5).map(toHex);
  const suffix = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }),
    fc.constantFrom(0n, 1n, 2n ** 48n - 1n),
  );

  test("any address of its /80 is the owner's, and no other node's", () => {
    fc.assert(
      fc.property(networkId, node, node, suffix, (id, owner, other, n) => {
        fc.pre(owner !== other);
        const network = new Network(id);
        const [own, others] = [network.host(owner), network.host(other)];
        for (const source of [own.sixplane.prefix.address(n), own.rfc4193.address]) {
          for (const foreign of [true, false]) {
            expect(network.permitsSource(owner, from(source, own.mac), { foreign })).toBe(true);
            expect(network.permitsSource(other, from(source, others.mac), { foreign })).toBe(false);
            expect(network.permitsSource(owner, from(source, others.mac), { foreign })).toBe(false);
            expect(network.permitsSource(other, from(source, own.mac), { foreign })).toBe(false);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  /** The link-local address of a MAC as a person writes it down (RFC 4291 appendix A). */
  function linkLocal(mac: string): string {
    const [first = "", ...rest] = mac.split(":");
    const flipped = Number.parseInt(first, 16) ^ 2;
    const [b, c, d, e, f] = rest;
    return `fe80::${flipped.toString(16)}${b}:${c}ff:fe${d}:${e}${f}`;
  }

  /** The rule in the words of a library that shares nothing with the core. */
  function expected(network: Network, node: string, source: string, foreign: boolean): boolean {
    const address = new Address6(source);
    const within = (prefix: string) => address.isInSubnet(new Address6(prefix));
    const { sixplane, rfc4193, mac } = network.host(node);
    if ([sixplane, rfc4193].some(({ prefix }) => within(`${prefix}`))) return true;
    if ([network.sixplane, network.rfc4193].some((prefix) => within(`${prefix}`))) return false;
    if (within("fe80::/10")) return address.canonicalForm() === new Address6(linkLocal(mac)).canonicalForm();
    if (address.isMulticast() || within("::1/128")) return false;
    return within("::/128") || foreign;
  }

  test("what a library says of an address decides, wherever a bit or two are not what they were", () => {
    const seen = { yes: 0, no: 0 };
    const bits = fc.array(fc.nat(127), { maxLength: 2 });
    const policy = fc.boolean();
    fc.assert(
      fc.property(
        networkId,
        node,
        node,
        fc.nat(9),
        bits,
        bytes(16),
        policy,
        (id, own, other, n, flips, random, foreign) => {
          const network = new Network(id);
          const [host, another] = [network.host(own), network.host(other)];
          const near = [
            host.sixplane.address,
            host.rfc4193.address,
            linkLocal(host.mac),
            another.sixplane.address,
            another.rfc4193.address,
            linkLocal(another.mac),
            "::",
            "::1",
            "ff02::1",
          ][n];
          const address = near === undefined ? random : hex(wire(near));
          for (const bit of flips) address[bit >> 3] = (address[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
          const source = ipaddr.fromByteArray([...address]).toString();
          const permits = network.permitsSource(own, from(source, host.mac, wire(host.sixplane.address)), {
            foreign,
          });
          expect(permits).toBe(expected(network, own, source, foreign));
          seen[permits ? "yes" : "no"]++;
        },
      ),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(1_000);
  });

  test("no bytes throw, and without the node's MAC none are permitted", () => {
    const bare = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(networkId, node, bare, fc.boolean(), fc.boolean(), (id, own, frame, signed, ipv6) => {
        const network = new Network(id);
        const mac = hex(network.host(own).mac);
        if (signed && frame.length >= 14) frame.set(mac, 6);
        if (ipv6 && frame.length >= 14) frame.set([0x86, 0xdd], 12);
        const permits = network.permitsSource(own, frame);
        if (toHex(frame.subarray(6, 12)) !== toHex(mac)) expect(permits).toBe(false);
        else expect([true, false]).toContain(permits);
      }),
      { numRuns: 10_000 },
    );
  });
});
