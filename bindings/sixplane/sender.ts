import type { Core } from "./core.ts";
import { mismatch } from "./errors.ts";
import { permitsNeighbour } from "./neighbour.ts";
import { checkKeys } from "./options.ts";
import { holds, isUnspecified, permitsAddress } from "./own-address.ts";

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
  /**
   * Whether a node may send Router Advertisements, by which hosts change their routes. Off by default.
   */
  routers?: boolean;
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
  checkKeys(policy, ["foreign", "routers"]);
  const { foreign = true, routers = false } = policy;
  if (typeof foreign !== "boolean") throw mismatch("foreign", "true or false", foreign);
  if (typeof routers !== "boolean") throw mismatch("routers", "true or false", routers);

  const sender = { node, mac: core.mac(), foreign, routers };
  let type = ETHERTYPE;
  while (TAGS.some((tag) => holds(frame, type, tag))) type += TAG_LENGTH; // a kernel may take them off
  const header = type + 2;
  if (frame.length < header || !holds(frame, ETHERNET_SOURCE, sender.mac)) return false;
  if (!holds(frame, type, IPV6)) return true;
  if (frame.length < header + IPV6_HEADER || (frame[header] ?? 0) >> 4 !== 6) return false;
  const source = frame.subarray(header + SOURCE, header + SOURCE + 16);
  const permitsTheSource = isUnspecified(source, 0) || permitsAddress(core, sender, source); // RFC 4862 §5.4
  return permitsTheSource && permitsNeighbour(core, sender, frame, header);
}
