// The rules as a specification: what differs from a valid solicitation, and the verdict that it must get.
import type { InvalidReason, PassReason } from "sixplane";
import {
  ALL_NODES,
  type Fields,
  LINK_LOCAL,
  OWNER_MAC,
  SELF_ADDRESS,
  SELF_MAC,
  SELF_RFC4193,
  sllao,
  solicitedNode,
  TARGET_RFC4193,
  TARGET as TARGET_SIXPLANE,
  UNSPECIFIED,
} from "../support/frames.ts";

/** Bits of the record's modes byte. */
export const SIXPLANE = 1;
export const RFC4193 = 2;
export const BOTH = 3;
export const PROBES = 4;

export type Verdict =
  | "reply"
  | `pass: ${Exclude<PassReason, "unspecified">}`
  | `invalid: ${Exclude<InvalidReason, "unspecified">}`;

export interface Row {
  /** The rule's name in assembly/README.md. */
  rule: string;
  /** What the frame is. */
  frame: string;
  /** The fields, as hex, that differ from a valid solicitation for the owner's address. */
  differs: Partial<Fields>;
  /** The verdict of a build that checks every rule. */
  verdict: Verdict;
  /** The record's modes; both, without probes, by default. */
  modes: number;
  /** The verdict of `tiny`, where it is neither `verdict` nor a reply because `tiny` lacks the rule. */
  tiny: Verdict;
}

type Extra = Partial<Pick<Row, "modes" | "tiny">>;

const row = (
  rule: string,
  frame: string,
  differs: Partial<Fields>,
  verdict: Verdict,
  extra: Extra = {},
): Row => ({ rule, frame, differs, verdict, modes: BOTH, tiny: verdict, ...extra });

const DAD = { source: UNSPECIFIED };
const IN_PROBES_MODE = { modes: BOTH | PROBES };
/** An Ethernet group that solicitations go to, for rows whose IPv6 destination would give another. */
const TO_GROUP = { ethernetDestination: "3333ff000001" };
const NONCE = "0e0112b04b505012";
const LONG_LINK_LAYER_ADDRESS = `0102${SELF_MAC}0000000000000000`;

/** The address with its first bytes replaced. */
const startingWith = (start: string, address = TARGET_SIXPLANE) => start + address.slice(start.length);

/** The rows for a build whose usual target is this address of the owner. */
export const rows = (target: string): Row[] => [
  row("E1", "the valid solicitation that all rows start from", {}, "reply"),
  ...ethernet(target),
  ...ipv6(target),
  ...icmpv6,
  ...options,
  ...targets,
  row("F1", "duplicate address detection for another node's address", DAD, "reply"),
  row("F2", "a solicitation from a node that has an address", {}, "reply"),
  ...foreignAndMalformed(target),
];

function ethernet(target: string): Row[] {
  const PROBE = { ethernetDestination: OWNER_MAC, destination: target };
  return [
    row("A1", "IPv4", { ethertype: "0800" }, "pass: not-ipv6"),
    row("A1", "ARP", { ethertype: "0806" }, "pass: not-ipv6"),
    row("A1", "LLDP", { ethertype: "88cc" }, "pass: not-ipv6"),
    row("A1", "a VLAN tag", { ethertype: "8100000586dd" }, "pass: not-ipv6"),
    row("A1", "a priority tag", { ethertype: "8100000086dd" }, "pass: not-ipv6"),
    row("A1", "a service tag", { ethertype: "88a8000586dd" }, "pass: not-ipv6"),
    row("A1", "an old service tag", { ethertype: "9100000586dd" }, "pass: not-ipv6"),
    row("A1", "two tags", { ethertype: "88a800058100000686dd" }, "pass: not-ipv6"),

    row("A3", "a unicast probe", PROBE, "pass: unicast-probe"),
    row("A3", "a unicast probe in probes mode", PROBE, "reply", {
      ...IN_PROBES_MODE,
      tiny: "pass: unicast-probe", // the ZeroTier core never answers probes
    }),
    row(
      "A3",
      "in probes mode, to the owner's MAC but to the solicited-node address",
      { ethernetDestination: OWNER_MAC },
      "pass: unicast-probe",
      IN_PROBES_MODE,
    ),
    row(
      "A3",
      "in probes mode, to the target but to another MAC",
      { ...PROBE, ethernetDestination: "02deadbeef01" },
      "pass: unicast-probe",
      IN_PROBES_MODE,
    ),

    row("A4", "to broadcast", { ethernetDestination: "ffffffffffff" }, "pass: broadcast"),
    row("A4", "to all nodes' MAC", { ethernetDestination: "333300000001" }, "reply"),
    row("A4", "to another IPv6 group's MAC", { ethernetDestination: "3333ff00dead" }, "reply"),
    row("A4", "to an IPv4 group's MAC", { ethernetDestination: "01005e000001" }, "reply"),

    row("A5", "from all nodes' MAC", { ethernetSource: "333300000001" }, "invalid: ethernet-source"),
    row("A5", "from broadcast", { ethernetSource: "ffffffffffff" }, "invalid: ethernet-source"),
    row(
      "A5",
      "from a MAC of the group bit alone",
      { ethernetSource: "010000000000" },
      "invalid: ethernet-source",
    ),
    row("A5", "from the zero MAC", { ethernetSource: "000000000000" }, "invalid: ethernet-source"),
    row("A5", "from the owner's own MAC", { ethernetSource: OWNER_MAC }, "invalid: ethernet-source"),

    row("A6", "padding behind the packet", { padding: "0000000000" }, "reply"),
    row("A6", "a frame check sequence behind the packet", { padding: "deadbeef" }, "reply"),
    row("A6", "what looks like a bad option behind the packet", { padding: "0100000000000000" }, "reply"),
    row("A6", "a thousand bytes behind the packet", { padding: "5a".repeat(1000) }, "reply"),
  ];
}

