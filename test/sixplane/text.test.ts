// Text in and out: strict tables, and two libraries to agree with.
import fc from "fast-check";
import { Address6 } from "ip-address";
import ipaddr from "ipaddr.js";
import { formatAddress, formatMac, InputError, Network, parseAddress, parseMac } from "sixplane";
import { describe, expect, test } from "vitest";
import { ipv6 } from "../support/arbitraries.ts";
import { hex, toHex } from "../support/frames.ts";

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error("it was taken");
}

describe("a network ID", () => {
  test("is 16 hex digits in either case", () => {
    expect(new Network("8056C2E21C000001").id).toBe("8056c2e21c000001");
  });

  test.each([
    ["", 'network ID must be 16 hex digits, got "" (0)'],
    ["8056c2e2", 'network ID must be 16 hex digits, got "8056c2e2" (8)'],
    ["8056c2e21c0000011", 'network ID must be 16 hex digits, got "8056c2e21c0000011" (17)'],
    ["8056c2e21c00000g", 'network ID must be 16 hex digits, got "8056c2e21c00000g" (16)'],
    ["0x56c2e21c000001", 'network ID must be 16 hex digits, got "0x56c2e21c000001" (16)'],
    [" 8056c2e21c00001", 'network ID must be 16 hex digits, got " 8056c2e21c00001" (16)'],
    ["8056c2e21c00000\n", 'network ID must be 16 hex digits, got "8056c2e21c00000\\n" (16)'],
    ["８056c2e21c000001", 'network ID must be 16 hex digits, got "８056c2e21c000001" (16)'],
    [0x8056c2, "network ID must be 16 hex digits, got 8410818"],
    [null, "network ID must be 16 hex digits, got null"],
    [undefined, "network ID must be 16 hex digits, got undefined"],
    [["8056c2e21c000001"], "network ID must be 16 hex digits, got an array of 1"],
  ])("is not %j", (text, message) => {
    expect(refusal(() => new Network(text as string))).toBe(message);
  });

  test("is not quoted beyond 80 characters", () => {
    const message = refusal(() => new Network("8".repeat(1_000_000)));
    expect(message).toBe(`network ID must be 16 hex digits, got "${"8".repeat(80)}…" (1000000)`);
  });
});

describe("a node address", () => {
  const network = new Network("8056c2e21c000001");

  test("is 10 hex digits in either case", () => expect(network.host("89E92CEEE5").node).toBe("89e92ceee5"));

  test.each([
    ["", 'node address must be 10 hex digits, got "" (0)'],
    ["89e92ceee", 'node address must be 10 hex digits, got "89e92ceee" (9)'],
    ["89e92ceee55", 'node address must be 10 hex digits, got "89e92ceee55" (11)'],
    ["89e92ceeeg", 'node address must be 10 hex digits, got "89e92ceeeg" (10)'],
    ["89:e9:2c:e", 'node address must be 10 hex digits, got "89:e9:2c:e" (10)'],
    [89, "node address must be 10 hex digits, got 89"],
    [undefined, "node address must be 10 hex digits, got undefined"],
  ])("is not %j", (text, message) => {
    expect(refusal(() => network.host(text as string))).toBe(message);
    expect(refusal(() => network.responder({ node: text as string }))).toBe(message);
  });
});

describe("a MAC", () => {
  test.each(["02:89:e9:30:0c:27", "02:89:E9:30:0C:27", "02-89-e9-30-0c-27"])("is %s", (text) => {
    expect(toHex(parseMac(text))).toBe("0289e9300c27");
    expect(formatMac(parseMac(text))).toBe("02:89:e9:30:0c:27");
  });

  const expected = "MAC must be six pairs of hex digits such as 02:89:e9:30:0c:27, got";
  test.each([
    ["", `${expected} "" (0)`],
    ["0289e9300c27", `${expected} "0289e9300c27" (12)`],
    ["02:89:e9:30:0c", `${expected} "02:89:e9:30:0c" (14)`],
    ["02:89:e9:30:0c:27:00", `${expected} "02:89:e9:30:0c:27:00" (20)`],
    ["2:89:e9:30:c:27", `${expected} "2:89:e9:30:c:27" (15)`],
    ["02:89-e9:30-0c:27", `${expected} "02:89-e9:30-0c:27" (17)`],
    ["02:89:e9:30:0c:2g", `${expected} "02:89:e9:30:0c:2g" (17)`],
    ["0289.e930.0c27", `${expected} "0289.e930.0c27" (14)`],
    [2, `${expected} 2`],
  ])("is not %j", (text, message) => expect(refusal(() => parseMac(text as string))).toBe(message));
});

test("a MAC is written of six bytes only", () =>
  expect(refusal(() => formatMac(new Uint8Array(7)))).toBe("MAC must be 6 bytes, got 7 bytes"));

