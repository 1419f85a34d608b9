import { Network } from "../network.ts";
import { columns, type Output } from "./output.ts";
import { warnOfReserved } from "./zerotier.ts";

/** `sixplane address NETWORK NODE` */
export async function address(output: Output, id: string, node: string, json: boolean): Promise<void> {
  const network = new Network(id);
  const host = network.host(node);
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
