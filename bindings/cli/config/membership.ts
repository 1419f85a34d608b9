// What this machine's ZeroTier says of the network that a configuration is for.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Host, InputError, type Network } from "sixplane";
import { Failure } from "../io/failure.ts";
import { warn } from "../io/text.ts";
import { joinedIn } from "../zerotier/folder.ts";
import { type Joined, readNetworks } from "../zerotier/networks.ts";
import { Service } from "../zerotier/service.ts";
import { whyUnusable } from "../zerotier/usable.ts";

/**
 * The networks that the service lists; undefined, with a warning, where it cannot be asked. A folder where no service has run, such
 * as a copy on another machine, gives undefined without a warning.
 *
 * @param folder ZeroTier's folder
 */
export async function listedNetworks(folder: string): Promise<Joined[] | undefined> {
  if (!existsSync(join(folder, "zerotier-one.port"))) return undefined;
  try {
    return readNetworks(await new Service(folder).ask("/network"));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    warn(`what is written is not checked against the network's state: ${error.message}`);
    return undefined;
  }
}

/**
 * The ID of the one network that is joined.
 *
 * @throws InputError where there is none or more than one
 */
export function onlyNetwork(folder: string, listed: readonly Joined[] | undefined): string {
  const ids = listed?.map(({ id }) => id) ?? joinedIn(folder);
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  throw new InputError(
    ids.length === 0
      ? "give --network, as this machine has joined no network"
      : `give --network, as this machine has joined ${ids.length}: ${ids.join(", ")}`,
  );
}

/** Says on stderr why a host cannot use its 6PLANE addresses now, and what to do. */
export function warnOfMembership(network: Network, host: Host, listed: readonly Joined[]): void {
  const why = whyNot(
    network,
    host,
    listed.find(({ id }) => id === network.id),
  );
  if (why) warn(`network ${network.id}: ${why}`);
}

function whyNot(network: Network, host: Host, joined: Joined | undefined): string | undefined {
  if (!joined) return `this machine has not joined it: run zerotier-cli join ${network.id}`;
  if (joined.status !== "OK") return whyUnusable(network, host.node, joined);
  if (!joined.allowManaged)
    return `allowManaged is off, so no address is set: run zerotier-cli set ${network.id} allowManaged=1`;
  if (joined.addresses.includes(host.sixplane.address)) return undefined;
  return "its controller assigns no 6PLANE address to this node: switch 6PLANE on at the controller";
}