function ipv6(target: string): Row[] {
  const TO_TARGET = { ...TO_GROUP, destination: target };
  return [
    ...["0", "1", "4", "5", "7", "f"].map((version) =>
      row("B1", `IP version ${version}`, { versionClassFlow: `${version}0000000` }, "pass: ip-version"),
    ),
    row(
      "B1",
      "any traffic class and flow label; they are not echoed",
      { versionClassFlow: "6fffffff" },
      "reply",
    ),

    ...["00", "01", "40", "fe"].map((hopLimit) =>
      row("B2", `hop limit ${hopLimit}`, { hopLimit }, "invalid: hop-limit"),
    ),

    ...["0000", "0001", "0008", "0017", "0021", "0028", "ffff"].map((payloadLength) =>
      row(
        "B3",
        `payload length ${payloadLength} where 0020 is there`,
        { payloadLength },
        "invalid: payload-length",
      ),
    ),
    row("B3", "no options: a payload of 24 bytes, in a frame of 78", { options: "" }, "reply"),

    row("B4", "Hop-by-Hop Options", { nextHeader: "00" }, "pass: next-header"),
    row("B4", "TCP", { nextHeader: "06" }, "pass: next-header"),
    row("B4", "a Routing header", { nextHeader: "2b" }, "pass: next-header"),
    row("B4", "a Fragment header", { nextHeader: "2c" }, "pass: next-header"),
    row("B4", "ICMP for IPv4", { nextHeader: "01" }, "pass: next-header"),
    row("B4", "No Next Header", { nextHeader: "3b" }, "pass: next-header"),
    row("B4", "Destination Options", { nextHeader: "3c" }, "pass: next-header"),

    row("B5", "from all nodes", { source: ALL_NODES }, "invalid: source"),
    row("B5", "from a solicited-node address", { source: solicitedNode(target) }, "invalid: source"),
    row("B5", "from ::1", { source: "00000000000000000000000000000001" }, "invalid: source"),
    row("B5", "from ::2", { source: "00000000000000000000000000000002" }, "reply"),
    row("B5", "from ::1:0:0:1", { source: "00000000000000000001000000000001" }, "reply"),
    row("B5", "from 1::1", { source: "00010000000000000000000000000001" }, "reply"),
    row("B5", "from an IPv4-mapped address", { source: "00000000000000000000ffff7f000001" }, "reply"),

    row("B6", "from the target", { source: target }, "invalid: source-is-target"),
    row("B6", "from the address after the target", { source: `${target.slice(0, 31)}2` }, "reply"),

    ...(
      [
        ["another solicited-node address", "ff0200000000000000000001ff00dead"],
        ["a solicited-node address with another last byte", "ff0200000000000000000001ff000002"],
        ["a solicited-node address without its ff", "ff020000000000000000000100000001"],
        ["a solicited-node address of another scope", "ff0500000000000000000001ff000001"],
        ["all routers", "ff020000000000000000000000000002"],
        ["the target", target],
        ["this node", SELF_ADDRESS],
      ] as const
    ).map(([to, destination]) => row("B7", `to ${to}`, { ...TO_GROUP, destination }, "invalid: destination")),
    row("B7", "to all nodes", { destination: ALL_NODES }, "reply"),
    row("B7", "to all nodes, from ::", { ...DAD, destination: ALL_NODES }, "invalid: destination"),
    row("B7", "in probes mode, to the target", TO_TARGET, "reply", IN_PROBES_MODE),
    row(
      "B7",
      "in probes mode, to the target, from ::",
      { ...TO_TARGET, ...DAD },
      "invalid: destination",
      IN_PROBES_MODE,
    ),
    row(
      "B7",
      "in probes mode, to the target at its owner's MAC, from ::",
      { ...DAD, destination: target, ethernetDestination: OWNER_MAC },
      "invalid: destination",
      { ...IN_PROBES_MODE, tiny: "pass: unicast-probe" },
    ),
  ];
}

