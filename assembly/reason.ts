/**
 * Why a frame was not answered, one reason for each rule: 0 to -15 pass it on, -16 and below call
 * it invalid. Part of the ABI: a number is never used for something else. The rules, and what each
 * rests on, are in the README.
 */
export const enum Reason {
  /** A1 Not ethertype 86dd, or behind a VLAN tag. */
  NotIpv6 = -1,
  /** A2 Shorter than the fixed fields of a solicitation. */
  TooShort = -2,
  /** A3 Sent to one MAC, where the owner itself gets it; in probes mode, no probe of this target. */
  UnicastProbe = -3,
  /** A4 Sent to ff:ff:ff:ff:ff:ff. */
  Broadcast = -4,
  /** B1 IP version is not 6. */
  IpVersion = -5,
  /** B4 Next header is not ICMPv6. */
  NextHeader = -6,
  /** C1 ICMPv6, but no Neighbor Solicitation. */
  NotSolicitation = -7,
  /** E3 The target embeds no node of this network in a mode that is on. */
  NotEmulated = -8,
  /** E4 The target belongs to this very node. */
  OwnAddress = -9,
  /** E5 The target's owner is an address that ZeroTier gives to no node. */
  ReservedOwner = -10,

  /** A5 Ethernet source is no station that an answer could be sent to: a group, zero, or the owner. */
  EthernetSource = -17,
  /** B2 Hop limit is not 255. */
  HopLimit = -18,
  /** B3 Payload length is below 24, or beyond the frame. */
  PayloadLength = -19,
  /** B5 IPv6 source is multicast or ::1. */
  Source = -20,
  /** B6 IPv6 source is the target. */
  SourceIsTarget = -21,
  /** B7 IPv6 destination is none on which the target's owner listens for this. */
  Destination = -22,
  /** C2 Code is not 0. */
  Code = -23,
  /** C3 The checksum is wrong. */
  Checksum = -24,
  /** D1 An option of length 0 or past the end, or bytes that are no option. */
  OptionLength = -25,
  /** D2 Source :: together with a source link-layer address option. */
  UnspecifiedWithLinkLayer = -26,
  /** D3 A source link-layer address option that is not 8 bytes long. */
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
