import { type Host, InputError, Network } from "sixplane";
import { type Identifiers, networkOf, parseNode, refuseMore } from "../io/identifiers.ts";
import { forEachLine } from "../io/lines.ts";
import { columns, type Output } from "../io/output.ts";
import { chooseNode, warnOfReserved } from "../zerotier/identity.ts";

export interface AddressOptions {
  json?: boolean;
}

/** `sixplane address NETWORK [NODE]`, or with `-` for a list of nodes on stdin */
export async function address(output: Output, given: Identifiers, { json }: AddressOptions): Promise<void> {
  const isList = given.rest[0] === "-";
  refuseMore(given, isList ? 1 : 0);
  const network = new Network(networkOf(given));
  if (isList) return addresses(output, network, given, json);
  const host = network.host(chooseNode(given.node, given.zerotier).address);
  await output.result(json, describe(network, host), linesOf(network, host));
  warnOfReserved(host.node);
}

/** Prints the same for each node of the list, with an empty line between two, or a JSON object on each line. */
async function addresses(
  output: Output,
  network: Network,
  { node, zerotier }: Identifiers,
  json: boolean | undefined,
): Promise<void> {
  if (node !== undefined || zerotier !== undefined)
    throw new InputError("give either one node, or - for a list of them on stdin, not both");
  let separator = "";
  await forEachLine(output, (line) => {
    const host = network.host(parseNode(line));
    warnOfReserved(host.node);
    if (json) return JSON.stringify(describe(network, host));
    const text = separator + linesOf(network, host).join("\n");
    separator = "\n";
    return text;
  });
}

function describe(network: Network, host: Host) {
  return { network: network.id, node: host.node, ...valuesOf(network, host) };
}

function linesOf(network: Network, host: Host): string[] {
  return columns([["network ID", network.id], ["node address", host.node], ...rowsOf(network, host)]);
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
