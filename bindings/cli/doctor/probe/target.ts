import { formatAddress, type Host, mismatch, type Network, parseAddress } from "sixplane";
import { nameOfIdentifier, parseNode } from "../../io/identifiers.ts";

/** Whom to probe: another node, and a container of it where one is given. */
export interface Target {
  host: Host;
  container: string | undefined;
}

/**
 * The target that a text names: a node address, or a container's address in the node's /80.
 *
 * @throws InputError for anything else
 */
export function parseTarget(network: Network, text: string): Target {
  checkTarget(text);
  if (isNode(text)) return { host: network.host(parseNode(text)), container: undefined };
  const owner = network.ownerOf(text);
  if (owner?.mode !== "6plane")
    throw mismatch("address to probe", `one in ${network.sixplane}, the prefix of the network`, text);
  const host = network.host(owner.node);
  const address = formatAddress(parseAddress(text));
  return { host, container: address === host.sixplane.address ? undefined : address };
}

/**
 * Checks what can be checked of a target before its network is known.
 *
 * @throws InputError for what is neither a node address nor an IPv6 address
 */
export function checkTarget(text: string): void {
  if (isNode(text)) parseNode(text);
  else parseAddress(text);
}

/** Whether a text is meant to be a node address. It may have colons, too. */
function isNode(text: string): boolean {
  return nameOfIdentifier(text) === "node address" || !text.includes(":");
}
