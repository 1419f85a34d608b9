import type { Core } from "./core.ts";
import { mismatch } from "./errors.ts";
import { checkKeys } from "./options.ts";

/**
 * The IPv6 source addresses that a node may use besides its own.
 *
 * @example
 * const policy: SourcePolicy = { foreign: false };
 */
export interface SourcePolicy {
  /**
   * Whether a node may use IPv6 sources that belong to no node of the network: global addresses, and unique
   * local addresses of other prefixes. On by default, because a node may route for others.
   */
  foreign?: boolean;
}

//  The sender's addresses in a frame, offsets from the Ethernet destination (RFC 2464 §3, RFC 8200 §3); VLAN
//  tags of four bytes each may come before the ethertype (IEEE 802.1Q)
//
//   6            12          14          22            38     54
//  ┌────────────┬───────────┬─────────┬─┬─────────────┬──────┐
//  │ source MAC │ ethertype │ version │…│ source (16) │ …    │
//  └────────────┴───────────┴─────────┴─┴─────────────┴──────┘
const ETHERNET_SOURCE = 6;
const ETHERTYPE = 12;
const IPV6 = [0x86, 0xdd];
const TAGS = [
  [0x81, 0x00],
  [0x88, 0xa8],
  [0x91, 0x00],
];
const TAG_LENGTH = 4;

// From the IPv6 header's start.
const SOURCE = 8;
const IPV6_HEADER = 40;

/**
 * Whether the node may have sent the frame, as `Network.permitsSource` says.
 *
 * @internal
 * @param core configured for the node, in both modes
 */
export function permitsSource(
  core: Core,
  node: Uint8Array,
  frame: Uint8Array,
  policy: SourcePolicy = {},
): boolean {
  if (!(frame instanceof Uint8Array)) throw mismatch("frame", "a Uint8Array", frame);
  // A wrong policy is an error: to ignore it would permit frames that the caller wants to reject.
  if (typeof policy !== "object" || !policy) throw mismatch("source policy", "an object", policy);
  checkKeys(policy, ["foreign"]);
  const { foreign = true } = policy;
  if (typeof foreign !== "boolean") throw mismatch("foreign", "true or false", foreign);

  const mac = core.mac();
  let type = ETHERTYPE;
  while (TAGS.some((tag) => holds(frame, type, tag))) type += TAG_LENGTH; // a kernel may take them off
  const header = type + 2;
  if (frame.length < header || !holds(frame, ETHERNET_SOURCE, mac)) return false;
  if (!holds(frame, type, IPV6)) return true;
  if (frame.length < header + IPV6_HEADER || (frame[header] ?? 0) >> 4 !== 6) return false;

  const source = frame.subarray(header + SOURCE, header + SOURCE + 16);
  const owner = core.ownerOfAddress(source);
  if (owner) return holds(owner.node, 0, node);
  if (source[0] === 0xff) return false; // a group sends nothing (RFC 4291 §2.7)
  if (source[0] === 0xfe && (source[1] ?? 0) >> 6 === 0b10) return holds(source, 0, linkLocal(mac));
  // :: asks whether an address is free (RFC 4862 §5.4), ::1 never leaves its node (RFC 4291 §2.5.3).
  if (holds(source, 0, new Uint8Array(15)) && (source[15] ?? 0) < 2) return source[15] === 0;
  return foreign;
}

/** The link-local address that a MAC makes: fe80::/64, and the MAC as an EUI-64 (RFC 2464 §4 and §5). */
function linkLocal([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: Uint8Array): number[] {
  return [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f];
}

/** Whether the bytes from that place on are these. */
function holds(bytes: Uint8Array, at: number, expected: ArrayLike<number>): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}
