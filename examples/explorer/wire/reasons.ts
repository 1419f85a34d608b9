import type { Verdict } from "sixplane";
import type { CaptureVerdict } from "sixplane/capture";

/** Each reason in a sentence, as in the core's table of reasons. */
export const REASONS: Record<Verdict["reason"], string> = {
  emulated: "It asks for another node's address. The address names that node, so nobody has to be asked.",
  "not-ipv6": "It is not IPv6 (ethertype 86dd), or it has a VLAN tag.",
  "too-short": "It is shorter than a solicitation, 78 bytes.",
  "unicast-probe": "It goes to one MAC, as a reachability probe does, so the owner itself gets it.",
  broadcast: "It goes to Ethernet broadcast, where no solicitation goes.",
  "ip-version": "Its IP version is not 6.",
  "next-header": "ICMPv6 does not follow right behind the IPv6 header.",
  "not-solicitation": "It is ICMPv6, but no Neighbor Solicitation.",
  "not-emulated": "It asks for an address outside this network, or for one in a mode that is off.",
  "own-address": "It asks for an address of this node itself, whose kernel must see it.",
  "reserved-owner": "The node in the address is 0 or starts with ff: ZeroTier assigns it to no node.",
  "ethernet-source": "Its Ethernet source is a group, zero, or the owner's own MAC: a reply would loop.",
  "hop-limit": "Its hop limit is not 255, so it may have passed a router (RFC 4861 §7.1.1).",
  "payload-length": "Its payload length is below 24, or beyond the frame.",
  source: "Its IPv6 source is multicast or ::1.",
  "source-is-target": "Its IPv6 source is the target itself.",
  destination:
    "Its IPv6 destination is neither the target's solicited-node address nor, for an asker with an address, ff02::1.",
  code: "Its code is not 0 (RFC 4861 §7.1.1).",
  checksum: "Its checksum is wrong.",
  "option-length": "It has an option of length 0, an option past the end, or bytes that are no option.",
  "unspecified-with-link-layer": "It comes from :: and has a source link-layer address (RFC 4861 §7.1.1).",
  "link-layer-length": "It has a source link-layer address option that is not 8 bytes long.",
  unspecified: "This build of the core gives no reasons.",
};

/** Those, and the reason that only captured frames have. */
export const CAPTURE_REASONS: Record<CaptureVerdict["reason"], string> = {
  ...REASONS,
  "mac-not-captured": "It asks for another node's address, but its destination MAC is not in the capture.",
};

/** What happens to a frame with each verdict. */
export const ACTIONS: Record<Verdict["kind"], string> = {
  reply: "answered here",
  pass: "goes on as it is",
  invalid: "best dropped",
};
