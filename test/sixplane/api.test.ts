// The package as its users call it.
import { InputError, initSync, MissingFunctionError, Network, Prefix } from "sixplane";
import { describe, expect, test } from "vitest";
import { BUILDS, DERIVERS, NEIGHBOURS, RESPONDERS } from "../support/builds.ts";
import {
  advertisement,
  hex,
  NETWORK,
  OWNER_MAC,
  SELF,
  solicitation,
  TARGET,
  TARGET_RFC4193,
  toHex,
} from "../support/frames.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES } from "../support/vectors.ts";

const network = new Network(NETWORK);
const host = network.host(SELF);
/** An address without its colons, in full. */
const bytes = (text: string) => toHex(hex(full(text)));

function full(text: string): string {
  const [head = "", tail = ""] = text
    .split("::")
    .map((half) => half.replace(/[^:]+/g, (group) => group.padStart(4, "0")));
  return head + "0".repeat(32 - (head + tail).replaceAll(":", "").length) + tail;
}

describe("a network", () => {
  test("has two prefixes", () => {
    expect(network.sixplane.toString()).toBe("fc9c:56c2:e300::/40");
    expect(network.rfc4193.toString()).toBe("fd80:56c2:e21c:0:199:9300::/88");
    expect(JSON.stringify({ prefix: network.sixplane })).toBe('{"prefix":"fc9c:56c2:e300::/40"}');
    expect(String(network)).toBe(NETWORK);
  });

  test("names the MAC to send to, for every row of the vectors, as text or bytes", () => {
    for (const row of ADDRESSES) {
      const network = new Network(row.network);
      const mac = /^(ff|0{10}$)/.test(row.node) ? undefined : row.mac.replace(/..(?!$)/g, "$&:");
      for (const address of [row.sixplane, row.rfc4193]) expect(network.neighbour(hex(address))).toBe(mac);
      expect(network.neighbour(network.host(row.node).sixplane.prefix.address(7))).toBe(mac);
    }
    expect(network.neighbour("2001:db8::1")).toBeUndefined();
    expect(() => network.neighbour("02:de:ad:a2:0d:c3")).toThrow(InputError);
    expect(() => network.neighbour(new Uint8Array(6))).toThrow(
      "IPv6 address must be text or 16 bytes, got 6 bytes",
    );
  });

  test("derives every row of the vectors", () => {
    for (const row of ADDRESSES) {
      const { sixplane, rfc4193, mac } = new Network(row.network).host(row.node);
      expect(bytes(sixplane.address)).toBe(row.sixplane);
      expect(bytes(rfc4193.address)).toBe(row.rfc4193);
      expect(mac.replaceAll(":", "")).toBe(row.mac);
    }
  });

  test.each([
    ["9bee8941b5de0691", "1234512345", "fc2e:308f:d012:3451:2345::1"],
    ["8056c2e21c24673d", "22c55a1da6", "fc9c:72a5:df22:c55a:1da6::1"],
    ["ffffffffffffffff", "ffffffffff", "fc00:0:ff:ffff:ffff::1"],
  ])("derives what others published: %s %s", (id, node, address) => {
    expect(new Network(id).host(node).sixplane.address).toBe(address);
  });

  test.each([
    ["fc9c:56c2:e3de:adbe:ef01::53", { node: "deadbeef01", mode: "6plane", reserved: false }],
    ["fd80:56c2:e21c:0:199:93de:adbe:ef01", { node: "deadbeef01", mode: "rfc4193", reserved: false }],
    ["02:de:ad:a2:0d:c3", { node: "deadbeef01", mode: "mac", reserved: false }],
    ["02-DE-AD-A2-0D-C3", { node: "deadbeef01", mode: "mac", reserved: false }],
    ["fc9c:56c2:e300::", { node: "0000000000", mode: "6plane", reserved: true }],
    ["fc9c:56c2:e3ff::", { node: "ff00000000", mode: "6plane", reserved: true }],
    ["fc9c:56c2:e4de:adbe:ef01::53", undefined],
    ["fd80:56c2:e21c:0:199:94de:adbe:ef01", undefined],
    ["fe80::1", undefined],
    ["04:de:ad:a2:0d:c3", undefined],
  ])("knows the owner of %s", (text, owner) => expect(network.ownerOf(text)).toEqual(owner));

  test.each(["", "deadbeef01", "02:de:ad:a2:0d", "fc9c:56c2:e3de:adbe:ef01::53/80"])(
    "asks for an address where it gets %j",
    (text) => {
      expect(() => network.ownerOf(text)).toThrow(InputError);
      expect(() => network.ownerOf(text)).toThrow("address must be an IPv6 address or a MAC, got");
    },
  );

  test("of a port range has its ports in its ID", () => {
    expect(Network.adhoc(22, 22).id).toBe("ff00160016000000");
    expect(Network.adhoc(0, 65535).id).toBe("ff0000ffff000000");
    expect(Network.adhoc(7000, 7999).ports).toEqual({ start: 7000, end: 7999 });
    expect(new Network("FF00160016000000").ports).toEqual({ start: 22, end: 22 });
  });

  test.each([NETWORK, "ff00160016000001", "ff00170016000000", "fe00160016000000"])(
    "%s has no port range",
    (id) => expect(new Network(id).ports).toBeUndefined(),
  );

  test.each([
    [-1, 1, "start port must be a whole number from 0 to 65535, got -1"],
    [65536, 65536, "start port must be a whole number from 0 to 65535, got 65536"],
    [22, 21, "end port must be a whole number from 22 to 65535, got 21"],
    [22, 65536, "end port must be a whole number from 22 to 65535, got 65536"],
    [1.5, 2, "start port must be a whole number from 0 to 65535, got 1.5"],
    [Number.NaN, 2, "start port must be a whole number from 0 to 65535, got NaN"],
    ["22", 22, 'start port must be a whole number from 0 to 65535, got "22" (2)'],
  ])("of ports %j to %j is refused", (start, end, message) => {
    expect(() => Network.adhoc(start as number, end)).toThrow(InputError);
    expect(() => Network.adhoc(start as number, end)).toThrow(message);
  });
});

