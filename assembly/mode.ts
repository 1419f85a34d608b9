import { modes, NETWORK, NODE, RFC4193, SIXPLANE, self } from "./record";

//  6PLANE: a /40 for the network, a /80 for each of its nodes
//
//   0    1                  5              10                   16
//  ┌────┬──────────────────┬──────────────┬────────────────────┐
//  │ fc │ network ID, both │ node address │ free; ::1 is the   │
//  │    │ halves XORed (4) │ (5)          │ node's own (6)     │
//  └────┴──────────────────┴──────────────┴────────────────────┘
//
//  RFC 4193: a /88 for the network, a /128 for each of its nodes
//
//   0    1                     9       11             16
//  ┌────┬─────────────────────┬───────┬──────────────┐
//  │ fd │ network ID (8)      │ 99 93 │ node address │
//  └────┴─────────────────────┴───────┴──────────────┘
//
// Upstream: ZeroTierOne, node/InetAddress.cpp, makeIpv66plane and makeIpv6rfc4193.

// First bytes; signed, as WebAssembly writes numbers down to -64 in one byte, and 252 in two.
const FC: i8 = <i8>0xfc;
const FD: i8 = <i8>0xfd;
/** 99 93, as a little-endian load reads it. */
const RFC4193_MARK: u16 = 0x9399;
const SIXPLANE_NODE: usize = 5;
const RFC4193_NODE: usize = 11;

/** Bytes 1 to 4 of every 6PLANE address of the network. */
// @ts-ignore: decorator
@inline
function foldedNetwork(config: usize): u32 {
  return load<u32>(config, NETWORK) ^ load<u32>(config, NETWORK + 4);
}

/**
 * The mode in which the address embeds a node of the record's network; 0 where it embeds none, or
 * in a mode that is off, or not in this build. Without a branch: it takes fewer bytes to ask all
 * questions than to skip some.
 */
export function modeOf(config: usize, address: usize): i32 {
  const first = load<i8>(address);
  let mode: i32 = 0;
  if (MODES & SIXPLANE) {
    mode = i32(first == FC) & i32(load<u32>(address, 1) == foldedNetwork(config));
  }
  if (MODES & RFC4193) {
    const own =
      i32(load<u64>(address, 1) == load<u64>(config, NETWORK)) & i32(load<u16>(address, 9) == RFC4193_MARK);
    mode |= (i32(first == FD) & own) << 1;
  }
  return mode & modes(config);
}

/** Where the five bytes of the node address lie in an address of this mode. */
// @ts-ignore: decorator
@inline
export function nodeIn(address: usize, mode: i32): usize {
  if (MODES == SIXPLANE) return address + SIXPLANE_NODE;
  if (MODES == RFC4193) return address + RFC4193_NODE;
  // Both modes are a step apart, as their numbers are 1 and 2.
  return address + <usize>mode * (RFC4193_NODE - SIXPLANE_NODE) - 1;
}

/** Whether ZeroTier gives this address to no node: 0, or first byte ff (Address::isReserved). */
// @ts-ignore: decorator
@inline
export function isReserved(node: u64): bool {
  return node == 0 || (node | ~0xff) == ~0;
}

/** Writes the 6PLANE address of the record's own node, ::1 of its /80. */
export function storeSixplane(config: usize, out: usize): void {
  store<i32>(out, FC); // of which one byte stays
  store<u32>(out, foldedNetwork(config), 1);
  store<u64>(out, self(config), SIXPLANE_NODE);
  store<u32>(out, 0x0100_0000, 12);
}

/** Writes the RFC 4193 address of the record's own node. */
export function storeRfc4193(config: usize, out: usize): void {
  store<i32>(out, FD); // of which one byte stays
  store<u64>(out, load<u64>(config, NODE - 3), RFC4193_NODE - 3); // of which five stay
  store<u64>(out, load<u64>(config, NETWORK), 1);
  store<u16>(out, RFC4193_MARK, 9);
}
