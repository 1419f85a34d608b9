import type { Core } from "./core.ts";

/** Who is said to have sent a frame, and what they may send. */
export interface Sender {
  node: Uint8Array;
  mac: Uint8Array;
  foreign: boolean;
  routers: boolean;
}

/** Whether an address may be the sender's. */
export function permitsAddress(core: Core, sender: Sender, address: Uint8Array): boolean {
  const owner = core.ownerOfAddress(address);
  if (owner) return holds(owner.node, 0, sender.node);
  if (address[0] === 0xff) return false; // a group sends nothing (RFC 4291 §2.7)
  if (address[0] === 0xfe && (address[1] ?? 0) >> 6 === 0b10) return holds(address, 0, linkLocal(sender.mac));
  // :: is no address, and ::1 never leaves its node (RFC 4291 §2.5.2 and §2.5.3).
  if (holds(address, 0, new Uint8Array(15)) && (address[15] ?? 0) < 2) return false;
  return sender.foreign;
}

/** Whether 16 zeros start there: the address of who has none yet (RFC 4291 §2.5.2). */
export function isUnspecified(bytes: Uint8Array, at: number): boolean {
  return holds(bytes, at, new Uint8Array(16));
}

/** The link-local address that a MAC makes: fe80::/64, and the MAC as an EUI-64 (RFC 2464 §4 and §5). */
function linkLocal([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: Uint8Array): number[] {
  return [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f];
}

/** Whether the bytes from that place on are these. */
export function holds(bytes: Uint8Array, at: number, expected: ArrayLike<number>): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}
