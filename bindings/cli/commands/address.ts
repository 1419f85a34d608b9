import { type Host, Network } from "sixplane";
import { type Identifiers, networkOf, refuseMore } from "../io/identifiers.ts";
import { columns, type Output } from "../io/output.ts";
import { chooseNode, warnOfReserved } from "../zerotier/identity.ts";

export interface AddressOptions {
  json?: boolean;
}

/** `sixplane address NETWORK [NODE]` */
export async function address(output: Output, given: Identifiers, { json }: AddressOptions): Promise<void> {
  refuseMore(given);
  const network = new Network(networkOf(given));
  const host = network.host(chooseNode(given.node, given.zerotier).address);
  await output.result(
    json,
    { network: network.id, node: host.node, ...valuesOf(network, host) },
    columns([["network ID", network.id], ["node address", host.node], ...rowsOf(network, host)]),
  );
  warnOfReserved(host.node);
}

/** What follows of a network ID and a node address, by name. */
export function rowsOf(network: Network, host: Host): [name: string, value: string][] {
  return [
    ["MAC", host.mac],
    ["6PLANE address", host.sixplane.address],
    ["6PLANE host prefix", String(host.sixplane.prefix)],
    ["6PLANE network prefix", String(network.sixplane)],
    ["RFC 4193 address", host.rfc4193.address],
    ["RFC 4193 network prefix", String(network.rfc4193)],
  ];
}

/** The same for JSON. */
export function valuesOf(network: Network, { mac, sixplane, rfc4193 }: Host) {
  return {
    mac,
    sixplane: { address: sixplane.address, hostPrefix: sixplane.prefix, networkPrefix: network.sixplane },
    rfc4193: { address: rfc4193.address, networkPrefix: network.rfc4193 },
  };
}
