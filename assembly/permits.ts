import {
  ETHERNET_HEADER,
  ETHERNET_SOURCE,
  ETHERTYPE,
  ETHERTYPE_IPV6,
  HEADERS,
  ICMPV6,
  NEIGHBOR_SOLICITATION,
  NEXT_HEADER,
  PAYLOAD_LENGTH,
  SOURCE,
  SOURCE_LINK_LAYER_ADDRESS,
  VERSION,
} from "./frame";
import { isLinkLocal, isLinkLocalOf, isMulticast, isUnspecified, isUnspecifiedOrLoopback } from "./ipv6";
import { macAt, macOf } from "./mac";
import { modeOf, nodeIn } from "./mode";
import { nodeAt, ownSources, routers, self } from "./record";

//  What may stand before the ethertype: VLAN tags of four bytes (IEEE 802.1Q)
//
//   12         14     16          18
//  ┌──────────┬──────┬───────────┐
//  │ 8100 …   │ tag  │ ethertype │
//  └──────────┴──────┴───────────┘
//
//  An extension header (RFC 8200 §4)              A message of Neighbor Discovery (RFC 4861 §4)
//
//   0      1        2                              0      1   8             24
//  ┌──────┬────────┬────────────────┐             ┌──────┬───┬─────────────┬──────────
//  │ next │ length │ fragment offset│             │ type │ … │ target (16) │ options…
//  └──────┴────────┴────────────────┘             └──────┴───┴─────────────┴──────────

const TAG: usize = 4;
/** More VLAN tags than that on one frame are refused: no network has use for them. */
const MOST_TAGS: i32 = 3;

const FRAGMENT: u32 = 44;
const AUTHENTICATION: u32 = 51;
/** The numbers of Hop-by-Hop Options, Routing, Fragment, Authentication and Destination Options, as bits. */
const EXTENSIONS: u64 = 0x1008_1800_0000_0001;
/** No extension header is shorter. */
const EXTENSION: usize = 8;

const ROUTER_SOLICITATION: u32 = 133;
const ROUTER_ADVERTISEMENT: u32 = 134;
const NEIGHBOR_ADVERTISEMENT: u32 = 136;
const REDIRECT: u32 = 137;
/** Where the options start in messages of type 133 and up: four bits each, in units of 8 bytes. */
const FIXED: u32 = 0x3321;
const TARGET: usize = 8;

const REFUSED: i32 = 0;
const PERMITTED: i32 = 1;
const PERMITTED_WHOLE: i32 = 2;

/**
 * Whether the record's node may have sent the Ethernet frame: whether all that it says of its sender is true. Its
 * source MAC must be the node's. In IPv6, the source address must be `::` or an address that the node may have, and a
 * message of Neighbor Discovery must speak for the node alone. What cannot be parsed is refused.
 *
 * Nothing beyond `length` is read, and nothing is written.
 *
 * @param config address of the 16-byte config record, with the node that is said to have sent the frame
 * @param frame address of the frame
 * @param length bytes of the frame from the Ethernet destination on
 * @returns 0 for a refused frame; 1 where its headers permit it; 2 for a message of Neighbor Discovery, all of
 *   which was looked at. With 1, the bytes behind the headers do not matter: a caller that has but the first part
 *   of a frame may shorten the payload length to fit, and trust a 1
 */
