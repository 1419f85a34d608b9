//  The config record: 16 bytes that the host writes, big-endian, as the IDs are printed
//
//   0               8            13      14    16
//  ┌───────────────┬────────────┬───────┬──────┐
//  │ network ID 8  │ node 5     │ modes │ 0 0  │
//  └───────────────┴────────────┴───────┴──────┘

export const NETWORK: usize = 0;
export const NODE: usize = 8;
const MODES_BYTE: usize = 13;

// Bits of the modes byte, the third being for probes. SIXPLANE and RFC4193 are also what `owner` answers. The last two
// are for `permits` alone.
export const SIXPLANE: i32 = 1;
export const RFC4193: i32 = 2;
const PROBES_SHIFT: i32 = 2;
const OWN_SOURCES: i32 = 8;
const ROUTERS: i32 = 16;

// @ts-ignore: decorator
@inline
export function modes(config: usize): i32 {
  return load<u8>(config, MODES_BYTE);
}

/** A number whose lowest bit tells whether probes are answered, too: to be ANDed with a condition. */
// @ts-ignore: decorator
@inline
export function probes(config: usize): i32 {
  return modes(config) >>> PROBES_SHIFT;
}

/** Not 0 where the record's node may send from addresses of its own alone, and not for others. */
// @ts-ignore: decorator
@inline
export function ownSources(config: usize): i32 {
  return modes(config) & OWN_SOURCES;
}

/** Not 0 where the record's node may send Router Advertisements. */
// @ts-ignore: decorator
@inline
export function routers(config: usize): i32 {
  return modes(config) & ROUTERS;
}

/** The node address in the record: the host's own. */
// @ts-ignore: decorator
@inline
export function self(config: usize): u64 {
  return nodeAt(config + NODE);
}

/**
 * The five-byte node address at `place`, first byte lowest. Loaded together with the three bytes
 * before it, which exist wherever a node address lies: in the record and in both kinds of IPv6
 * address.
 */
// @ts-ignore: decorator
@inline
export function nodeAt(place: usize): u64 {
  return load<u64>(place - 3) >>> 24;
}
