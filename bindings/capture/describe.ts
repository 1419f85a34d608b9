import { formatAddress, formatHex } from "sixplane";

/** By their four hex digits. */
const ETHERTYPES: Record<string, string> = {
  "0800": "IPv4",
  "0806": "ARP",
  "8100": "VLAN tag",
  "88a8": "VLAN service tag",
  "88cc": "LLDP",
  "9100": "VLAN tag",
};

const NEXT_HEADERS: Record<number, string> = {
  0: "Hop-by-Hop Options",
  6: "TCP",
  17: "UDP",
  43: "Routing",
  44: "Fragment",
  60: "Destination Options",
};

const ICMPV6_TYPES: Record<number, string> = {
  1: "Destination Unreachable",
  2: "Packet Too Big",
  3: "Time Exceeded",
  4: "Parameter Problem",
  128: "Echo Request",
  129: "Echo Reply",
  130: "Multicast Listener Query",
  131: "Multicast Listener Report",
  132: "Multicast Listener Done",
  133: "Router Solicitation",
  134: "Router Advertisement",
  135: "Neighbor Solicitation",
  136: "Neighbor Advertisement",
  137: "Redirect",
  143: "Multicast Listener Report v2",
};

/**
 * What a frame is, in a few words, as far as its bytes go.
 *
 * @param frame an Ethernet frame from its destination MAC on, of any length
 * @example describe(frame);  // "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from fe80::1"
 */
export function describe(frame: Uint8Array): string {
  if (frame.length < 14) return `${frame.length} bytes, less than an Ethernet header`;
  const ethertype = formatHex(frame.subarray(12, 14));
  if (ethertype === "86dd") return describeIpv6(frame);
  if (ethertype === "0000") return "no ethertype";
  if (ethertype < "0600") return "IEEE 802.3 frame"; // a length
  return ETHERTYPES[ethertype] ?? `ethertype 0x${ethertype}`;
}

function describeIpv6(frame: Uint8Array): string {
  if (frame.length < 54) return "IPv6, cut short";
  const version = (frame[14] ?? 0) >> 4;
  if (version !== 6) return `IP version ${version} behind the ethertype of IPv6`;
  const nextHeader = frame[20] ?? 0;
  if (nextHeader !== 58) return NEXT_HEADERS[nextHeader] ?? `IPv6 next header ${nextHeader}`;
  const payloadLength = ((frame[18] ?? 0) << 8) | (frame[19] ?? 0);
  if (payloadLength === 0) return "ICMPv6 without a message: the payload length is 0";
  if (frame.length < 55) return "ICMPv6, cut short";
  const type = frame[54] ?? 0;
  const name = ICMPV6_TYPES[type] ?? `ICMPv6 type ${type}`;
  if (type !== 135 && type !== 136) return name;
  if (payloadLength < 24) return `${name} without a target: the payload length is ${payloadLength}`;
  if (frame.length < 78) return `${name}, cut short`;
  const target = formatAddress(frame.subarray(62, 78));
  return type === 136 ? `${name} of ${target}` : `${name} for ${target} from ${asker(frame)}`;
}

function asker(frame: Uint8Array): string {
  const source = formatAddress(frame.subarray(22, 38));
  return source === "::" ? ":: (duplicate address detection)" : source;
}
