// What the programs of the fabric share: those around an interface of VXLAN without a peer of its own (external, of
// ip-link(8)), which tell each frame where to go, and see where each has come from.

import { SKB } from "./memory.ts";

/** In the kernel's struct bpf_tunnel_key, by their places: the VNI, the other end, and what is set of IP. */
export const TUNNEL_KEY = { vni: 0, remote: 4, ttl: 21, bytes: 28 } as const;

/** What bpf_skb_set_tunnel_key is told: no checksum in IPv4, as RFC 7348 §5 prefers, and that it is IPv6. */
export const TUNNEL_FLAGS = { 4: 2, 6: 1 } as const;

/** Where a peer is: the tunnel key, the flags, and when something was last sent there, in ns. */
export const PLACE = { key: 0, flags: 28, sent: 32, bytes: 40 } as const;

/** Who is behind an address: the node, its /80, when it was last heard; and what it has named, for `newcomers`. */
export const SENDER = {
  node: 0,
  prefix: 8,
  heard: 24,
  allowed: 32,
  generation: 40,
  named: 44,
  bytes: 48,
} as const;

/** An address of the underlay, as the programs look it up: 16 bytes, and 4 or 6 in a word. */
export const ADDRESS = { family: 16, bytes: 20 } as const;

/** An address that a peer has named: its node, 4 or 6 behind that, and the address. */
export const NAMED = { family: 5, address: 8, bytes: 24 } as const;

/** The most peers. */
export const MOST_PEERS = 65_536;
/** To so many peers at most a frame for all is copied. */
export const MOST_COPIES = 256;

/** Unknown senders that are remembered, to be told of. */
const STRANGERS = 8;
/** Addresses that all peers have named, of which the longest unused are forgotten: some 6 MB. */
const KNOWN = 65_536;

/** The maps that the programs share. */
export const TUNNEL_MAPS = {
  /** By MAC, 6 of 8 bytes. */
  peers: { kind: "hash", key: 8, bytes: PLACE.bytes, entries: MOST_PEERS },
  /** The first without flags ends them. If it is the first of all, its time says whether frames are withheld: 0 or 1. */
  everybody: { kind: "array", key: 4, bytes: PLACE.bytes, entries: MOST_COPIES },
  senders: { kind: "hash", key: ADDRESS.bytes, bytes: SENDER.bytes, entries: MOST_PEERS },
  /** The source MAC of the first frame from there, 6 of 8 bytes. */
  strangers: { kind: "hash", key: ADDRESS.bytes, bytes: 8, entries: STRANGERS },
  known: { kind: "lru", key: NAMED.bytes, bytes: 4, entries: KNOWN },
} as const;
export type TunnelMap = keyof typeof TUNNEL_MAPS;

/**
 * Reads a frame's tunnel key, where it has one of that family: register 0 is then 0.
 *
 * @param at where on the stack it lies: so many bytes below its end
 */
export const getTunnelKey = (at: number, flags: number) => `
  r1 = r6
  r2 = r10
  r2 += -${at}
  w3 = ${TUNNEL_KEY.bytes}
  w4 = ${flags}
  call skb_get_tunnel_key
`;

/**
 * Finds who sent a frame: register 0 is then its value of `senders`, or 0. Uses register 7.
 *
 * @param at where on the stack the tunnel key may lie, and then the address: so many bytes below its end
 * @param local where to go where no tunnel did: the frame was made on this machine
 */
export const findSender = (at: number, local: string) => `
  w7 = 4
  ${getTunnelKey(at, 0)}
  if r0 == 0 goto whose
  w7 = 6
  ${getTunnelKey(at, TUNNEL_FLAGS[6])}
  if r0 != 0 goto ${local}
whose:
  *(u32 *)(r10 - ${at - TUNNEL_KEY.remote - ADDRESS.family}) = r7
  r1 = map senders
  r2 = r10
  r2 += -${at - TUNNEL_KEY.remote}
  call map_lookup_elem
`;

/** How many frames of the wire a frame is, in register 9: the kernel puts those of one stream together. */
export const countSegments = `
  r9 = *(u32 *)(r6 + ${SKB.segments})
  if w9 != 0 goto segments_counted
  w9 = 1
segments_counted:
`;
