import type { Network } from "sixplane";
import { type Peered, peerRoutes } from "./peer-routes.ts";
import type { Setup } from "./setup.ts";

/** A node of a network, and what its interface is to be like. */
export interface NodeOptions extends Peered {
  mtu: number;
  acceptRouters: boolean;
}

/** What the interface of a node has. */
export function setupOf(network: Network, options: NodeOptions): Setup {
  const { mtu, acceptRouters } = options;
  const host = network.host(options.node);
  const addresses = {
    "6plane": { address: host.sixplane.address, length: network.sixplane.length },
    rfc4193: { address: host.rfc4193.address, length: network.rfc4193.length },
  };
  return {
    mac: host.mac,
    mtu,
    addresses: [...new Set(options.modes)].map((mode) => addresses[mode]),
    routes: peerRoutes(network, options),
    acceptRouters,
  };
}
