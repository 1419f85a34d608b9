import { formatEndpoint } from "../../fabric/endpoint.ts";
import type { FabricListener } from "../../fabric/fabric.ts";
import type { Peer } from "../../fabric/peer.ts";
import type { Stranger } from "../../fabric/strangers.ts";
import type { Notices } from "./up-notices.ts";

/** Says what the fabric finds out about peers. */
export function fabricListener(notices: Notices, peers: () => readonly Peer[]): FabricListener {
  return {
    stranger: (stranger) =>
      notices.say(
        { event: "unknown-sender", ...stranger },
        `${strangerText(stranger)}: ${advice(stranger, peers())}`,
      ),
    moved: ({ peer, from }) => {
      const [before, now] = [formatEndpoint(from), formatEndpoint(peer.endpoint)];
      notices.say(
        { event: "moved", node: peer.node, from: before, to: now },
        `peer ${peer.node} was silent at ${before}, and its name now leads to ${now}`,
      );
    },
  };
}

function strangerText({ from, node }: Stranger): string {
  const claim = node === undefined ? "" : `, in the name of node ${node},`;
  return `datagrams from ${from}${claim} are dropped, as no --peer has that address`;
}

/** How to name the sender. */
function advice({ from, node = "NODE" }: Stranger, peers: readonly Peer[]): string {
  const known = peers.find((peer) => peer.node === node);
  if (!known) return `if it is to be a peer, name it with --peer ${node}@${from}`;
  return (
    `if that is right, name it with --peer ${node}@${from} instead of ${formatEndpoint(known.endpoint)}, ` +
    "or let it --listen on the latter alone"
  );
}
