import type { Core } from "./core.ts";
import { holds, isUnspecified, permitsAddress, type Sender } from "./own-address.ts";

//  An IPv6 packet, RFC 8200 §3 and §4, from its header's start
//
//   0   4                6      7    8            24                 40
//  ┌───┬────────────────┬──────┬────┬────────────┬──────────────────┬──────────────────────────────
//  │ … │ payload length │ next │ …  │ source(16) │ destination (16) │ extension headers, the message
//  └───┴────────────────┴──────┴────┴────────────┴──────────────────┴──────────────────────────────
//
//  An extension header                            A message of Neighbor Discovery, RFC 4861 §4
//
//   0      1        2                              0      1   8             24
//  ┌──────┬────────┬────────────────┐             ┌──────┬───┬─────────────┬──────────
//  │ next │ length │ fragment offset│             │ type │ … │ target (16) │ options…
//  └──────┴────────┴────────────────┘             └──────┴───┴─────────────┴──────────
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const SOURCE = 8;
const IPV6_HEADER = 40;
const TARGET = 8;

const FRAGMENT = 44;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
/** Hop-by-Hop Options, Routing, Fragment, Authentication and Destination Options. */
const EXTENSIONS = [0, 43, FRAGMENT, AUTHENTICATION, 60];

const ROUTER_ADVERTISEMENT = 134;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const REDIRECT = 137;

/** Where the options of a message start, by its type. */
const OPTIONS: Record<number, number> = { 133: 8, 134: 16, 135: 24, 136: 24, 137: 40 };

const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;

/**
 * Whether a message of Neighbor Discovery in the IPv6 packet, if there is one, speaks for its sender alone.
 *
 * @param header where the IPv6 header starts, all of whose 40 bytes are in the frame
 */
export function permitsNeighbour(core: Core, sender: Sender, frame: Uint8Array, header: number): boolean {
  const end = header + IPV6_HEADER + word(frame, header + PAYLOAD_LENGTH);
  const at = end > frame.length ? end : findMessage(frame, header, end);
  if (at === undefined) return true;
  const type = frame[at] ?? 0;
  const options = at + (OPTIONS[type] ?? 0);
  if (at >= end || options > end || type === REDIRECT) return false;
  if (type === ROUTER_ADVERTISEMENT && !sender.routers) return false;
  const target = frame.subarray(at + TARGET, at + TARGET + 16);
  const asksForItself = type === SOLICITATION && isUnspecified(frame, header + SOURCE); // RFC 4862 §5.4.3
  if ((type === ADVERTISEMENT || asksForItself) && !permitsAddress(core, sender, target)) return false;
  return permitsOptions(sender.mac, frame.subarray(options, end));
}

/**
 * Where the message of Neighbor Discovery starts; undefined where the packet has none, `end` where that cannot
 * be told, or the message may go on in another fragment (RFC 6980).
 */
function findMessage(frame: Uint8Array, header: number, end: number): number | undefined {
  let next = frame[header + NEXT_HEADER] ?? 0;
  let at = header + IPV6_HEADER;
  let isFragment = false;
  while (next !== ICMPV6) {
    if (!EXTENSIONS.includes(next)) return undefined;
    if (at + 8 > end) return end;
    isFragment ||= next === FRAGMENT;
    // A later fragment goes on with what the first one said, which has all headers (RFC 7112).
    if (next === FRAGMENT && word(frame, at + 2) >> 3 !== 0) return undefined;
    const length = next === FRAGMENT ? 0 : (frame[at + 1] ?? 0);
    const size = next === AUTHENTICATION ? 4 * (length + 2) : 8 * (length + 1); // RFC 4302 §2.2, RFC 8200 §4
    next = frame[at] ?? 0;
    at += size;
  }
  if (at < end && !OPTIONS[frame[at] ?? 0]) return undefined;
  return isFragment ? end : at;
}

/** Whether all link-layer addresses in options are the sender's. */
function permitsOptions(mac: Uint8Array, options: Uint8Array): boolean {
  for (let at = 0; at < options.length; ) {
    const size = 8 * (options[at + 1] ?? 0);
    if (size === 0 || at + size > options.length) return false;
    const kind = options[at];
    const isLinkLayer = kind === SOURCE_LINK_LAYER_ADDRESS || kind === TARGET_LINK_LAYER_ADDRESS;
    if (isLinkLayer && !(size === 8 && holds(options, at + 2, mac))) return false;
    at += size;
  }
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
