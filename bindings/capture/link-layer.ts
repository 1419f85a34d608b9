// From the headers of other link types to the Ethernet header that the core reads.

import type { CapturedFrame } from "./frame.ts";

const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const NO_ETHERTYPE = 0;

/** From the start of an IPv6 header. */
const IPV6_DESTINATION = 24;

const NO_MAC = new Uint8Array(6);
const BROADCAST = new Uint8Array(6).fill(0xff);

/** What stands before a packet's payload, in terms of Ethernet. */
interface Header {
  /** Its length in the capture. */
  length: number;
  ethertype: number;
  destination?: Uint8Array | undefined;
  source?: Uint8Array | undefined;
}

/** Reads a packet as an Ethernet frame; a number is the link type of a packet that cannot be read so. */
type Reader = (packet: CapturedFrame) => CapturedFrame | number;

/** By link type. */
const READERS: Record<number, Reader> = {
  0: (packet) => rebuild(packet, 4, loopback),
  1: (frame) => frame,
  12: (packet) => rebuild(packet, 0, rawIp),
  101: (packet) => rebuild(packet, 0, rawIp),
  108: (packet) => rebuild(packet, 4, loopback),
  113: (packet) => rebuild(packet, 16, sll),
  228: (packet) => rebuild(packet, 0, () => ({ length: 0, ethertype: ETHERTYPE_IPV4 })),
  229: (packet) => rebuild(packet, 0, () => ({ length: 0, ethertype: ETHERTYPE_IPV6 })),
  276: (packet) => rebuild(packet, 20, sll2),
};

/** Whether packets of the link type are read. */
export function isRead(linkType: number): boolean {
  return linkType in READERS;
}

/** The packet as an Ethernet frame, or the number of the link type for which it cannot be read. */
export function toEthernet(linkType: number, packet: CapturedFrame): CapturedFrame | number {
  return READERS[linkType]?.(packet) ?? linkType;
}

/** A packet with an Ethernet header in the place of its own; of no bytes where its own is cut short. */
function rebuild(
  packet: CapturedFrame,
  shortest: number,
  read: (bytes: Uint8Array) => Header | number,
): CapturedFrame | number {
  const { bytes } = packet;
  if (bytes.length < shortest) return { ...packet, bytes: new Uint8Array(0), lacks: "macs" };
  const header = read(bytes);
  if (typeof header === "number") return header;
  const { length, ethertype, destination, source } = header;
  const frame = new Uint8Array(ETHERNET_HEADER + bytes.length - length);
  frame.set(destination ?? NO_MAC, 0);
  frame.set(source ?? NO_MAC, 6);
  frame.set([ethertype >> 8, ethertype & 0xff], 12);
  frame.set(bytes.subarray(length), ETHERNET_HEADER);
  const wire = Math.max(0, packet.length - length) + ETHERNET_HEADER;
  if (destination && source) return { ...packet, bytes: frame, length: wire };
  return { ...packet, bytes: frame, length: wire, lacks: source ? "destination" : "macs" };
}

/** LINKTYPE_RAW: the packet says by itself which IP it is. */
function rawIp(bytes: Uint8Array): Header {
  const version = (bytes[0] ?? 0) >> 4;
  const ethertype = { 4: ETHERTYPE_IPV4, 6: ETHERTYPE_IPV6 }[version] ?? NO_ETHERTYPE;
  return { length: 0, ethertype };
}

//  LINKTYPE_NULL, in the byte order of the machine that captured, and LINKTYPE_LOOP, in network byte order
//
//   0                4
//  ┌────────────────┬──────────┐
//  │ address family │ payload… │   2 IPv4; IPv6 is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS
//  └────────────────┴──────────┘

function loopback(bytes: Uint8Array): Header {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  const family = first || second ? first | (second << 8) : (third << 8) | fourth;
  const ethertype =
    family === 2 ? ETHERTYPE_IPV4 : [24, 28, 30].includes(family) ? ETHERTYPE_IPV6 : NO_ETHERTYPE;
  return { length: 4, ethertype };
}

//  LINKTYPE_LINUX_SLL, big-endian, and below it LINKTYPE_LINUX_SLL2
//
//   0             2               4                6                  14         16
//  ┌─────────────┬───────────────┬────────────────┬──────────────────┬──────────┬──────────┐
//  │ packet type │ hardware type │ address length │ source address 8 │ protocol │ payload… │
//  └─────────────┴───────────────┴────────────────┴──────────────────┴──────────┴──────────┘
//   0          2          4           8               10            11               12                 20
//  ┌──────────┬──────────┬───────────┬───────────────┬─────────────┬────────────────┬──────────────────┬──────────┐
//  │ protocol │ reserved │ interface │ hardware type │ packet type │ address length │ source address 8 │ payload… │
//  └──────────┴──────────┴───────────┴───────────────┴─────────────┴────────────────┴──────────────────┴──────────┘

function sll(bytes: Uint8Array): Header | number {
  const address = bytes.subarray(6, 6 + Math.min(u16(bytes, 4), 8));
  return cooked(u16(bytes, 0), u16(bytes, 2), address, u16(bytes, 14), bytes.subarray(16));
}

function sll2(bytes: Uint8Array): Header | number {
  const address = bytes.subarray(12, 12 + Math.min(bytes[11] ?? 0, 8));
  const header = cooked(bytes[10] ?? 0, u16(bytes, 8), address, u16(bytes, 0), bytes.subarray(20));
  return typeof header === "number" ? header : { ...header, length: 20 };
}

/** Linux's ARPHRD_ETHER and ARPHRD_LOOPBACK: the interface has Ethernet headers. */
const ETHERNET_HARDWARE = [1, 772];

/** The link types of those of Linux's hardware types whose payload starts with a header of its own. */
const OTHER_HARDWARE: Record<number, number> = { 770: 107, 801: 105, 802: 119, 803: 127, 824: 253 };

const IS_BROADCAST = 1;
const IS_MULTICAST = 2;
const IS_OUTGOING = 4;

function cooked(
  packetType: number,
  hardware: number,
  address: Uint8Array,
  ethertype: number,
  payload: Uint8Array,
): Header | number {
  const other = OTHER_HARDWARE[hardware];
  if (other !== undefined) return other;
  if (!ETHERNET_HARDWARE.includes(hardware) || address.length !== 6) return { length: 16, ethertype };
  const destination = ethertype === ETHERTYPE_IPV6 ? destinationOf(packetType, payload) : undefined;
  return { length: 16, ethertype, source: address, destination };
}

/**
 * The destination MAC of a cooked IPv6 packet, which holds only its kind; undefined where it was one station's.
 *
 * A packet on its way out has no kind: one to a multicast address went to the MAC of that (RFC 2464 §7).
 */
function destinationOf(packetType: number, ipv6: Uint8Array): Uint8Array | undefined {
  if (packetType === IS_BROADCAST) return BROADCAST;
  const isGroup =
    packetType === IS_MULTICAST || (packetType === IS_OUTGOING && ipv6[IPV6_DESTINATION] === 0xff);
  if (!isGroup) return undefined;
  const group = ipv6.subarray(IPV6_DESTINATION + 12, IPV6_DESTINATION + 16);
  return group.length === 4 ? Uint8Array.of(0x33, 0x33, ...group) : undefined;
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
