import { Network } from "sixplane";
import { columns, type Output } from "../io/output.ts";
import { warn } from "../io/text.ts";
import { usualFolder } from "../zerotier/identity.ts";
import { type Joined, readNetworks, readNode } from "../zerotier/networks.ts";
import { Service } from "../zerotier/service.ts";
import { whyUnusable } from "../zerotier/usable.ts";
import { rowsOf, valuesOf } from "./address.ts";

export interface StatusOptions {
  zerotier?: string;
  json?: boolean;
}

/** `sixplane status` */
export async function status(output: Output, { zerotier, json }: StatusOptions): Promise<void> {
  const service = new Service(zerotier ?? usualFolder());
  const node = readNode(await service.ask("/status"));
  const networks = readNetworks(await service.ask("/network")).map((joined) =>
    describe(joined, node.address),
  );
  const value = { node: node.address, version: node.version, online: node.online };
  await output.result(json, { ...value, networks: networks.map((network) => network.value) }, [
    ...columns([
      ["node address", node.address],
      ["ZeroTier", [node.version, node.online ? "online" : "offline"].filter(Boolean).join(", ")],
      ["networks", String(networks.length)],
    ]),
    ...networks.flatMap(({ rows }) => ["", ...columns(rows)]),
  ]);
  for (const { warning } of networks) if (warning) warn(warning);
}

function describe({ id, name, status, device, addresses }: Joined, node: string) {
  const network = new Network(id);
  const host = network.host(node);
  const values = valuesOf(network, host);
  const assigned = (address: string) => addresses.includes(address);
  const modes = { "6PLANE": assigned(host.sixplane.address), "RFC 4193": assigned(host.rfc4193.address) };
  const rows: [string, string][] = [
    ["network ID", network.id],
    ["name", name],
    ["status", status],
    ["interface", device || "none"],
    ...rowsOf(network, host),
    [
      "assigned",
      Object.entries(modes)
        .filter(([, is]) => is)
        .map(([mode]) => mode)
        .join(", ") || "neither",
    ],
  ];
  const value = {
    network: network.id,
    name,
    status,
    interface: device,
    ...values,
    sixplane: { ...values.sixplane, assigned: modes["6PLANE"] },
    rfc4193: { ...values.rfc4193, assigned: modes["RFC 4193"] },
  };
  const why = status === "OK" ? undefined : whyUnusable(network, node, { status });
  return { rows, value, warning: why && `network ${network.id}: ${why}` };
}
