import type { Network } from "sixplane";
import type { Joined } from "./networks.ts";

/** Why a network whose status is not OK cannot be used, in words. */
export function whyUnusable(network: Network, node: string, { status }: Pick<Joined, "status">): string {
  const range = reversedPorts(network);
  if (range)
    return `it is an ad-hoc ID whose end port, ${range.end}, is below its start port, ${range.start}: no such network can be`;
  return (REASONS.get(status) ?? (() => `its status is ${status}`))(node);
}

/** What keeps a network from being used, by its status (upstream: ZT_VirtualNetworkStatus). */
const REASONS = new Map<string, (node: string) => string>([
  ["ACCESS_DENIED", (node) => `node ${node} is not authorised yet, which is up to the network's controller`],
  ["AUTHENTICATION_REQUIRED", () => "somebody has to log in for this node"],
  ["CLIENT_TOO_OLD", () => "it needs a newer ZeroTier"],
  ["NOT_FOUND", () => "its controller knows of no such network"],
  ["PORT_ERROR", () => "its interface could not be made"],
  ["REQUESTING_CONFIGURATION", () => "its controller has not answered yet"],
]);

/** The ports of an ad-hoc ID whose end port is below its start port: ZeroTier asks a controller that cannot exist. */
function reversedPorts({ id }: Network): { start: number; end: number } | undefined {
  const [, first = "", last = ""] = /^ff(....)(....)000000$/.exec(id) ?? [];
  const [start, end] = [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  return end < start ? { start, end } : undefined;
}
