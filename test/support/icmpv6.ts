// ICMPv6 messages written out field by field, in plain code that shares nothing with the product.
import { hex, SELF_MAC, sum } from "./frames.ts";

/** A message and the headers before it, as hex. */
export interface Icmpv6 {
  ethernetDestination?: string;
  ethernetSource: string;
  source: string;
  destination: string;
  type: number;
  code?: number;
  /** What comes behind the checksum. */
  body: string;
  /** Extension headers before the message. Each names the next: the IPv6 header names `nextHeader`. */
  extensions?: string;
  nextHeader?: number;
  /** VLAN tags before the ethertype, four bytes each. */
  tags?: string;
}

const byte = (value: number) => value.toString(16).padStart(2, "0");
const word = (value: number) => value.toString(16).padStart(4, "0");

/** An Ethernet frame with an ICMPv6 message, whose lengths and checksum are right. */
export function icmpv6(given: Icmpv6): Uint8Array<ArrayBuffer> {
  const { ethernetDestination = SELF_MAC, ethernetSource, source, destination, type, body } = given;
  const { code = 0, extensions = "", nextHeader = 58, tags = "" } = given;
  const message = (checksum: string) => `${byte(type)}${byte(code)}${checksum}${body}`;
  const length = 4 + body.length / 2;
  const pseudo = `${source}${destination}${length.toString(16).padStart(8, "0")}0000003a`;
  const checksum = word(~sum(pseudo + message("0000")) & 0xffff);
  const payload = word(extensions.length / 2 + length);
  return hex(
    `${ethernetDestination}${ethernetSource}${tags}86dd60000000${payload}${byte(nextHeader)}ff` +
      `${source}${destination}${extensions}${message(checksum)}`,
  );
}

/** The link-local address of a MAC, as hex (RFC 4291 appendix A). */
export function linkLocalOf(mac: string): string {
  const flipped = byte(Number.parseInt(mac.slice(0, 2), 16) ^ 2);
  return `fe80000000000000${flipped}${mac.slice(2, 6)}fffe${mac.slice(6)}`;
}

/**
 * What follows the checksum of a Router Advertisement (RFC 4861 §4.2): hop limit 3, a default route for half an
 * hour, MTU 1280 (§4.6.4), and 2001:db8:bad::/64 for addresses (§4.6.2).
 */
export function routerAdvertisement(mac: string): string {
  const head = "0300" + "0708" + "00000000" + "00000000";
  const prefix = `030440c000015180000151800000000020010db80bad0000${"0".repeat(16)}`;
  return `${head}0101${mac}0501000000000500${prefix}`;
}

/** What follows the checksum of a Redirect (RFC 4861 §4.5): for the destination, the target is the next hop. */
export function redirect(target: string, destination: string, mac: string): string {
  return `00000000${target}${destination}0201${mac}`;
}
