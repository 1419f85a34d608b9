import type { Tap, TapOptions } from "sixplane/tap";
import { openFabric } from "../../fabric/fabric.ts";
import { locateAll } from "../../fabric/locate.ts";
import { Unreachable } from "../../fabric/unreachable.ts";
import type { DataPath, PathOptions } from "./up-path.ts";

/** A TAP, and a UDP socket: works for every user who may have a TAP. */
export async function openTapPath(options: PathOptions): Promise<DataPath> {
  const { network, node, peers, listen, listener, acceptRouters } = options;
  const fabric = await openFabric(network, listen, peers, listener, { routers: acceptRouters });
  try {
    const { mtu, way } = options.mtu === undefined ? await fabric.chooseMtu() : { mtu: options.mtu };
    const tap = await open({
      network: network.id,
      node,
      name: options.name,
      modes: options.modes,
      probes: options.probes,
      mtu,
      multicast: options.multicast,
      acceptRouters,
      peers: peers.map((peer) => peer.node),
      repliesPerSecond: options.repliesPerSecond,
      restored: options.restored,
      forward: (frames) => fabric.forward(frames),
    });
    fabric.receive = (frame) => tap.inject(frame);
    const unreachable = new Unreachable(network, network.host(node));
    fabric.unknown = (frame) => {
      const error = unreachable.answer(frame);
      if (error) tap.inject(error);
    };
    return {
      kind: "tap",
      name: tap.name,
      mac: tap.mac,
      mtu: tap.mtu,
      addresses: tap.addresses,
      listening: fabric.listening,
      get peers() {
        return fabric.peers;
      },
      way,
      closed: tap.closed.finally(() => fabric.close()),
      counters: () => ({ tap: tap.counters(), fabric: fabric.counters }),
      usable: () => tap.usable(),
      setPeers: async (peers) => {
        const located = await locateAll(network, peers, fabric.listening.host);
        tap.setPeers(located.map((peer) => peer.node));
        fabric.setPeers(located);
      },
      close: () => tap.close(),
    };
  } catch (error) {
    fabric.close();
    throw error;
  }
}

/** The TAP, which the command line loads only where it is needed. */
async function open(options: TapOptions): Promise<Tap> {
  const { openTap } = await import("sixplane/tap");
  return openTap(options);
}
