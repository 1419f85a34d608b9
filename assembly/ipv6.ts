// Questions about the 16 bytes of an IPv6 address, read in two halves. Little-endian loads put the
// first byte lowest; the half of ::1 is rotated, as a 1 that is the highest byte is a number of nine bytes.

/** The upper half of ff02::/64. */
const GROUP: u64 = 0x02ff;
/** The upper half of fe80::/64. */
const LINK_LOCAL: u64 = 0x80fe;
/** The two bytes in the middle of an EUI-64 that is made of a MAC. */
const EUI: u64 = 0xfeff;
/** The bit of a MAC's first byte that tells a universal one from a local one, which an EUI-64 has the other way. */
const UNIVERSAL: u64 = 2;

// @ts-ignore: decorator
@inline
export function isUnspecified(address: usize): bool {
  return (load<u64>(address) | load<u64>(address, 8)) == 0;
}

// @ts-ignore: decorator
@inline
export function isLoopback(address: usize): bool {
  return (load<u64>(address) | (rotl<u64>(load<u64>(address, 8), 8) ^ 1)) == 0;
}

/** Whether the address is `::` or `::1`. */
// @ts-ignore: decorator
@inline
export function isUnspecifiedOrLoopback(address: usize): i32 {
  return i32(load<u64>(address) == 0) & i32(rotl<u64>(load<u64>(address, 8), 8) <= 1);
}

/** Whether the address is in fe80::/10. */
// @ts-ignore: decorator
@inline
export function isLinkLocal(address: usize): bool {
  return (load<u16>(address) & 0xc0ff) == 0x80fe;
}

/**
 * Whether the address is the link-local one that a MAC makes, as an EUI-64 (RFC 2464 §4 and §5). The MAC is in the
 * upper six bytes of a u64, as `macAt` reads it.
 */
// @ts-ignore: decorator
@inline
export function isLinkLocalOf(address: usize, mac: u64): i32 {
  const eui = ((mac >>> 40) << 40) | (((mac << 24) >>> 40) ^ (EUI << 24) ^ UNIVERSAL);
  return i32(load<u64>(address) == LINK_LOCAL) & i32(load<u64>(address, 8) == eui);
}

// @ts-ignore: decorator
@inline
export function isMulticast(address: usize): bool {
  return load<i8>(address) == -1;
}

// @ts-ignore: decorator
@inline
export function isSame(a: usize, b: usize): i32 {
  return i32(load<u64>(a) == load<u64>(b)) & i32(load<u64>(a, 8) == load<u64>(b, 8));
}

/**
 * Whether `group` is the solicited-node multicast address of `target`, ff02::1:ffXX:XXXX (RFC 4291
 * §2.7.1), or, which is allowed to an asker that has an address, all nodes, ff02::1.
 */
// @ts-ignore: decorator
@inline
export function isGroupOf(group: usize, target: usize, unspecified: bool): bool {
  const low = load<u64>(group, 8);
  const solicitedNode = ((<u64>(load<u32>(target, 12) | 0xff)) << 32) | 0x0100_0000;
  return load<u64>(group) == GROUP && (low == solicitedNode || (!unspecified && rotl<u64>(low, 8) == 1));
}

// @ts-ignore: decorator
@inline
export function copyAddress(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
}

/** Copies an address, but writes ff02::1 where it is `::`. */
// @ts-ignore: decorator
@inline
export function copyOrAllNodes(to: usize, from: usize, unspecified: bool): void {
  store<u64>(to, select(GROUP, load<u64>(from), unspecified));
  store<u64>(to, load<u64>(from, 8) | ((<u64>unspecified) << 56), 8);
}
