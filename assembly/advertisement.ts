import { checksum } from "./checksum";
import {
  ADVERTISEMENT,
  CHECKSUM,
  DESTINATION,
  ETHERNET_DESTINATION,
  ETHERNET_SOURCE,
  FLAGS,
  OPTIONS,
  SOURCE,
  TARGET,
  TYPE,
  VERSION,
} from "./frame";
import { copyAddress, copyOrAllNodes } from "./ipv6";
import { ALL_NODES_MAC, storeMac } from "./mac";

/** Version 6, no class and flow, payload length 32, next header ICMPv6, hop limit 255. */
const IPV6_HEADER: u64 = 0xff3a_2000_0000_0060;
/** Type 136, code 0, checksum 0. */
const NEIGHBOR_ADVERTISEMENT: u32 = 136;
// Bits of the flags, first byte lowest.
const SOLICITED: u32 = 0x40;
const OVERRIDE: u32 = 0x20;
/** The type and length in front of the MAC: target link-layer address, 8 bytes. */
const TARGET_LINK_LAYER_ADDRESS: u64 = 0x0102;

/**
 * Overwrites the solicitation at `frame` with the advertisement that the owner of its target would
 * send (RFC 4861 §7.2.4): to the asker, or to all nodes where it had no address yet (RFC 4862
 * §5.4.3: the address is taken).
 *
 * The order matters: each field of the solicitation is read before it is overwritten.
 *
 * @param mac the owner's MAC
 * @param unspecified whether the asker's address is `::`
 * @returns the advertisement's length
 */
// @ts-ignore: decorator
@inline
export function advertise(frame: usize, mac: u64, unspecified: bool): i32 {
  const to = select(ALL_NODES_MAC, load<u64>(frame, ETHERNET_SOURCE), unspecified);
  store<u64>(frame, to, ETHERNET_DESTINATION); // and two bytes of the source, which comes next
  storeMac(frame + ETHERNET_SOURCE, mac);
  copyOrAllNodes(frame + DESTINATION, frame + SOURCE, unspecified);
  copyAddress(frame + SOURCE, frame + TARGET);
  store<u64>(frame, IPV6_HEADER, VERSION);
  store<u32>(frame, NEIGHBOR_ADVERTISEMENT, TYPE);
  store<u32>(frame, unspecified ? OVERRIDE : OVERRIDE | SOLICITED, FLAGS);
  store<u64>(frame, mac | TARGET_LINK_LAYER_ADDRESS, OPTIONS);
  store<u16>(frame, checksum(frame, frame + ADVERTISEMENT), CHECKSUM);
  return ADVERTISEMENT;
}
