import { isIP } from "node:net";
import { mismatch, type Network, parseMac } from "sixplane";
import { type Endpoint, parseEndpoint } from "./endpoint.ts";

/** Another host of the network, and where it is. */
export interface Peer {
  node: string;
  /** Its MAC on the network. */
  mac: Uint8Array;
  /** Where it is, by name; undefined where an address was given. */
  name?: Endpoint | undefined;
  endpoint: Endpoint;
}

/**
 * Reads `NODE@HOST:PORT`.
 *
 * @throws InputError for anything else
 */
export function parsePeer(network: Network, text: string): Peer {
  const at = text.indexOf("@");
  if (at < 0) throw mismatch("peer", "NODE@HOST:PORT", text);
  const host = network.host(text.slice(0, at));
  const endpoint = parseEndpoint("peer's host", text.slice(at + 1));
  if (endpoint.port === 0) throw mismatch("peer's port", "a number from 1 to 65535", text.slice(at + 1));
  const name = isIP(endpoint.host.replace(/%.*/, "")) === 0 ? endpoint : undefined;
  return { node: host.node, mac: parseMac(host.mac), name, endpoint };
}
