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

/** 33:33:00:00:00:01, where frames for ff02::1 go (RFC 2464 §7). */
export const ALL_NODES_MAC: u64 = 0x0100_0000_3333_0000;

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

/** The MAC that the node has on the record's network. */
export function macOf(config: usize, node: u64): u64 {
  const octet = (load<u8>(config, NETWORK + 7) & 0xfe) | 0x02;
  const first: u64 = octet == 0x52 ? 0x32 : octet; // upstream keeps clear of KVM's 52:54:…
  const mask = <u64>bswap<u32>(load<u32>(config, NETWORK + 3)) | (<u64>load<u8>(config, NETWORK + 2) << 32);
  return ((node ^ mask) << 24) | (first << 16);
}
