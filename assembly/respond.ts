import { advertise } from "./advertisement";
import { checksum } from "./checksum";
import {
  CODE,
  DESTINATION,
  ETHERNET_DESTINATION,
  ETHERNET_HEADER,
  ETHERNET_SOURCE,
  ETHERTYPE,
  ETHERTYPE_IPV6,
  HEADERS,
  HOP_LIMIT,
  ICMPV6,
  NEIGHBOR_SOLICITATION,
  NEXT_HEADER,
  OPTIONS,
  PAYLOAD_LENGTH,
  SOLICITATION,
  SOURCE,
  SOURCE_LINK_LAYER_ADDRESS,
  TARGET,
  TYPE,
  VERSION,
} from "./frame";
import { isGroupOf, isLoopback, isMulticast, isSame, isUnspecified } from "./ipv6";
import { BROADCAST, isGroup, macAt, macOf } from "./mac";
import { isReserved, modeOf, nodeIn } from "./mode";
import { invalid, pass, Reason } from "./reason";
import { nodeAt, probes, self } from "./record";

/**
 * Judges one Ethernet frame, and turns it into the advertisement where it is a Neighbor
 * Solicitation for the emulated address of another node.
 *
 * One long function on purpose: it is the rule table from top to bottom, and the compiler folds the
 * returns of one function, not of several, into two jump targets, at two bytes a rule.
 *
 * What may be read when: the 86 bytes that are the frame's at any time, though only those within
 * `length` ever decide; the options after the payload length was found to end within `length`.
 * Nothing is written before the last rule has passed.
 *
 * @param config address of the 16-byte config record
 * @param frame address of the frame; 86 bytes from there on must be memory of the frame's, even
 *   where it is shorter, as the reply may be longer than the question
 * @param length bytes of the frame from the Ethernet destination on, without a checksum or with
 * @returns 86, the advertisement's length, or the `Reason` for which the frame was left as it is
 */
export function respond(config: usize, frame: usize, length: i32): i32 {
  // No solicitation: somebody else's business.
  if (REASONS && length < ETHERNET_HEADER) return pass(Reason.TooShort); // else the third line says so
  if (load<u16>(frame, ETHERTYPE) != ETHERTYPE_IPV6) return pass(Reason.NotIpv6);
  if (length < SOLICITATION) return pass(Reason.TooShort);
  if (RULES && load<u8>(frame, VERSION) >>> 4 != 6) return pass(Reason.IpVersion);
  if (load<u8>(frame, NEXT_HEADER) != ICMPV6) return pass(Reason.NextHeader);
  if (load<u8>(frame, TYPE) != NEIGHBOR_SOLICITATION) return pass(Reason.NotSolicitation);

  // A solicitation that is not ours to answer.
  const mode = modeOf(config, frame + TARGET);
  if (!mode) return pass(Reason.NotEmulated);
  const node = nodeAt(nodeIn(frame + TARGET, mode));
  if (node == self(config)) return pass(Reason.OwnAddress);
  if (isReserved(node)) return pass(Reason.ReservedOwner);
  const mac = macOf(config, node);
  const to = macAt(frame + ETHERNET_DESTINATION);
  const probe = RULES ? isSame(frame + DESTINATION, frame + TARGET) & probes(config) : 0;
  // A probe is the target's only at its owner's MAC: a frame for another station is not the owner's to hear.
  if (to == BROADCAST) return pass(Reason.Broadcast);
  if (!isGroup(frame + ETHERNET_DESTINATION) && !(probe && to == mac)) return pass(Reason.UnicastProbe);
  if (!RULES) return advertise(frame, mac, isUnspecified(frame + SOURCE)); // so much the ZeroTier core checks

  // Ours, but malformed by RFC 4861 §7.1.1, or such that its answer would go astray.
  const asker = macAt(frame + ETHERNET_SOURCE);
  if (isGroup(frame + ETHERNET_SOURCE) || asker == 0 || asker == mac) return invalid(Reason.EthernetSource);
  if (load<i8>(frame, HOP_LIMIT) != -1) return invalid(Reason.HopLimit);
  const payload: u32 = (load<u8>(frame, PAYLOAD_LENGTH) << 8) | load<u8>(frame, PAYLOAD_LENGTH + 1);
  const options = payload - (SOLICITATION - HEADERS); // below zero it wraps, to more than any frame has
  if (options > <u32>(length - SOLICITATION)) return invalid(Reason.PayloadLength);
  if (isMulticast(frame + SOURCE)) return invalid(Reason.Source);
  if (isLoopback(frame + SOURCE)) return invalid(Reason.Source);
  if (isSame(frame + SOURCE, frame + TARGET)) return invalid(Reason.SourceIsTarget);
  const unspecified = isUnspecified(frame + SOURCE);
  if (!isGroupOf(frame + DESTINATION, frame + TARGET, unspecified) && (unspecified || !probe))
    return invalid(Reason.Destination);
  if (load<u8>(frame, CODE)) return invalid(Reason.Code);
  if (options & 7) return invalid(Reason.OptionLength);
  const end = frame + OPTIONS + options;
  if (checksum(frame, end)) return invalid(Reason.Checksum);
  // Every option ends within the message and moves on by 8 bytes or more: the walk is bounded. The size is compared
  // with 0, not the next address with this one: Linux's eBPF verifier follows the one, but not the other.
  for (let option = frame + OPTIONS; option != end; ) {
    const size = (<usize>load<u8>(option, 1)) << 3;
    const next = option + size;
    if (!size || next > end) return invalid(Reason.OptionLength);
    if (load<u8>(option) == SOURCE_LINK_LAYER_ADDRESS) {
      if (unspecified) return invalid(Reason.UnspecifiedWithLinkLayer);
      if (size != 8) return invalid(Reason.LinkLayerLength);
    }
    option = next;
  }
  return advertise(frame, mac, unspecified);
}
