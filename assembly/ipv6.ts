// Questions about the 16 bytes of an IPv6 address, read in two halves. Little-endian loads put the
// first byte lowest: ff02::1 is GROUP, then ONE.

/** The upper half of ff02::/64. */
const GROUP: u64 = 0x02ff;
/** The lower half of ::1 and of ff02::1. */
const ONE: u64 = 0x0100_0000_0000_0000;

// @ts-ignore: decorator
@inline
export function isUnspecified(address: usize): bool {
  return (load<u64>(address) | load<u64>(address, 8)) == 0;
}

// @ts-ignore: decorator
@inline
export function isLoopback(address: usize): bool {
  return (load<u64>(address) | (load<u64>(address, 8) ^ ONE)) == 0;
}

// @ts-ignore: decorator
@inline
export function isMulticast(address: usize): bool {
  return load<u8>(address) == 0xff;
}

// @ts-ignore: decorator
@inline
export function isSame(a: usize, b: usize): bool {
  return ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a, 8) ^ load<u64>(b, 8))) == 0;
}

/**
 * Whether `group` is the solicited-node multicast address of `target`, ff02::1:ffXX:XXXX (RFC 4291
 * §2.7.1), or, which is allowed to an asker that has an address, all nodes, ff02::1.
 */
// @ts-ignore: decorator
@inline
export function isGroupOf(group: usize, target: usize, unspecified: bool): bool {
  const low = load<u64>(group, 8);
  const solicitedNode = (<u64>(load<u32>(target, 12) | 0xff) << 32) | 0x0100_0000;
  return load<u64>(group) == GROUP && (low == solicitedNode || (!unspecified && low == ONE));
}

// @ts-ignore: decorator
@inline
export function copyAddress(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
}

// @ts-ignore: decorator
@inline
export function storeAllNodes(to: usize): void {
  store<u64>(to, GROUP);
  store<u64>(to, ONE, 8);
}
