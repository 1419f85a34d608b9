// The legs of the way to another node's containers. Each is what one ping shows.

import { randomBytes } from "node:crypto";
import { command, type Finding, found, type Result, right, type Subject } from "../check.ts";
import { zerotierCli } from "../service.ts";
import { type Link, Unseen } from "../state.ts";
import type { Outcome, Refusal } from "./echo.ts";
import type { Target } from "./target.ts";

/** A network whose interface is there. */
type Here = Subject & { device: Link };

/** From this host's managed address to the node's own: whether the nodes reach each other at all. */
export async function host(here: Here, { host: { node, sixplane } }: Target): Promise<Result[]> {
  const what = `Node ${node} does not answer pings of ${here.host.sixplane.address}`;
  const { answers, outcome } = await ask(here, node, sixplane.address);
  if (answers) return [right(`node ${node} answers ${here.host.sixplane.address}`)];
  if (outcome?.kind === "reply") return [found(ownFault(sixplane.address, here))];
  return [
    found({
      what: `${what}${outcome?.kind === "refusal" ? `: ${refused(outcome)}` : ""}.`,
      why: "It is off, has not joined, is not authorised, or its firewall drops pings; its containers are no better off.",
      mend: [zerotierCli(here.state, "peers"), command("sixplane", "doctor", here.network.id)],
      where: `this host, to see whether the node is there, and on node ${node}, to see what it lacks`,
    }),
  ];
}

/** From another address of this host's /80, as a container has: whether rules or the node refuse it. */
export async function otherAddress(here: Here, { host: { node, sixplane } }: Target): Promise<Result[]> {
  const { prefix } = here.host.sixplane;
  // Random, so that no container has it; the highest bit keeps it away from ::1.
  const source = prefix.address(BigInt(`0x${randomBytes(6).toString("hex")}`) | (1n << 47n));
  const outcome = await here.state.echo(here.device, ends(here, node, source, sixplane.address));
  if (outcome.kind === "reply") return [right(`node ${node} answers other addresses of ${prefix}, too`)];
  return [
    found({
      what: `Node ${node} answers ${here.host.sixplane.address}, but no other address of ${prefix}.`,
      why: "A rule of the network drops what is not ipauth, as certificates cover ::1 alone, or 6PLANE is off on that node: containers are silent.",
      mend: [`drop not chr ipauth and not ipsrc ${here.network.sixplane};`],
      where: "the network's controller, as the rule in place of the one with ipauth",
    }),
  ];
}

/** From this host's managed address to the container. */
export async function container(here: Here, { host: { node }, container }: Target): Promise<Result[]> {
  if (container === undefined) return [];
  const { answers, outcome } = await ask(here, node, container);
  if (answers) return [right(`container ${container} of node ${node} answers`)];
  if (outcome?.kind === "reply") return [found(ownFault(container, here))];
  const isRefused = outcome?.kind === "refusal";
  return [
    found({
      what: `Container ${container} does not answer, though its node ${node} does${isRefused ? `: ${refused(outcome)}` : ""}.`,
      why: isRefused ? MEANINGS[outcome.reason] : SILENT,
      mend: [command("sixplane", "doctor", here.network.id)],
      where: `node ${node}`,
    }),
  ];
}

const SILENT =
  "That node does not forward, its firewall drops the packets, as Docker's drops pings before engine 28, or the container has no default route.";

/** What it means that the node, or what lies behind it, refuses a packet for a container. */
const MEANINGS: Record<Refusal, string> = {
  "no route": "That node has no route to its containers: its bridge lacks the address or the /80.",
  prohibited: "The firewall of that node rejects what is for its containers.",
  "address unreachable": "No container has the address, or it is not on that node's bridge.",
  "hop limit": "The packet goes in a circle: that node sends it back instead of to its bridge.",
  other: "That node refuses what is for its containers.",
};

function refused({ from, reason }: { from: string; reason: Refusal }): string {
  return `${from} says "${reason}"`;
}

/** The finding for an address that answers the interface, but not this host's kernel. */
function ownFault(address: string, { host: { sixplane } }: Here): Finding {
  return {
    what: `${address} answers, but this host's own packets do not get there, or the answers do not get back.`,
    why: "This host's routes, its neighbour table or its firewall keep them.",
    mend: [
      command("ip", "-6", "route", "get", address, "from", sixplane.address),
      command("ip", "-6", "neighbour", "show", "to", address),
      "nft list ruleset",
    ],
    where: "this host, to see which of them",
  };
}

/**
 * Whether an address answers this host's kernel, and what answers the same ping beside the kernel: undefined where this user may
 * not ask so.
 */
async function ask(
  here: Here,
  node: string,
  to: string,
): Promise<{ answers: boolean; outcome: Outcome | undefined }> {
  const source = here.host.sixplane.address;
  const beside = here.state.echo(here.device, ends(here, node, source, to)).catch((error: unknown) => {
    if (error instanceof Unseen) return undefined;
    throw error;
  });
  const [answers, outcome] = await Promise.all([here.state.pings(source, to), beside]);
  return { answers, outcome };
}

function ends({ network, host: own }: Here, node: string, source: string, destination: string) {
  return { sourceMac: own.mac, destinationMac: network.host(node).mac, source, destination };
}
