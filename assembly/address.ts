import { modes, NETWORK, nodeBefore, RFC4193, SIXPLANE, self } from "./record";

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

const SIXPLANE_NODE_END: usize = 10;
const RFC4193_NODE_END: usize = 16;

/** No node: the address embeds none. Counts as reserved, its first byte being ff. */
export const NO_OWNER: u64 = 0xffff_ffff_ffff_ffff;

/** Bytes 1 to 4 of every 6PLANE address of the network. */
// @ts-ignore: decorator
@inline
function foldedNetwork(config: usize): u32 {
  return load<u32>(config, NETWORK) ^ load<u32>(config, NETWORK + 4);
}

/** The mode to which the address's first byte belongs: fc is 6PLANE (1), fd is RFC 4193 (2). */
// @ts-ignore: decorator
@inline
export function modeOf(address: usize): i32 {
  return load<u8>(address) - 0xfb;
}

/** The node that the address embeds, under the record's network and the modes switched on there. */
export function ownerOf(config: usize, address: usize): u64 {
  const mode = modeOf(address);
  if (mode & modes(config)) {
    if (mode == SIXPLANE) {
      if (load<u32>(address, 1) == foldedNetwork(config)) return nodeBefore(address + SIXPLANE_NODE_END);
    } else if (mode == RFC4193) {
      if (load<u64>(address, 1) == load<u64>(config, NETWORK)) {
        if (load<u16>(address, 9) == 0x9399) return nodeBefore(address + RFC4193_NODE_END);
      }
    }
  }
  return NO_OWNER;
}

/** Whether ZeroTier gives this address to no node: 0, or first byte ff (Address::isReserved). */
// @ts-ignore: decorator
@inline
export function isReserved(node: u64): bool {
  return node == 0 || <u8>node == 0xff;
}

/** Writes the 6PLANE address of the record's own node, ::1 of its /80. */
export function storeSixplane(config: usize, out: usize): void {
  store<u8>(out, 0xfc);
  store<u32>(out, foldedNetwork(config), 1);
  store<u64>(out, self(config), 5);
  store<u32>(out, 0x0100_0000, 12);
}

/** Writes the RFC 4193 address of the record's own node. */
export function storeRfc4193(config: usize, out: usize): void {
  store<u8>(out, 0xfd);
  store<u64>(out, (self(config) << 24) | 0x93_9900, 8); // its first byte gives way to the network ID
  store<u64>(out, load<u64>(config, NETWORK), 1);
}
