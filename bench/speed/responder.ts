// The responder's rules in plain TypeScript, written for speed in the way one would without WebAssembly: what the
// core is measured against. The rules' numbers are those of the README's table, what it returns is what the core does.
import { sum } from "./sum.ts";

const SOLICITATION = 78;
const ADVERTISEMENT = 86;
const ICMPV6 = 58;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;

// All of one type: an engine then has one kind of array in every comparison.
const BROADCAST_MAC = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
const NO_MAC = new Uint8Array(6);
const UNSPECIFIED = new Uint8Array(16);
const LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1); // RFC 2464 §7
const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff); // RFC 4291 §2.7.1

/** A host of a network, and what of its rules does not depend on the frame. */
export class TypeScriptResponder {
  readonly #sixplane: Uint8Array;
  readonly #rfc4193: Uint8Array;
  readonly #node: Uint8Array;
  readonly #modes: number;
  readonly #macMask: Uint8Array;
  readonly #mac = new Uint8Array(6);

  /** @param record a config record of the core */
  constructor(record: Uint8Array) {
    const network = record.slice(0, 8);
    const [n0 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0, n5 = 0, n6 = 0, n7 = 0] = network;
    this.#sixplane = Uint8Array.of(0xfc, n0 ^ n4, n1 ^ n5, n2 ^ n6, n3 ^ n7);
    this.#rfc4193 = Uint8Array.of(0xfd, ...network, 0x99, 0x93);
    this.#node = record.slice(8, 13);
    this.#modes = record[13] ?? 0;
    // A local unicast octet that keeps clear of KVM's 52:54:… (ZeroTierOne, node/MAC.hpp).
    const octet = (n7 & 0xfe) | 0x02;
    this.#macMask = Uint8Array.of(octet === 0x52 ? 0x32 : octet, n6, n5, n4, n3, n2);
  }