describe("a prefix", () => {
  const { prefix } = host.sixplane;

  test("gives its addresses by number", () => {
    expect(prefix.toString()).toBe("fc9c:56c2:e389:e92c:eee5::/80");
    expect(prefix.address(0)).toBe("fc9c:56c2:e389:e92c:eee5::");
    expect(prefix.address(0x242)).toBe("fc9c:56c2:e389:e92c:eee5::242");
    expect(prefix.address(2n ** 48n - 1n)).toBe("fc9c:56c2:e389:e92c:eee5:ffff:ffff:ffff");
    expect(host.rfc4193.prefix.address(0)).toBe(host.rfc4193.address);
  });

  test("gives its sub-prefixes by number", () => {
    expect(prefix.subnet(96, 1).toString()).toBe("fc9c:56c2:e389:e92c:eee5:1::/96");
    expect(prefix.subnet(81, 1).toString()).toBe("fc9c:56c2:e389:e92c:eee5:8000::/81");
    expect(prefix.subnet(112, 0xffff_ffff).toString()).toBe("fc9c:56c2:e389:e92c:eee5:ffff:ffff:0/112");
    expect(prefix.subnet(80, 0).toString()).toBe(prefix.toString());
    expect(prefix.subnet(128, 5n).toString()).toBe("fc9c:56c2:e389:e92c:eee5::5/128");
  });

  test.each([
    [
      () => prefix.address(2n ** 48n),
      "address number must be a whole number from 0 to 281474976710655, got 281474976710656",
    ],
    [() => prefix.address(-1), "address number must be a whole number from 0 to 281474976710655, got -1"],
    [() => prefix.address(0.5), "address number must be a whole number from 0 to 281474976710655, got 0.5"],
    [
      () => prefix.address("1" as never),
      'address number must be a whole number from 0 to 281474976710655, got "1" (1)',
    ],
    [
      () => network.sixplane.address(2 ** 53),
      "address number must be a whole number from 0 to 309485009821345068724781055, got 9007199254740992: so large a number is not exact, give a bigint",
    ],
    [() => prefix.subnet(96, 65536), "sub-prefix number must be a whole number from 0 to 65535, got 65536"],
    [() => prefix.subnet(79, 0), "sub-prefix length must be a whole number from 80 to 128, got 79"],
    [() => prefix.subnet(129, 0), "sub-prefix length must be a whole number from 80 to 128, got 129"],
    [
      () => new Prefix("fc00::1", 40),
      'prefix must be an address with no bit set behind /40, got "fc00::1" (7)',
    ],
    [() => new Prefix(new Uint8Array(4), 8), "IPv6 address must be text or 16 bytes, got 4 bytes"],
    [() => new Prefix(5 as never, 8), "IPv6 address must be text or 16 bytes, got 5"],
    [() => new Prefix("fc00::", 129), "prefix length must be a whole number from 0 to 128, got 129"],
    [() => new Prefix("fc00::", -1), "prefix length must be a whole number from 0 to 128, got -1"],
    [() => new Prefix("::", 81).arpa, "prefix length of an ip6.arpa zone must be a multiple of 4, got 81"],
  ])("refuses what it cannot take, %#", (act, message) => {
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });

  test("may come as bytes, which it does not hold on to", () => {
    const first = Uint8Array.of(0xfc, ...new Uint8Array(15));
    const one = new Prefix(first, 8);
    first[0] = 0;
    expect(one.toString()).toBe("fc00::/8");
  });

  test("has a reverse zone", () => {
    expect(network.sixplane.arpa).toBe("3.e.2.c.6.5.c.9.c.f.ip6.arpa");
    expect(prefix.arpa).toBe("5.e.e.e.c.2.9.e.9.8.3.e.2.c.6.5.c.9.c.f.ip6.arpa");
    expect(network.rfc4193.arpa).toBe("3.9.9.9.1.0.0.0.0.0.c.1.2.e.2.c.6.5.0.8.d.f.ip6.arpa");
    expect(new Prefix("::", 0).arpa).toBe("ip6.arpa");
    // RFC 3596 §2.5's own example
    expect(new Prefix("4321:0:1:2:3:4:567:89ab", 128).arpa).toBe(
      "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
    );
  });

  test("of the longest length holds one address", () => {
    expect(() => host.rfc4193.prefix.address(1)).toThrow(
      "address number must be a whole number from 0 to 0, got 1",
    );
  });
});

