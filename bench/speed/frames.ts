// The frames that are timed: solicitations of one host for other nodes' addresses, and what it sends otherwise.
import { sum } from "./sum.ts";

export const NETWORK = "8056c2e21c000001";
export const NODE = "89e92ceee5";

/** A solicitation with the asker's link-layer address, and the advertisement that takes its place. */
export const FRAME_LENGTH = 86;
/** From one frame to the next: every IPv6 header lies on a multiple of four, two bytes off, as in the bindings. */
export const SLOT = 88;
/** As many as the core's page holds behind a config record. */
export const FRAMES = 700;

const NETWORK_BYTES = bytesOf(NETWORK);
const MAC = bytesOf("0289e9300c27");
const SIXPLANE = bytesOf("fc9c56c2e389e92ceee5000000000001");
const RFC4193 = bytesOf("fd8056c2e21c000001999389e92ceee5");
const SOLICITED_NODE = bytesOf("ff0200000000000000000001ff000000"); // RFC 4291 §2.7.1
const FOREIGN = bytesOf("20010db8000000000000000000000001");
const ICMPV6 = 58;

/**
 * Owner `index` of `pool` different ones: an odd multiple modulo the pool, so that neighbours in time are none in
 * value, and none comes twice before all have come once.
 */
export function owner(index: number, pool: number): number {
  return 1 + ((index * 7_368_787) % pool);
}

/** Solicitations for owners `first` and following of `pool` different ones, in both modes by turns. */
export function writeSolicitations(bytes: Uint8Array, first: number, pool: number): void {
  for (let i = 0; i < FRAMES; i++) writeSolicitation(bytes, i * SLOT, owner(first + i, pool), i % 2 === 0);
}

export function solicitations(): Uint8Array {
  const bytes = new Uint8Array(FRAMES * SLOT);
  writeSolicitations(bytes, 0, FRAMES);
  return bytes;
}

/** What a host sends besides solicitations, by what it is. */
export const PASSED = {
  IPv4: (bytes: Uint8Array) => bytes.set([0x08, 0x00], 12),
  "foreign IPv6": (bytes: Uint8Array) => {
    bytes[20] = 6;
    bytes.set(FOREIGN, 38);
  },
  "TCP over an emulated address": (bytes: Uint8Array) => {
    bytes[20] = 6;
    bytes.copyWithin(38, 62, 78);
  },
};

/** As many frames of one such kind, each to somebody else. */
export function passed(kind: keyof typeof PASSED): Uint8Array {
  const bytes = solicitations();
  for (let i = 0; i < FRAMES; i++) {
    const frame = bytes.subarray(i * SLOT, i * SLOT + FRAME_LENGTH);
    PASSED[kind](frame);
    frame.set([0x02, frame[63] ?? 0, frame[64] ?? 0, frame[65] ?? 0, frame[66] ?? 0, frame[67] ?? 0], 0);
  }
  return bytes;
}

/** What the kernel sends to learn the MAC of a node: RFC 4861 §4.3, on Ethernet by RFC 2464. */
function writeSolicitation(bytes: Uint8Array, at: number, node: number, sixplane: boolean): void {
  const own = sixplane ? SIXPLANE : RFC4193;
  bytes.set([0x33, 0x33, 0xff], at);
  bytes.set(MAC, at + 6);
  bytes.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, FRAME_LENGTH - 54, ICMPV6, 255], at + 12);
  bytes.set(own, at + 22);
  bytes.set(SOLICITED_NODE, at + 38);
  bytes.set([135, 0, 0, 0, 0, 0, 0, 0], at + 54);
  bytes.set(own, at + 62);
  const embedded = at + 62 + (sixplane ? 5 : 11);
  for (let i = 4, rest = node; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[embedded + i] = rest;
  bytes.copyWithin(at + 3, at + 75, at + 78);
  bytes.copyWithin(at + 51, at + 75, at + 78);
  bytes.set([1, 1], at + 78);
  bytes.set(MAC, at + 80);
  const checksum = ~sum(bytes, at + 22, FRAME_LENGTH - 22, FRAME_LENGTH - 54 + ICMPV6);
  bytes[at + 56] = checksum >> 8;
  bytes[at + 57] = checksum;
}

export function configRecord(): Uint8Array {
  const record = new Uint8Array(16);
  record.set(NETWORK_BYTES);
  record.set(bytesOf(NODE), 8);
  record[13] = 3; // both modes
  return record;
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
