// Keys and values of the maps that the programs share, as bytes: bindings/ebpf/program/tunnel.ts says where what lies.

import { isIP } from "node:net";
import { formatAddress, type Network, parseAddress } from "sixplane";
import { ADDRESS, PLACE, SENDER, TUNNEL_FLAGS, TUNNEL_KEY } from "../../ebpf/program/tunnel.ts";

/** Hops that a datagram may take. */
const TTL = 64;

/** A MAC as the key of a peer. */
export function macKey(mac: Uint8Array): Uint8Array {
  const key = new Uint8Array(8);
  key.set(mac.subarray(0, 6));
  return key;
}

/** The number of an array's entry. */
export function numberKey(number: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number).buffer);
}

/** @param host an IP address without a zone */
export function addressKey(host: string): Uint8Array {
  const key = new Uint8Array(ADDRESS.bytes);
  key.set(remote(host));
  key[ADDRESS.family] = family(host);
  return key;
}

/** The address as text. */
export function addressOf(key: Uint8Array): string {
  if (key[ADDRESS.family] === 6) return formatAddress(key.slice(0, 16));
  return [...key.subarray(0, 4)].reverse().join(".");
}

/** Where a peer is. */
export function placeValue(host: string, vni: number): Uint8Array {
  const value = new Uint8Array(PLACE.bytes);
  const view = new DataView(value.buffer);
  view.setUint32(TUNNEL_KEY.vni, vni, true);
  value.set(remote(host), TUNNEL_KEY.remote);
  value[TUNNEL_KEY.ttl] = TTL;
  view.setUint32(PLACE.flags, TUNNEL_FLAGS[family(host)], true);
  return value;
}

/** What ends a list of places. @param withheld whether, where there are none, frames are withheld */
export function noPlace(withheld: boolean): Uint8Array {
  const value = new Uint8Array(PLACE.bytes);
  value[PLACE.sent] = withheld ? 1 : 0;
  return value;
}

/** Who is behind an address, heard now. */
export function senderValue(network: Network, node: string): Uint8Array {
  const value = new Uint8Array(SENDER.bytes);
  new DataView(value.buffer).setBigUint64(SENDER.heard, process.hrtime.bigint(), true);
  value.set(Buffer.from(node, "hex"), SENDER.node);
  value.set(network.host(node).sixplane.prefix.bytes.subarray(0, 10), SENDER.prefix);
  return value;
}

/** When a peer was last heard, or sent to, in ms of a clock that nobody sets. */
export function timeIn(value: Uint8Array, at: number): number {
  return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(at, true)) / 1e6;
}

function family(host: string): 4 | 6 {
  return isIP(host) === 4 ? 4 : 6;
}

/** As the kernel gives it to programs: an IPv4 address is a number there. */
function remote(host: string): Uint8Array {
  if (family(host) === 6) return parseAddress(host);
  return Uint8Array.from(host.split(".").map(Number)).reverse();
}
