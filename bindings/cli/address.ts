import { Network } from "../network.ts";
import { columns, type Output } from "./output.ts";
import { chooseNode, type Folder, warnOfReserved } from "./zerotier.ts";

export interface AddressOptions {
  zerotier?: Folder;
  json: boolean;
}

/** `sixplane address NETWORK [NODE]` */
export async function address(
  output: Output,
  id: string,
  node: string | undefined,
  { zerotier, json }: AddressOptions,
): Promise<void> {
  const network = new Network(id);
  const host = network.host(chooseNode(node, zerotier).address);
  const value = {
    network: network.id,
    node: host.node,
    mac: host.mac,
    sixplane: {
      address: host.sixplane.address,
      hostPrefix: host.sixplane.prefix,
      networkPrefix: network.sixplane,
    },
    rfc4193: { address: host.rfc4193.address, networkPrefix: network.rfc4193 },
  };
  await output.result(
    json,
    value,
    columns([
      ["network ID", value.network],
      ["node address", value.node],
      ["MAC", value.mac],
      ["6PLANE address", value.sixplane.address],
      ["6PLANE host prefix", String(value.sixplane.hostPrefix)],
      ["6PLANE network prefix", String(value.sixplane.networkPrefix)],
      ["RFC 4193 address", value.rfc4193.address],
      ["RFC 4193 network prefix", String(value.rfc4193.networkPrefix)],
    ]),
  );
  warnOfReserved(host.node);
}
