import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { InputError, type Network } from "sixplane";
import { asSocketSees, endpointKey, formatEndpoint, reachableFrom, resolve } from "./endpoint.ts";
import { FabricError } from "./error.ts";
import type { Peer } from "./peer.ts";

/**
 * All peers, each with its endpoint as a socket sees it which is bound to the local address.
 *
 * @throws InputError where one cannot be reached from there, or two cannot be told apart
 * @throws FabricError where a host is not known
 */
export async function locateAll(network: Network, peers: readonly Peer[], local: string): Promise<Peer[]> {
  const located = await Promise.all(peers.map((peer) => locate(network, peer, local)));
  checkDistinct(located);
  return located;
}

/**
 * The peer with its endpoint as a socket sees it which is bound to the local address.
 *
 * @throws InputError where it cannot be reached from there
 * @throws FabricError where its host is not known
 */
export async function locate(network: Network, peer: Peer, local: string): Promise<Peer> {
  const family = reachableFrom(local);
  const found = await resolve("peer's host", peer.name ?? peer.endpoint, family);
  const found6 = isIP(found.host) === 6;
  const endpoint = asSocketSees(found, isIP(local) === 6);
  if (family !== 0 && reachableFrom(endpoint.host) !== family) {
    const kind = found6 ? "IPv6" : "IPv4";
    throw new InputError(
      `peer ${peer.node} has the ${kind} address ${found.host}, which cannot be reached from ${local}: listen on [::]`,
    );
  }
  if (!isOneHost(found.host)) {
    throw new InputError(`peer ${peer.node} has the address ${found.host}, which is not one host's`);
  }
  if (found6) checkUnderlay(network, peer.node, endpoint.host);
  return { ...peer, endpoint };
}

/** Whether an address is that of one host: no multicast or broadcast, and not the unspecified one. */
function isOneHost(host: string): boolean {
  if (isIP(host) === 6) return !/^(ff|::$|::%)/i.test(host);
  const first = Number.parseInt(host, 10);
  return first > 0 && first < 224;
}

/** That datagrams to an IPv6 address do not come back to the TAP, to be sent there again, and again. */
function checkUnderlay(network: Network, node: string, host: string): void {
  const [address = "", zone] = host.split("%");
  if (network.ownerOf(address)) {
    throw new InputError(`peer ${node} has the address ${host}, which is one of the network's own`);
  }
  if (!/^fe[89ab]/.test(address)) return;
  if (zone === undefined) {
    throw new InputError(
      `peer ${node} has the link-local address ${host}: name the interface, too, as in ${host}%eth0`,
    );
  }
  // An interface that there is not counts as none for the kernel, which then takes any.
  if (!networkInterfaces()[zone]) {
    throw new FabricError(`peer ${node} has the address ${host}, but no interface ${zone} is up`);
  }
}

/** That no two are one node, or at one place. */
function checkDistinct(peers: readonly Peer[]): void {
  const nodes = new Set<string>();
  const places = new Map<string, string>();
  for (const { node, endpoint } of peers) {
    if (nodes.has(node)) throw new InputError(`peer ${node} is given twice`);
    const other = places.get(endpointKey(endpoint));
    if (other) {
      throw new InputError(
        `peers ${other} and ${node} cannot be told apart: both are at ${formatEndpoint(endpoint)}`,
      );
    }
    nodes.add(node);
    places.set(endpointKey(endpoint), node);
  }
}