const icmpv6: Row[] = [
  row("C1", "an advertisement", { type: "88" }, "pass: not-solicitation"),
  row("C2", "code 01", { code: "01" }, "invalid: code"),
  row("C2", "code 80", { code: "80" }, "invalid: code"),
  row("C2", "code ff", { code: "ff" }, "invalid: code"),
  row("C3", "checksum 0000", { checksum: "0000" }, "invalid: checksum"),
  row("C3", "checksum ffff", { checksum: "ffff" }, "invalid: checksum"),
  row("C4", "a reserved word that is not zero", { reserved: "ffffffff" }, "reply"),
];

const good = sllao(SELF_MAC);

const options: Row[] = [
  row("D1", "an option of length 0", { options: "0100000000000000" }, "invalid: option-length"),
  row(
    "D1",
    "an option of length 0 after a good one",
    { options: `${good}0e00000000000000` },
    "invalid: option-length",
  ),
  row("D1", "an option past the end", { options: `0102${SELF_MAC}` }, "invalid: option-length"),
  row("D1", "an option far past the end", { options: `01ff${SELF_MAC}` }, "invalid: option-length"),
  row(
    "D1",
    "an option past the end after a good one",
    { options: `${good}0e03000000000000` },
    "invalid: option-length",
  ),
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((bytes) => [
    row(
      "D1",
      `${bytes} bytes behind a good option`,
      { options: good + "01".repeat(bytes) },
      "invalid: option-length",
    ),
    row("D1", `${bytes} zero bytes as options`, { options: "00".repeat(bytes) }, "invalid: option-length"),
  ]),
  row(
    "D1",
    "an option past the packet that ends within the frame",
    { options: `0102${SELF_MAC}`, padding: "0000000000000000" },
    "invalid: option-length",
  ),

  row(
    "D2",
    "from ::, with a source link-layer address",
    { ...DAD, options: good },
    "invalid: unspecified-with-link-layer",
  ),
  row(
    "D2",
    "from ::, with a nonce and a source link-layer address",
    { ...DAD, options: `0e01000000000000${good}` },
    "invalid: unspecified-with-link-layer",
  ),

  row(
    "D3",
    "a source link-layer address of 16 bytes",
    { options: LONG_LINK_LAYER_ADDRESS },
    "invalid: link-layer-length",
  ),
  row(
    "D3",
    "one of 8 bytes, then one of 16",
    { options: good + LONG_LINK_LAYER_ADDRESS },
    "invalid: link-layer-length",
  ),

  row("D4", "no source link-layer address: the reply goes to the Ethernet source", { options: "" }, "reply"),

  row("D5", "another MAC as source link-layer address", { options: sllao("02deadbeef01") }, "reply"),
  row("D5", "a multicast MAC as source link-layer address", { options: sllao("333300000001") }, "reply"),
  row("D5", "broadcast as source link-layer address", { options: sllao("ffffffffffff") }, "reply"),
  row("D5", "the zero MAC as source link-layer address", { options: sllao("000000000000") }, "reply"),
  row("D5", "the owner's MAC as source link-layer address", { options: sllao(OWNER_MAC) }, "reply"),
  row(
    "D5",
    "two source link-layer addresses",
    { options: sllao("02deadbeef01") + sllao("02deadbeef02") },
    "reply",
  ),

  ...(
    [
      ["an unknown option", "fd01000000000000"],
      ["a nonce", NONCE],
      ["CGA, RSA and timestamp", `0b01${"00".repeat(6)}0c02${"00".repeat(14)}0d02${"00".repeat(14)}`],
      ["an MTU", "0501000000000578"],
      ["a target link-layer address", "020102deadbeef01"],
      ["an option of type 0", "0001000000000000"],
      ["an option of 2,040 bytes", `fdff${"00".repeat(255 * 8 - 2)}`],
    ] as const
  ).flatMap(([option, bytes]) => [
    row("D6", `${option} before the link-layer address`, { options: bytes + good }, "reply"),
    row("D6", `${option} after the link-layer address`, { options: good + bytes }, "reply"),
    row("D6", `${option} from ::`, { ...DAD, options: bytes }, "reply"),
  ]),
];

