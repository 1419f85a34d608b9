import { isReservedNode, type Network } from "sixplane";
import type { Joined } from "./networks.ts";

/** Why a network whose status is not OK cannot be used, in words. */
export function whyUnusable(network: Network, node: string, { status }: Pick<Joined, "status">): string {
  return whyNever(network) ?? (REASONS.get(status) ?? (() => `its status is ${status}`))(node);
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

/**
 * Why no network can ever have the ID, in words; undefined where one can. IDs that start with ff have no controller: ZeroTier
 * configures those of a port range, `ffSSSSEEEE000000`, and of an IPv4 /8, `ff…01`, and no others (upstream:
 * Network::requestConfiguration).
 */
export function whyNever({ id }: Network): string | undefined {
  const [, first = "", last = ""] = /^ff(....)(....)000000$/.exec(id) ?? [];
  const [start, end] = [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  if (end < start)
    return `it is an ad-hoc ID whose end port, ${end}, is below its start port, ${start}: no such network can be`;
  if (end >= start) return undefined;
  if (id.startsWith("ff"))
    return id.endsWith("01")
      ? undefined
      : "it is an ad-hoc ID that ends neither in 000000 nor in 01: no such network can be";
  const controller = id.slice(0, 10);
  return isReservedNode(controller)
    ? `its controller would be node ${controller}, which ZeroTier gives to nobody: no such network can be`
    : undefined;
}