describe("a responder", () => {
  const responder = network.responder({ node: SELF });

  test("answers, and leaves the question alone", () => {
    const question = solicitation();
    const before = toHex(question);
    const verdict = responder.answer(question);
    expect(verdict).toMatchObject({ kind: "reply", reason: "emulated" });
    expect(verdict.kind === "reply" && toHex(verdict.frame)).toBe(advertisement());
    expect(toHex(question)).toBe(before);
  });

  test("answers in place, without a copy", () => {
    const question = solicitation();
    responder.buffer.set(question);
    const length = responder.answerInPlace(question.length);
    expect(toHex(responder.buffer.subarray(0, length))).toBe(advertisement());
    expect(responder.verdict(length)).toMatchObject({ kind: "reply" });
    const { buffer } = responder.buffer;
    expect(buffer.byteLength).toBe(0x10000);
  });

  test("gives the ZeroTier core's replies both ways", () => {
    for (const { network: id, self, mode, ns, na } of REPLIES) {
      const one = new Network(id).responder({ node: self, modes: [mode] });
      const verdict = one.answer(hex(ns));
      expect(verdict.kind === "reply" && toHex(verdict.frame)).toBe(na);
      one.buffer.set(hex(ns));
      expect(toHex(one.buffer.subarray(0, one.answerInPlace(ns.length / 2)))).toBe(na);
    }
  });

  test("allocates nothing for a frame: verdicts and views are the same objects each time", () => {
    const verdicts = [
      solicitation(),
      solicitation(),
      solicitation({ hopLimit: "40" }),
      solicitation({ hopLimit: "40" }),
    ].map((frame) => responder.answer(frame));
    expect(verdicts[0]).toBe(verdicts[1]);
    expect(verdicts[2]).toBe(verdicts[3]);
    expect(verdicts[0]?.kind === "reply" && verdicts[0].frame.buffer).toBe(responder.buffer.buffer);
    expect(Object.isFrozen(verdicts[0])).toBe(true);
    expect(Object.isFrozen(verdicts[2])).toBe(true);
  });

  test("keeps to itself beside others", () => {
    const others = [...Array(50).keys()].map((i) =>
      new Network(NETWORK).responder({ node: (i + 1).toString(16).padStart(10, "0") }),
    );
    responder.buffer.set(solicitation());
    for (const other of others) other.answer(solicitation({ hopLimit: "40" }));
    new Network("1111111111111111").ownerOf("fe80::1");
    expect(responder.answerInPlace(86)).toBe(86);
  });

  test("answers for the modes it is given", () => {
    const rfc4193 = network.responder({ node: SELF, modes: ["rfc4193"] });
    expect(rfc4193.answer(solicitation())).toEqual({ kind: "pass", reason: "not-emulated" });
    const probe = solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET });
    expect(responder.answer(probe)).toEqual({ kind: "pass", reason: "unicast-probe" });
    expect(network.responder({ node: SELF, probes: true }).answer(probe).kind).toBe("reply");
  });

  test.each([
    [{ ethertype: "0800" }, "pass", "not-ipv6"],
    [{ options: "", padding: "" }, "reply", "emulated"],
    [{ ethernetDestination: OWNER_MAC }, "pass", "unicast-probe"],
    [{ ethernetDestination: "ffffffffffff" }, "pass", "broadcast"],
    [{ versionClassFlow: "40000000" }, "pass", "ip-version"],
    [{ nextHeader: "06" }, "pass", "next-header"],
    [{ type: "88" }, "pass", "not-solicitation"],
    [{ target: "fe800000000000000000000000000001" }, "pass", "not-emulated"],
    [{ target: "fc9c56c2e389e92ceee5000000000007" }, "pass", "own-address"],
    [{ target: "fc9c56c2e3ff00000000000000000001" }, "pass", "reserved-owner"],
    [{ ethernetSource: "000000000000" }, "invalid", "ethernet-source"],
    [{ hopLimit: "40" }, "invalid", "hop-limit"],
    [{ payloadLength: "0000" }, "invalid", "payload-length"],
    [{ source: "00000000000000000000000000000001" }, "invalid", "source"],
    [{ source: TARGET }, "invalid", "source-is-target"],
    [{ destination: "ff020000000000000000000000000002" }, "invalid", "destination"],
    [{ code: "01" }, "invalid", "code"],
    [{ checksum: "0000" }, "invalid", "checksum"],
    [{ options: "0100000000000000" }, "invalid", "option-length"],
    [{ source: "0".repeat(32), options: "01010289e9300c27" }, "invalid", "unspecified-with-link-layer"],
    [{ options: "01020289e9300c270000000000000000" }, "invalid", "link-layer-length"],
  ])("names its verdict on %j: %s, %s", (fields, kind, reason) => {
    expect(responder.answer(solicitation(fields))).toMatchObject({ kind, reason });
  });

  test("names a frame that is too short", () => {
    expect(responder.answer(new Uint8Array(0))).toEqual({ kind: "pass", reason: "too-short" });
  });

  test("looks at the start of a frame longer than its memory", () => {
    const long = (fields: object) => solicitation({ ...fields, padding: "00".repeat(70_000) });
    expect(responder.answer(long({})).kind).toBe("reply");
    expect(responder.answer(long({ ethertype: "0800" }))).toEqual({ kind: "pass", reason: "not-ipv6" });
    expect(responder.answer(long({ payloadLength: "ffff" }))).toEqual({
      kind: "invalid",
      reason: "payload-length",
    });
  });

  test("takes a view into a greater buffer, and a kind of Uint8Array, as Node's Buffer is", () => {
    const padded = new Uint8Array(300).fill(7);
    padded.set(solicitation(), 100);
    expect(responder.answer(padded.subarray(100, 186)).kind).toBe("reply");
    class Kind extends Uint8Array {}
    expect(responder.answer(Kind.from(solicitation())).kind).toBe("reply");
  });

  test.each([
    [() => responder.answer("00" as never), 'frame must be a Uint8Array, got "00" (2)'],
    [() => responder.answer(undefined as never), "frame must be a Uint8Array, got undefined"],
    [() => responder.answerInPlace(65_519), "frame length must be 0 to 65518, got 65519"],
    [() => responder.answerInPlace(-1), "frame length must be 0 to 65518, got -1"],
    [() => responder.answerInPlace(Number.NaN), "frame length must be 0 to 65518, got NaN"],
    [() => responder.answerInPlace(1.5), "frame length must be 0 to 65518, got 1.5"],
    [() => responder.answerInPlace("86" as never), 'frame length must be 0 to 65518, got "86" (2)'],
    [() => responder.answerInPlace(86n as never), "frame length must be 0 to 65518, got 86"],
    [() => responder.verdict(-40), "code must be one that answerInPlace returned, got -40"],
    [() => responder.verdict(1.5), "code must be one that answerInPlace returned, got 1.5"],
    [() => network.responder(undefined as never), "node address must be 10 hex digits, got undefined"],
    [
      () => network.responder({ node: SELF, modes: [] }),
      "modes must be an array of 6plane, rfc4193 or both, got an array of 0",
    ],
    [
      () => network.responder({ node: SELF, modes: "6plane" as never }),
      'modes must be an array of 6plane, rfc4193 or both, got "6plane" (6)',
    ],
    [
      () => network.responder({ node: SELF, modes: ["6PLANE" as never] }),
      'mode must be 6plane or rfc4193, got "6PLANE" (6)',
    ],
  ])("refuses what it cannot take, %#", (act, message) => {
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });

  test("survives the owner kernel's malformed cases with a verdict each", () => {
    for (const { in_hex } of OWNER_KERNEL.cases) {
      expect(["reply", "pass", "invalid"]).toContain(responder.answer(hex(in_hex)).kind);
    }
  });
});

