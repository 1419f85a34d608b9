import type { Verdict } from "sixplane";

/** What each reason means, in words. */
export const REASONS: Record<Verdict["reason"], string> = {
  emulated: "It asks for another node's address, which names that node: nobody has to be asked.",
  "not-ipv6": "It is not IPv6, or carries a VLAN tag.",
  "too-short": "It is shorter than a solicitation, 78 bytes.",
  "unicast-probe": "It goes to one MAC, as reachability probes do, and so reaches the owner itself.",
  broadcast: "It goes to Ethernet broadcast, where no solicitation goes.",
  "ip-version": "It is not IP version 6, whatever its ethertype says.",
  "next-header": "It is not ICMPv6 right behind the IPv6 header.",
  "not-solicitation": "It is ICMPv6, but no Neighbor Solicitation.",
  "not-emulated": "It asks for an address outside this network, or of a kind that is not answered for.",
  "own-address": "It asks for an address of this node itself, whose kernel must see it.",
  "reserved-owner": "The node in the address is 0 or starts with ff: ZeroTier gives it to none.",
  "ethernet-source": "It comes from a multicast MAC, from zero, or from the owner's own: a reply would loop.",
  "hop-limit": "Its hop limit is not 255, so that it may have come through a router (RFC 4861 §7.1.1).",
  "payload-length": "Its payload length is below 24, or beyond the frame.",
  source: "It comes from a multicast address or from ::1.",
  "source-is-target": "It comes from the address that it asks for.",
  destination: "It goes neither to the target's solicited-node address nor to all nodes.",
  code: "Its code is not 0 (RFC 4861 §7.1.1).",
  checksum: "Its checksum is wrong.",
  "option-length": "It has an option of length 0, one past the end, or bytes that are no option.",
  "unspecified-with-link-layer":
    "It comes from :: and yet has a source link-layer address (RFC 4861 §7.1.1).",
  "link-layer-length": "Its source link-layer address is not 8 bytes long.",
  unspecified: "This build of the core gives no reasons.",
};

/** What to do with a frame, in words. */
export const ACTIONS: Record<Verdict["kind"], string> = {
  reply: "answered here",
  pass: "goes on as it is",
  invalid: "best dropped",
};
