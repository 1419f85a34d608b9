import { checksum } from "./checksum";
import {
  ADVERTISEMENT,
  CHECKSUM,
  DESTINATION,
  ETHERNET_DESTINATION,
  ETHERNET_SOURCE,
  OPTIONS,
  SOURCE,
  TARGET,
  TYPE,
  VERSION,
} from "./frame";
import { copyAddress, storeAllNodes } from "./ipv6";
import { ALL_NODES_MAC, macAt } from "./mac";

/** Version 6, no class and flow, payload length 32, next header ICMPv6, hop limit 255. */
const IPV6_HEADER: u64 = 0xff3a_2000_0000_0060;
/** Type 136, code 0, checksum 0, flags Solicited and Override. */
const SOLICITED: u64 = 0x60_0000_0088;
/** Type 136, code 0, checksum 0, flag Override. */
const UNSOLICITED: u64 = 0x20_0000_0088;
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
  let to = macAt(frame + ETHERNET_SOURCE);
  if (unspecified) {
    to = ALL_NODES_MAC;
    storeAllNodes(frame + DESTINATION);
  } else {
    copyAddress(frame + DESTINATION, frame + SOURCE);
  }
  copyAddress(frame + SOURCE, frame + TARGET);
  store<u64>(frame, (to >>> 16) | (mac << 32), ETHERNET_DESTINATION);
  store<u32>(frame, <u32>(mac >>> 32), ETHERNET_SOURCE + 2);
  store<u64>(frame, IPV6_HEADER, VERSION);
  store<u64>(frame, unspecified ? UNSOLICITED : SOLICITED, TYPE);
  store<u64>(frame, mac | TARGET_LINK_LAYER_ADDRESS, OPTIONS);
  store<u16>(frame, ~checksum(frame, frame + ADVERTISEMENT), CHECKSUM);
  return ADVERTISEMENT;
}
