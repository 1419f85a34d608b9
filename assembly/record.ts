//  The config record: 16 bytes that the host writes, big-endian, as the IDs are printed
//
//   0               8            13      14    16
//  ┌───────────────┬────────────┬───────┬──────┐
//  │ network ID 8  │ node 5     │ modes │ 0 0  │
//  └───────────────┴────────────┴───────┴──────┘

export const NETWORK: usize = 0;
const NODE_END: usize = 13;
const MODES: usize = 13;

// Bits of the modes byte. SIXPLANE and RFC4193 are also what `owner` answers.
export const SIXPLANE: i32 = 1;
export const RFC4193: i32 = 2;
export const PROBES: i32 = 4;

// @ts-ignore: decorator
@inline
export function modes(config: usize): i32 {
  return load<u8>(config, MODES);
}

/** The node address in the record: the host's own. */
// @ts-ignore: decorator
@inline
export function self(config: usize): u64 {
  return nodeBefore(config + NODE_END);
}

/**
 * The five-byte node address that ends right before `end`, first byte lowest. Loaded together with
 * the three bytes before it, which exist wherever a node address lies: in the record and in both
 * kinds of IPv6 address.
 */
// @ts-ignore: decorator
@inline
export function nodeBefore(end: usize): u64 {
  return load<u64>(end - 8) >>> 24;
}

/** Writes the five bytes of a node address. */
export function storeNode(out: usize, node: u64): void {
  store<u32>(out, <u32>node);
  store<u8>(out, <u8>(node >>> 32), 4);
}
