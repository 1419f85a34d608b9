// What follows from a network ID and a node address, by name.
import { formatAddress, formatMac, type Host, type Network, parseAddress, parseMac } from "sixplane";

export interface Row {
  name: string;
  value: string;
}

/** @param own the lower 48 bits of the 6PLANE address that is looked at */
export function rows(network: Network, host: Host, own: bigint): Row[] {
  const { prefix } = host.sixplane;
  const address = prefix.address(own);
  return [
    { name: "6PLANE address", value: host.sixplane.address },
    ...(address === host.sixplane.address ? [] : [{ name: "With this suffix", value: address }]),
    { name: "6PLANE host prefix", value: prefix.toString() },
    { name: "6PLANE network prefix", value: network.sixplane.toString() },
    { name: "RFC 4193 address", value: host.rfc4193.address },
    { name: "RFC 4193 network prefix", value: network.rfc4193.toString() },
    { name: "MAC", value: host.mac },
    { name: "Link-local address", value: linkLocal(host.mac) },
    { name: "Solicited-node multicast", value: solicitedNode(address) },
    { name: "… and its MAC", value: multicastMac(solicitedNode(address)) },
    { name: "Reverse DNS of the /80", value: prefix.arpa },
    { name: "Reverse DNS of the /40", value: network.sixplane.arpa },
  ];
}

/** The suffix as 48 bits: written as the end of an IPv6 address, without its "::". */
export function parseOwn(text: string): bigint {
  const bytes = /^[0-9a-f]/i.test(text) ? parseOrNothing(`::${text}`) : undefined;
  if (!bytes || bytes.subarray(0, 10).some((byte) => byte !== 0)) {
    throw new Error(
      `suffix must be up to three groups of hex digits such as 242 or 1:2:3, got ${JSON.stringify(text)}`,
    );
  }
  return bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function parseOrNothing(text: string): Uint8Array | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

/** The link-local address of a MAC (RFC 4291 appendix A). */
export function linkLocal(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = parseMac(mac);
  return formatAddress(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f));
}

/** The solicited-node multicast address of an address (RFC 4291 §2.7.1). */
export function solicitedNode(address: string): string {
  const group = parseAddress("ff02::1:ff00:0");
  group.set(parseAddress(address).subarray(13), 13);
  return formatAddress(group);
}

/** Where Ethernet frames for a multicast address go (RFC 2464 §7). */
export function multicastMac(group: string): string {
  return formatMac(Uint8Array.of(0x33, 0x33, ...parseAddress(group).subarray(12)));
}