describe.each(BUILDS)("the $name build", (build) => {
  const [full] = BUILDS;
  const before = new Network(NETWORK);

  function loaded(act: (network: Network) => void): void {
    initSync(build.module);
    try {
      act(new Network(NETWORK));
      // What was made with the full build keeps it.
      expect(before.host(SELF).mac).toBe("02:89:e9:30:0c:27");
    } finally {
      initSync(full?.module);
    }
    expect(new Network(NETWORK).host(SELF).mac).toBe("02:89:e9:30:0c:27");
  }

  test("answers, or says that it lacks a responder", () =>
    loaded((network) => {
      const make = () => network.responder({ node: SELF });
      if (!RESPONDERS.includes(build)) {
        expect(make).toThrow(MissingFunctionError);
        expect(make).toThrow('the loaded core has no function "respond"');
        return;
      }
      const responder = make();
      const target = build.modes & 1 ? TARGET : TARGET_RFC4193;
      const hopLimit = responder.answer(solicitation({ target, hopLimit: "40" }));
      if (build.rules) {
        expect(hopLimit).toEqual({ kind: "invalid", reason: build.reasons ? "hop-limit" : "unspecified" });
      }
      expect(responder.answer(solicitation({ ethertype: "0800" }))).toEqual({
        kind: "pass",
        reason: build.reasons ? "not-ipv6" : "unspecified",
      });
      const verdict = responder.answer(solicitation({ target }));
      if (verdict.kind !== "reply") throw new Error(verdict.reason);
      expect(toHex(verdict.frame)).toBe(advertisement({ target }));
    }));

  test("finds a neighbour, or says that it cannot", () =>
    loaded((network) => {
      const found = () => network.neighbour("fc9c:56c2:e3de:adbe:ef01::53");
      if (NEIGHBOURS.includes(build)) expect(found()).toBe("02:de:ad:a2:0d:c3");
      else expect(found).toThrow('the loaded core has no function "neighbour"');
    }));

  test("derives, or says that it lacks derivation", () =>
    loaded((network) => {
      const derived = () => [network.host(SELF).mac, network.sixplane.toString(), network.ownerOf("fe80::1")];
      if (DERIVERS.includes(build)) {
        expect(derived()).toEqual(["02:89:e9:30:0c:27", "fc9c:56c2:e300::/40", undefined]);
        expect(network.ownerOf("02:de:ad:a2:0d:c3")?.node).toBe("deadbeef01");
        expect(network.ownerOf("fc9c:56c2:e3de:adbe:ef01::53")?.node).toBe("deadbeef01");
      } else {
        expect(derived).toThrow(MissingFunctionError);
        expect(() => network.ownerOf("fe80::1")).toThrow('the loaded core has no function "owner"');
        expect(() => network.rfc4193).toThrow('the loaded core has no function "rfc4193"');
      }
    }));
});
