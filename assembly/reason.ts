/**
 * Why a frame was not answered: 0 to -15 pass it on, -16 and below call it invalid. Part of the ABI: a number never gets another
 * meaning.
 *
 * This is the one table of reasons: rule, sentence, name and number. test/core/reasons.test.ts compares it with the library,
 * sixplane.h, the page in this folder, and the explorer.
 */
export const enum Reason {
  /** A1: It is not IPv6 (ethertype 86dd), or it has a VLAN tag. */
  NotIpv6 = -1,
  /** A2: It is shorter than a solicitation, 78 bytes. */
  TooShort = -2,
  /** A3: It goes to one MAC, as a reachability probe does, so the owner itself gets it. */
  UnicastProbe = -3,
  /** A4: It goes to Ethernet broadcast, where no solicitation goes. */
  Broadcast = -4,
  /** B1: Its IP version is not 6. */
  IpVersion = -5,
  /** B4: ICMPv6 does not follow right behind the IPv6 header. */
  NextHeader = -6,
  /** C1: It is ICMPv6, but no Neighbor Solicitation. */
  NotSolicitation = -7,
  /** E3: It asks for an address outside this network, or for one in a mode that is off. */
  NotEmulated = -8,
  /** E4: It asks for an address of this node itself, whose kernel must see it. */
  OwnAddress = -9,
  /** E5: The node in the address is 0 or starts with ff: ZeroTier assigns it to no node. */
  ReservedOwner = -10,

  /** A5: Its Ethernet source is a group, zero, or the owner's own MAC: a reply would loop. */
  EthernetSource = -17,
  /** B2: Its hop limit is not 255, so it may have passed a router (RFC 4861 §7.1.1). */
  HopLimit = -18,
  /** B3: Its payload length is below 24, or beyond the frame. */
  PayloadLength = -19,
  /** B5: Its IPv6 source is multicast or ::1. */
  Source = -20,
  /** B6: Its IPv6 source is the target itself. */
  SourceIsTarget = -21,
  /** B7: Its IPv6 destination is neither the target's solicited-node address nor, for an asker with an address, ff02::1. */
  Destination = -22,
  /** C2: Its code is not 0 (RFC 4861 §7.1.1). */
  Code = -23,
  /** C3: Its checksum is wrong. */
  Checksum = -24,
  /** D1: It has an option of length 0, an option past the end, or bytes that are no option. */
  OptionLength = -25,
  /** D2: It comes from :: and has a source link-layer address (RFC 4861 §7.1.1). */
  UnspecifiedWithLinkLayer = -26,
  /** D3: It has a source link-layer address option that is not 8 bytes long. */
  LinkLayerLength = -27,
}

/** What `respond` returns for a frame to pass on. */
// @ts-ignore: decorator
@inline
export function pass(reason: i32): i32 {
  return REASONS ? reason : 0;
}

/** What `respond` returns for a solicitation that must not be answered. */
// @ts-ignore: decorator
@inline
export function invalid(reason: i32): i32 {
  return REASONS ? reason : -16;
}