describe("an IPv6 address", () => {
  test.each([
    ["fc9c:56c2:e389:e92c:eee5::1", "fc9c56c2e389e92ceee5000000000001"],
    ["FC9C:56C2:E389:E92C:EEE5:0000:0000:0001", "fc9c56c2e389e92ceee5000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["::192.0.2.33", "000000000000000000000000c0000221"],
    ["::ffff:192.0.2.33", "00000000000000000000ffffc0000221"],
    ["1:2:3:4:5:6:192.0.2.33", "000100020003000400050006c0000221"],
  ])("is %s", (text, bytes) => expect(toHex(parseAddress(text))).toBe(bytes));

  const expected = "IPv6 address must be text as in fc9c:56c2:e389:e92c:eee5::1, got";
  test.each([
    ["", `${expected} "" (0): it has 0 of 8 groups`],
    [":", `${expected} ":" (1): "" is not 1 to 4 hex digits`],
    [":::", `${expected} ":::" (3): "" is not 1 to 4 hex digits`],
    ["1::2::3", `${expected} "1::2::3" (7): :: may stand once`],
    ["1:2:3:4:5:6:7", `${expected} "1:2:3:4:5:6:7" (13): it has 7 of 8 groups`],
    ["1:2:3:4:5:6:7:8:9", `${expected} "1:2:3:4:5:6:7:8:9" (17): it has 9 of 8 groups`],
    ["1:2:3:4::5:6:7:8", `${expected} "1:2:3:4::5:6:7:8" (16): :: leaves no group out`],
    ["1:2:3:4:5:6:7:", `${expected} "1:2:3:4:5:6:7:" (14): "" is not 1 to 4 hex digits`],
    [":1:2:3:4:5:6:7", `${expected} ":1:2:3:4:5:6:7" (14): "" is not 1 to 4 hex digits`],
    ["12345::", `${expected} "12345::" (7): "12345" is not 1 to 4 hex digits`],
    ["g::", `${expected} "g::" (3): "g" is not 1 to 4 hex digits`],
    [" ::1", `${expected} " ::1" (4): " " is not 1 to 4 hex digits`],
    ["::1\n", `${expected} "::1\\n" (4): "1\\n" is not 1 to 4 hex digits`],
    ["[::1]", `${expected} "[::1]" (5): "[" is not 1 to 4 hex digits`],
    ["fe80::1%eth0", `${expected} "fe80::1%eth0" (12): a zone is not part of it`],
    ["fc00::/40", `${expected} "fc00::/40" (9): a prefix length is not part of it`],
    ["192.0.2.33", `${expected} "192.0.2.33" (10): "192.0.2.33" is not the IPv4 address of a mixed form`],
    ["::192.0.2", `${expected} "::192.0.2" (9): "192.0.2" is not the IPv4 address of a mixed form`],
    [
      "::192.0.2.256",
      `${expected} "::192.0.2.256" (13): "192.0.2.256" is not the IPv4 address of a mixed form`,
    ],
    [
      "::192.0.2.033",
      `${expected} "::192.0.2.033" (13): "192.0.2.033" is not the IPv4 address of a mixed form`,
    ],
    ["::1.2.3.4.5", `${expected} "::1.2.3.4.5" (11): "1.2.3.4.5" is not the IPv4 address of a mixed form`],
    ["1.2.3.4::", `${expected} "1.2.3.4::" (9): "1.2.3.4" is not 1 to 4 hex digits`],
    ["1:2:3:4:5:6:7:1.2.3.4", `${expected} "1:2:3:4:5:6:7:1.2.3.4" (21): it has 9 of 8 groups`],
    [1, `${expected} 1`],
  ])("is not %j", (text, message) => expect(refusal(() => parseAddress(text as string))).toBe(message));

  test.each([
    ["00010000000000000001000000000001", "1::1:0:0:1"],
    ["00010000000000010000000000000001", "1:0:0:1::1"],
    ["00000000000000000000000000000000", "::"],
    ["00010002000300040005000600070000", "1:2:3:4:5:6:7:0"],
    ["00010002000300040005000600000000", "1:2:3:4:5:6::"],
    ["fc9c56c2e389e92ceee5000000000001", "fc9c:56c2:e389:e92c:eee5::1"],
    ["00000000000000000000ffffc0000221", "::ffff:192.0.2.33"],
    ["00000000000000000000ffff00000001", "::ffff:0.0.0.1"],
    ["000000000000000000000000c0000221", "::c000:221"],
  ])("%s is written %s (RFC 5952)", (bytes, text) => expect(formatAddress(hex(bytes))).toBe(text));

  test("is written as two libraries write it", () => {
    fc.assert(
      fc.property(ipv6, (bytes) => {
        fc.pre(!toHex(bytes).startsWith("00000000000000000000ffff")); // they write these in hex
        const text = formatAddress(bytes);
        expect(text).toBe(new ipaddr.IPv6([...bytes]).toRFC5952String());
        expect(text).toBe(Address6.fromByteArray([...bytes]).correctForm());
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    [new Uint8Array(15), "IPv6 address must be 16 bytes, got 15 bytes"],
    ["::1", 'IPv6 address must be 16 bytes, got "::1" (3)'],
    [[1, 2], "IPv6 address must be 16 bytes, got an array of 2"],
  ])("is not written of %j", (bytes, message) =>
    expect(refusal(() => formatAddress(bytes as Uint8Array))).toBe(message),
  );

  test("comes back from its text", () => {
    fc.assert(
      fc.property(ipv6, (bytes) => {
        expect(toHex(parseAddress(formatAddress(bytes)))).toBe(toHex(bytes));
      }),
      { numRuns: 5_000 },
    );
  });
});
