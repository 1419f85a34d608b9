// Addresses, prefixes and MACs as bytes and as text; objects as people see them; options that are misspelt.
import { Network, Prefix, parseAddress, parseMac } from "sixplane";
import { describe, expect, test } from "vitest";
import { ADDRESSES } from "../support/vectors.ts";

const network = new Network("8056c2e21c000001");
const host = network.host("89e92ceee5");
const prefix = Prefix.parse("fc9c:56c2:e389:e92c:eee5::/80");

describe("bytes", () => {
  test("of every vector's addresses and MACs lead to their owner, as the text does", () => {
    for (const { network: id, node } of ADDRESSES) {
      const net = new Network(id);
      const { macBytes, mac, sixplane, rfc4193 } = net.host(node);
      expect(net.ownerOf(macBytes)).toEqual(net.ownerOf(mac));
      expect(net.ownerOf(sixplane.bytes)).toEqual(net.ownerOf(sixplane.address));
      expect(net.ownerOf(rfc4193.bytes)).toEqual(net.ownerOf(rfc4193.address));
      expect([macBytes, sixplane.bytes]).toEqual([parseMac(mac), parseAddress(sixplane.address)]);
    }
  });

  test("are copies", () => {
    for (const bytes of [() => host.macBytes, () => host.sixplane.bytes, () => prefix.bytes]) {
      const first = bytes().slice();
      bytes().fill(0xff);
      expect(bytes()).toEqual(first);
    }
  });

  test.each([
    [new Uint8Array(15), "15 bytes"],
    [new Uint8Array(0), "0 bytes"],
    [[2, 0, 0, 0, 0, 1], "an array of 6"],
    [undefined, "undefined"],
    [7, "7"],
  ])("of another length have no owner: %j", (bytes, got) => {
    expect(() => network.ownerOf(bytes as never)).toThrow(
      `address must be an IPv6 address or a MAC as text, 16 or 6 bytes, got ${got}`,
    );
  });
});

describe("a prefix", () => {
  test.each(["fc9c:56c2:e389:e92c:eee5::/80", "fc9c:56c2:e300::/40", "::/0", "fd00::1/128"])(
    "is read from %s",
    (text) => expect(Prefix.parse(text).toString()).toBe(text),
  );

  test.each([
    ["fd00::", "prefix must be an IPv6 address and a length, as in fd00::/8, got"],
    ["fd00::/8/8", "prefix must be an IPv6 address and a length"],
    ["fd00::/-1", "prefix must be an IPv6 address and a length"],
    ["fd00::/129", "prefix length must be a whole number from 0 to 128, got 129"],
    ["fd00::1/64", "prefix must be an address with no bit set behind /64"],
    ["10.0.0.0/8", "IPv6 address must be"],
    [undefined, "prefix must be an IPv6 address and a length"],
  ])("is not read from %s", (text, message) => expect(() => Prefix.parse(text as string)).toThrow(message));

  test.each<[string | Uint8Array | Prefix, boolean]>([
    ["fc9c:56c2:e389:e92c:eee5::1", true],
    ["fc9c:56c2:e389:e92c:eee5:ffff:ffff:ffff", true],
    ["fc9c:56c2:e389:e92c:eee4:ffff:ffff:ffff", false],
    [host.sixplane.bytes, true],
    [host.rfc4193.bytes, false],
    [prefix, true],
    [prefix.subnet(96, 65_535), true],
    [network.sixplane, false],
  ])("contains %s: %j", (other, expected) => expect(prefix.contains(other)).toBe(expected));

  test("of length 0 contains everything", () => {
    expect(Prefix.parse("::/0").contains("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")).toBe(true);
  });

  test("equals one with the same address and length", () => {
    expect(prefix.equals(host.sixplane.prefix)).toBe(true);
    expect(prefix.equals(new Prefix(prefix.bytes, 81))).toBe(false);
    expect(prefix.equals(network.host("deadbeef01").sixplane.prefix)).toBe(false);
  });

  test("gives its addresses and sub-prefixes one by one", () => {
    expect([...Prefix.parse("fd00::fc/126")]).toEqual(["fd00::fc", "fd00::fd", "fd00::fe", "fd00::ff"]);
    const [first, second] = prefix; // of 281,474,976,710,656
    expect([first, second]).toEqual(["fc9c:56c2:e389:e92c:eee5::", "fc9c:56c2:e389:e92c:eee5::1"]);
    const bridges = [...prefix.subnets(96)];
    expect(bridges).toHaveLength(65_536);
    expect(String(bridges.at(-1))).toBe("fc9c:56c2:e389:e92c:eee5:ffff::/96");
    expect(() => prefix.subnets(79).next()).toThrow(
      "sub-prefix length must be a whole number from 80 to 128",
    );
  });
});

describe("an object", () => {
  const responder = network.responder({ node: "89e92ceee5" });
  const { sixplane } = host;

  test.each<[object, string]>([
    [network, "8056c2e21c000001"],
    [host, "89e92ceee5"],
    [sixplane, "fc9c:56c2:e389:e92c:eee5::1"],
    [prefix, "fc9c:56c2:e389:e92c:eee5::/80"],
    [responder, "89e92ceee5"],
  ])("is %s as text", (one, text) => expect(String(one)).toBe(text));

  test("shows in consoles what it stands for", () => {
    const inspect = Symbol.for("nodejs.util.inspect.custom");
    const shown = (one: object) => (one as Record<symbol, (() => string) | undefined>)[inspect]?.();
    expect(shown(prefix)).toBe("Prefix fc9c:56c2:e389:e92c:eee5::/80");
    expect(shown(responder)).toBe("Responder 89e92ceee5"); // and not the 65,518 bytes of its buffer
    // Of the others, consoles show the fields, of which none is computed.
    expect(Object.entries(network)).toEqual([["id", "8056c2e21c000001"]]);
    expect(Object.entries(sixplane)).toEqual([["address", "fc9c:56c2:e389:e92c:eee5::1"]]);
    expect(Object.keys(host)).toEqual(["node", "mac", "sixplane", "rfc4193"]);
  });

  test("has its class's name", () => {
    const classes = [network, host, sixplane, prefix, responder].map((one) => one.constructor.name);
    expect(classes).toEqual(["Network", "Host", "HostAddress", "Prefix", "Responder"]);
  });
});

describe("an unknown option", () => {
  const node = "89e92ceee5";
  const frame = new Uint8Array(60);

  test.each<[string, () => unknown, string]>([
    ["mode", () => network.responder({ node, mode: ["6plane"] } as never), '"mode": did you mean modes?'],
    ["probe", () => network.responder({ node, probe: true } as never), '"probe": did you mean probes?'],
    ["mac", () => network.responder({ node, mac: 1 } as never), '"mac": there are node, modes, probes'],
    [
      "forein",
      () => network.permitsSource(node, frame, { forein: false } as never),
      '"forein": there are foreign, routers',
    ],
  ])("is refused: %s", (_, act, message) => expect(act).toThrow(`no option is called ${message}`));
});