  /** Like the core's `respond`: judges the frame at `at`, and puts the advertisement in its place. */
  respond(bytes: Uint8Array, at: number, length: number): number {
    // No solicitation: somebody else's business.
    if (length < 14) return -2;
    if (bytes[at + 12] !== 0x86 || bytes[at + 13] !== 0xdd) return -1;
    if (length < SOLICITATION) return -2;
    if ((bytes[at + 14] ?? 0) >> 4 !== 6) return -5;
    if (bytes[at + 20] !== ICMPV6) return -6;
    if (bytes[at + 54] !== 135) return -7;

    // A solicitation that is not ours to answer.
    const target = at + 62;
    const node = this.#ownerOf(bytes, target);
    if (node === 0) return -8;
    if (same(bytes, node, this.#node)) return -9;
    if (bytes[node] === 0xff || same(bytes, node, NO_MAC, 5)) return -10;
    const mac = this.#macOf(bytes, node);
    const probe = (this.#modes & 4) !== 0 && sameWithin(bytes, at + 38, target, 16);
    if (same(bytes, at, BROADCAST_MAC)) return -4;
    if (!isGroup(bytes, at) && !(probe && same(bytes, at, mac))) return -3;

    // Ours, but malformed by RFC 4861 §7.1.1, or such that its answer would go astray.
    if (isGroup(bytes, at + 6) || same(bytes, at + 6, NO_MAC) || same(bytes, at + 6, mac)) return -17;
    if (bytes[at + 21] !== 255) return -18;
    const payload = ((bytes[at + 18] ?? 0) << 8) | (bytes[at + 19] ?? 0);
    if (payload < SOLICITATION - 54 || payload > length - 54) return -19;
    if (bytes[at + 22] === 0xff || same(bytes, at + 22, LOOPBACK)) return -20;
    if (sameWithin(bytes, at + 22, target, 16)) return -21;
    const unspecified = same(bytes, at + 22, UNSPECIFIED);
    if (!isHeard(bytes, at, unspecified) && (unspecified || !probe)) return -22;
    if (bytes[at + 55] !== 0) return -23;
    if (payload % 8 !== 0) return -25;
    if (sum(bytes, at + 22, 32 + payload, payload + ICMPV6) !== 0xffff) return -24;
    const reason = judgeOptions(bytes, at + SOLICITATION, at + 54 + payload, unspecified);
    if (reason !== 0) return reason;

    return advertise(bytes, at, mac, unspecified);
  }

  /** Where the node lies that the address embeds (E1, E2); 0 where it embeds none in a mode that is on (E3). */
  #ownerOf(bytes: Uint8Array, address: number): number {
    if (this.#modes & 1 && same(bytes, address, this.#sixplane)) return address + 5;
    if (this.#modes & 2 && same(bytes, address, this.#rfc4193)) return address + 11;
    return 0;
  }

  #macOf(bytes: Uint8Array, node: number): Uint8Array {
    const mac = this.#mac;
    const mask = this.#macMask;
    mac[0] = mask[0] ?? 0;
    for (let i = 0; i < 5; i++) mac[1 + i] = (bytes[node + i] ?? 0) ^ (mask[1 + i] ?? 0);
    return mac;
  }
}

/** The advertisement of the target's owner (RFC 4861 §7.2.4), each field read before it is overwritten. */
function advertise(bytes: Uint8Array, at: number, mac: Uint8Array, unspecified: boolean): number {
  if (unspecified) put(bytes, at, ALL_NODES_MAC);
  else move(bytes, at + 6, at, 6);
  put(bytes, at + 6, mac);
  bytes[at + 14] = 0x60;
  for (let i = 15; i < 19; i++) bytes[at + i] = 0;
  bytes[at + 19] = ADVERTISEMENT - 54;
  if (unspecified) put(bytes, at + 38, ALL_NODES);
  else move(bytes, at + 22, at + 38, 16);
  move(bytes, at + 62, at + 22, 16);
  bytes[at + 54] = 136;
  bytes[at + 58] = unspecified ? 0x20 : 0x60;
  for (let i = 59; i < 62; i++) bytes[at + i] = 0;
  bytes[at + 78] = TARGET_LINK_LAYER_ADDRESS;
  bytes[at + 79] = 1;
  put(bytes, at + 80, mac);
  bytes[at + 56] = 0;
  bytes[at + 57] = 0;
  const checksum = ~sum(bytes, at + 22, ADVERTISEMENT - 22, ADVERTISEMENT - 54 + ICMPV6);
  bytes[at + 56] = checksum >> 8;
  bytes[at + 57] = checksum;
  return ADVERTISEMENT;
}

/** Whether this is where the target's owner listens for solicitations (B7). */
function isHeard(bytes: Uint8Array, at: number, unspecified: boolean): boolean {
  if (same(bytes, at + 38, SOLICITED_NODE)) return sameWithin(bytes, at + 51, at + 75, 3);
  return !unspecified && same(bytes, at + 38, ALL_NODES);
}

/** D1 to D3 and D6; every step is of 8 bytes or more. */
function judgeOptions(bytes: Uint8Array, start: number, end: number, unspecified: boolean): number {
  for (let at = start; at < end; ) {
    const size = (bytes[at + 1] ?? 0) * 8;
    if (size === 0 || size > end - at) return -25;
    if (bytes[at] === SOURCE_LINK_LAYER_ADDRESS) {
      if (unspecified) return -26;
      if (size !== 8) return -27;
    }
    at += size;
  }
  return 0;
}

function isGroup(bytes: Uint8Array, mac: number): boolean {
  return ((bytes[mac] ?? 0) & 1) === 1;
}

function same(bytes: Uint8Array, at: number, other: Uint8Array, length = other.length): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== other[i]) return false;
  return true;
}

function sameWithin(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

function put(bytes: Uint8Array, at: number, given: Uint8Array): void {
  for (let i = 0; i < given.length; i++) bytes[at + i] = given[i] ?? 0;
}

/** Faster for these few bytes than `copyWithin`. */
function move(bytes: Uint8Array, from: number, to: number, length: number): void {
  for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i] ?? 0;
}
