import type { Mode, Network } from "sixplane";
import type { Route } from "./kernel/routes.ts";
import { linkLocalAddress } from "./setup.ts";

/** Smaller than that of the kernel's own route to the network's prefix, 256. */
const METRIC = 128;

/** Node addresses that ZeroTier gives to nobody. */
const NOBODIES = ["0000000000", "ffffffffff"];

/** A node, and the others. */
export interface Peered {
  node: string;
  modes: readonly Mode[];
  /** The other nodes, where all of them are known. */
  peers: readonly string[] | undefined;
  /**
   * What is said to who asks for yet other nodes: by default nothing, as frames go to a neighbour that nobody has;
   * with true, the kernel says at once that there is no such host.
   */
  unreachable?: boolean;
}

/**
 * Routes by which the kernel has one neighbour entry for each peer, however many addresses the peer has, and one
 * for all other nodes. That one is permanent: if it failed, the kernel would use its own route to the network's
 * prefix, and resolve each address there.
 */
export function peerRoutes(network: Network, { node, modes, peers, unreachable = false }: Peered): Route[] {
  if (peers === undefined) return [];
  const self = network.host(node);
  const nodes = new Set(peers.map((peer) => network.host(peer).node));
  nodes.delete(self.node);
  const hosts = [...nodes].map((peer) => network.host(peer));
  const { mac } = network.host(NOBODIES.find((nobody) => nobody !== self.node) ?? "");
  const nowhere = unreachable ? { unreachable } : { gateway: linkLocalAddress(mac), gatewayMac: mac };
  const { sixplane, rfc4193 } = network;
  const routes = {
    "6plane": [
      ...hosts.map(({ sixplane: { address, prefix } }) => ({ ...to(`${prefix}`), gateway: address })),
      { ...to(`${sixplane}`), ...nowhere },
    ],
    rfc4193: [
      ...hosts.map(({ rfc4193: { prefix } }) => to(`${prefix}`)),
      { ...to(`${rfc4193}`), ...nowhere },
    ],
  };
  return [...new Set(modes)].flatMap((mode) => routes[mode]);
}

function to(prefix: string): Route {
  const [destination = "", length] = prefix.split("/");
  return { destination, length: Number(length), metric: METRIC };
}
