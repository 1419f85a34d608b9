import { NETWORK } from "./record";

//  The MAC of a node on a network (upstream: ZeroTierOne, node/MAC.hpp, fromAddress)
//
//   0                              1        2        3        4        5
//  ┌──────────────────────────────┬────────┬────────┬────────┬────────┬────────┐
//  │ network 7, made a local      │ node 0 │ node 1 │ node 2 │ node 3 │ node 4 │
//  │ unicast octet, never 52      │ XOR    │ XOR    │ XOR    │ XOR    │ XOR    │
//  │                              │ netw 6 │ netw 5 │ netw 4 │ netw 3 │ netw 2 │
//  └──────────────────────────────┴────────┴────────┴────────┴────────┴────────┘
//
// A MAC is held in the upper six bytes of a u64, first byte lowest: one shift takes it out of an
// eight-byte load, and one store writes it behind an option's type and length.

export const BROADCAST: u64 = 0xffff_ffff_ffff_0000;

/** 33:33:00:00:00:01, where frames for ff02::1 go (RFC 2464 §7); in the lower six bytes. */
export const ALL_NODES_MAC: u64 = 0x0100_0000_3333;

/** The MAC at `place`. Two more bytes are read, and dropped. */
// @ts-ignore: decorator
@inline
export function macAt(place: usize): u64 {
  return load<u64>(place) << 16;
}

/** Whether the MAC at `place` is multicast or broadcast. */
// @ts-ignore: decorator
@inline
export function isGroup(place: usize): bool {
  return (load<u8>(place) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function storeMac(place: usize, mac: u64): void {
  store<u32>(place, <u32>(mac >>> 16));
  store<u16>(place, <u16>(mac >>> 48), 4);
}

/** The first byte of every MAC on the record's network. */
export function firstOctet(config: usize): i32 {
  const octet: i32 = (load<u8>(config, NETWORK + 7) & ~1) | 0x02;
  return octet == 0x52 ? 0x32 : octet; // upstream keeps clear of KVM's 52:54:…
}

/** The MAC that the node has on the record's network. */
export function macOf(config: usize, node: u64): u64 {
  const mask = <u64>bswap<u32>(load<u32>(config, NETWORK + 3)) | ((<u64>load<u8>(config, NETWORK + 2)) << 32);
  return ((node ^ mask) << 24) | ((<u64>firstOctet(config)) << 16);
}

/**
 * What `macOf` does to a node address, byte by byte, which suits who has both in memory: the five
 * bytes behind the one at `from` become the five at `to`. The XOR undoes itself, so this makes a
 * MAC of a node and a node of a MAC.
 */
export function maskNode(config: usize, from: usize, to: usize): void {
  let i: usize = 0;
  do {
    store<u8>(to + i, load<u8>(from + i, 1) ^ load<u8>(config + (NETWORK + 6 - i)));
  } while (++i < 5);
}

/** Writes the MAC of the node whose address lies at `node`. */
export function storeMacOf(config: usize, node: usize, out: usize): void {
  store<u8>(out, firstOctet(config));
  maskNode(config, node - 1, out + 1);
}
