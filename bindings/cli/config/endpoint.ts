// The endpoint of a node of the list: where others reach it.

import { isIP } from "node:net";
import { mismatch, type Network } from "sixplane";
import { type Endpoint, parseEndpoint } from "../../fabric/endpoint.ts";
import { lineOf } from "./nodes.ts";

/**
 * Reads the field `endpoint` of a line.
 *
 * @param usual the port where the field has none
 * @throws InputError for what is no endpoint, or is inside the network that is to be carried there
 */
export function endpointOf(network: Network, line: number, given: string, usual: number): Endpoint {
  const what = `endpoint in ${lineOf(line)}`;
  const endpoint = parseEndpoint(what, /:\d+$/.test(given) ? given : `${given}:${usual}`);
  const { host, port } = endpoint;
  if (port === 0) throw mismatch(what, "a port from 1 to 65535", given);
  const isName = /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(host);
  if (isIP(host) === 0 && !isName) throw mismatch(what, "an IP address or a host name, and a port", given);
  if (isIP(host) === 6 && !host.includes("%") && isInside(network, host))
    throw mismatch(what, "an address outside of the network that is carried there", given);
  return endpoint;
}

function isInside({ sixplane, rfc4193 }: Network, address: string): boolean {
  return sixplane.contains(address) || rfc4193.contains(address);
}