const targets: Row[] = [
  ...["000000000000", "000000000001", "0242ac110002", "ffffffffffff"].map((suffix) =>
    row(
      "E1",
      `an address of the owner's /80, ending in ${suffix}`,
      { target: TARGET_SIXPLANE.slice(0, 20) + suffix },
      "reply",
    ),
  ),
  row("E2", "the owner's RFC 4193 address", { target: TARGET_RFC4193, source: SELF_RFC4193 }, "reply"),

  row("E3", "6PLANE, in RFC 4193 mode alone", { target: TARGET_SIXPLANE }, "pass: not-emulated", {
    modes: RFC4193,
  }),
  row("E3", "6PLANE, in probes mode alone", { target: TARGET_SIXPLANE }, "pass: not-emulated", {
    modes: PROBES,
  }),
  row("E3", "RFC 4193, in 6PLANE mode alone", { target: TARGET_RFC4193 }, "pass: not-emulated", {
    modes: SIXPLANE,
  }),
  row("E3", "RFC 4193, in no mode", { target: TARGET_RFC4193 }, "pass: not-emulated", { modes: 0 }),
  row("E3", "6PLANE, in 6PLANE mode alone", { target: TARGET_SIXPLANE }, "reply", { modes: SIXPLANE }),
  row("E3", "RFC 4193, in RFC 4193 mode alone", { target: TARGET_RFC4193 }, "reply", { modes: RFC4193 }),
  ...(
    [
      ["another 6PLANE network, bit 8", startingWith("fc1c")],
      ["another 6PLANE network, bit 39", startingWith("fc9c56c2e2")],
      ["another RFC 4193 network, bit 8", startingWith("fd00", TARGET_RFC4193)],
      ["another RFC 4193 network, bit 71", startingWith("fd8056c2e21c000000", TARGET_RFC4193)],
      ["an RFC 4193 address without 9993", startingWith("fd8056c2e21c0000019994", TARGET_RFC4193)],
      ["a 6PLANE address under fd", startingWith("fd")],
      ["an RFC 4193 address under fc", startingWith("fc", TARGET_RFC4193)],
      ["first byte fe", startingWith("fe")],
      ["first byte ff", startingWith("ff")],
      ["first byte fb", startingWith("fb")],
      ["a link-local address", LINK_LOCAL],
      ["a global address", "20010db8000000000000000000000001"],
      ["::", UNSPECIFIED],
    ] as const
  ).map(([what, target]) => row("E3", `for ${what}`, { target }, "pass: not-emulated")),

  ...(
    [
      ["::1", SELF_ADDRESS],
      ["an address of its /80", "fc9c56c2e389e92ceee5deadbeef0001"],
      ["its RFC 4193 address", SELF_RFC4193],
    ] as const
  ).flatMap(([what, target]) => [
    row("E4", `for this node's own: ${what}`, { target, source: LINK_LOCAL }, "pass: own-address"),
    row("E4", `for this node's own, from :: : ${what}`, { target, ...DAD }, "pass: own-address"),
  ]),

  ...["0000000000", "ff00000000", "ffffffffff"].flatMap((node) => [
    row("E5", `for ${node}, in 6PLANE`, { target: `fc9c56c2e3${node}000000000001` }, "pass: reserved-owner"),
    row(
      "E5",
      `for ${node}, in RFC 4193`,
      { target: `fd8056c2e21c0000019993${node}` },
      "pass: reserved-owner",
    ),
  ]),
  ...["0000000001", "fe00000000", "feffffffff", "00ff000000"].map((node) =>
    row("E5", `for ${node}, which is not reserved`, { target: `fc9c56c2e3${node}000000000001` }, "reply"),
  ),
];

/** Frames that are not ours pass, however malformed they are. */
function foreignAndMalformed(target: string): Row[] {
  const malformed = { hopLimit: "00", checksum: "1234", options: "0100000000000000", code: "01" };
  const probe = { ethernetDestination: OWNER_MAC, destination: target };
  return [
    row(
      "E3",
      "a malformed frame for a link-local address",
      { ...malformed, target: LINK_LOCAL },
      "pass: not-emulated",
    ),
    row("E4", "a malformed frame for this node", { ...malformed, target: SELF_ADDRESS }, "pass: own-address"),
    row("A3", "a malformed probe", { ...malformed, ...probe }, "pass: unicast-probe"),
  ];
}