export function permits(config: usize, frame: usize, length: i32): i32 {
  const mac = macOf(config, self(config));
  const last = frame + length;
  if (length < ETHERNET_HEADER || macAt(frame + ETHERNET_SOURCE) != mac) return REFUSED;
  // Where the frame would start, if its tags, which a kernel may take off, were not there.
  let start = frame;
  for (let tags = 0; isTag(load<u16>(start, ETHERTYPE)); tags++) {
    start += TAG;
    if (i32(tags == MOST_TAGS) | i32(start + ETHERNET_HEADER > last)) return REFUSED;
  }
  if (load<u16>(start, ETHERTYPE) != ETHERTYPE_IPV6) return PERMITTED;
  if (start + HEADERS > last || load<u8>(start, VERSION) >>> 4 != 6) return REFUSED;
  const unspecified = isUnspecified(start + SOURCE); // RFC 4862 §5.4: who asks whether an address is free
  if (!(permitsAddress(config, mac, start + SOURCE) | i32(unspecified))) return REFUSED;

  const payload: u32 = (load<u8>(start, PAYLOAD_LENGTH) << 8) | load<u8>(start, PAYLOAD_LENGTH + 1);
  const end = start + HEADERS + payload;
  if (end > last) return REFUSED;
  let next: u32 = load<u8>(start, NEXT_HEADER);
  let message = start + HEADERS;
  let fragment = false;
  while (next != ICMPV6) {
    if (i32(next > 63) | i32(!(<u32>(EXTENSIONS >>> next) & 1))) return PERMITTED;
    if (message + EXTENSION > end) return REFUSED;
    let size: usize = 8;
    if (next == FRAGMENT) {
      // A later fragment goes on with what the first one said, which has all headers (RFC 7112).
      if (load<u8>(message, 2) | (load<u8>(message, 3) & 0xf8)) return PERMITTED;
      fragment = true;
    } else {
      const more: usize = load<u8>(message, 1);
      size = next == AUTHENTICATION ? (more + 2) << 2 : (more + 1) << 3; // RFC 4302 §2.2, RFC 8200 §4
    }
    next = load<u8>(message);
    message += size;
    if (message > end) return REFUSED; // compared here, so that Linux's verifier sees the loop end
  }
  if (message == end) return REFUSED;
  const type: u32 = load<u8>(message);
  if (type - ROUTER_SOLICITATION > REDIRECT - ROUTER_SOLICITATION) return PERMITTED;
  // In a fragment, the message may go on elsewhere (RFC 6980).
  if (i32(fragment) | i32(type == REDIRECT) | (i32(type == ROUTER_ADVERTISEMENT) & i32(!routers(config))))
    return REFUSED;
  const fixed = (FIXED >>> ((type - ROUTER_SOLICITATION) << 2)) & 15;
  let option = message + (fixed << 3);
  if (i32(option > end) | i32((end - option) & 7)) return REFUSED;
  const asksForItself = i32(type == NEIGHBOR_SOLICITATION) & i32(unspecified); // RFC 4862 §5.4.3
  const claims = i32(type == NEIGHBOR_ADVERTISEMENT) | asksForItself;
  if (claims && !permitsAddress(config, mac, message + TARGET)) return REFUSED;
  while (option != end) {
    const size = (<usize>load<u8>(option, 1)) << 3;
    const following = option + size;
    if (i32(!size) | i32(following > end)) return REFUSED;
    // The source's link-layer address has type 1, the target's 2; both are 8 bytes with the MAC.
    const isLinkLayer = i32(<u32>load<u8>(option) - SOURCE_LINK_LAYER_ADDRESS < 2);
    if (isLinkLayer & (i32(size != 8) | i32(load<u64>(option) >>> 16 != mac >>> 16))) return REFUSED;
    option = following;
  }
  return PERMITTED_WHOLE;
}

/** Whether an IPv6 address may be the one of the record's node, which has that MAC. */
function permitsAddress(config: usize, mac: u64, address: usize): i32 {
  const mode = modeOf(config, address);
  if (mode) return i32(nodeAt(nodeIn(address, mode)) == self(config));
  if (isLinkLocal(address)) return isLinkLocalOf(address, mac);
  // A group sends nothing, :: is no address, and ::1 never leaves its node (RFC 4291 §2.7, §2.5.2 and §2.5.3).
  return i32(!(i32(isMulticast(address)) | isUnspecifiedOrLoopback(address) | ownSources(config)));
}

/** Whether an ethertype, as loaded, is one of a VLAN tag: 8100, 88a8 or 9100. */
// @ts-ignore: decorator
@inline
function isTag(type: u32): bool {
  return (type & ~0x10) == 0x0081 || type == 0xa888;
}
