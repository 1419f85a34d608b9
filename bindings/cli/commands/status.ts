import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Host, Network } from "sixplane";
import { columns, type Output } from "../io/output.ts";
import { warn } from "../io/text.ts";
import { notListed } from "../zerotier/folder.ts";
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
  const folder = zerotier ?? usualFolder();
  const service = new Service(folder);
  const node = readNode(await service.ask("/status"));
  const listed = readNetworks(await service.ask("/network"));
  const networks = listed.map((joined) => describe(joined, node.address));
  const lost = notListed(folder, listed);
  const value = { node: node.address, version: node.version, online: node.online };
  await output.result(json, { ...value, networks: networks.map(({ value }) => value), notListed: lost }, [
    ...columns([
      ["node address", node.address],
      ["ZeroTier", [node.version, node.online ? "online" : "offline"].filter(Boolean).join(", ")],
      ["networks", String(networks.length)],
    ]),
    ...networks.flatMap(({ rows }) => ["", ...columns(rows)]),
  ]);
  const warnings = [
    ...networks.flatMap(({ value }) => value.problems.map((why) => `network ${value.network}: ${why}`)),
    ...lost.map(
      (id) => `network ${id}: it is joined, but the service does not list it: is there a /dev/net/tun?`,
    ),
  ];
  for (const warning of warnings) warn(warning);
  if (warnings.length > 0) process.exitCode = UNUSABLE;
}

/** The exit status where a network cannot be used. */
const UNUSABLE = 1;

/** What keeps a network from being used, as far as can be seen here. */
function problemsOf(joined: Joined, network: Network, host: Host): string[] {
  if (joined.status !== "OK") return [whyUnusable(network, host.node, joined)];
  if (!joined.allowManaged) return ["allowManaged is off here, so its interface has none of these addresses"];
  const there = addressesOn(joined.device);
  if (!there) return [];
  return [host.sixplane, host.rfc4193].flatMap(({ address }) => {
    const isAssigned = joined.addresses.includes(address);
    if (there.includes(address) === isAssigned) return [];
    return isAssigned
      ? `${joined.device} does not have ${address}, though the controller assigns it`
      : `${joined.device} still has ${address}, which the controller does not assign any more`;
  });
}

/** The IPv6 addresses of an interface; undefined where there is none of that name here, as beside a service in a container. */
function addressesOn(device: string): string[] | undefined {
  const found = networkInterfaces()[device]?.flatMap(({ family, address }) =>
    family === "IPv6" ? [address] : [],
  );
  // Node lists no interface without an address; /proc, unlike /sys, shows those of this network namespace.
  return found ?? (device !== "" && existsSync(join("/proc/sys/net/ipv6/conf", device)) ? [] : undefined);
}

function describe(joined: Joined, node: string) {
  const { id, name, status, device, addresses } = joined;
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
    allowManaged: joined.allowManaged,
    problems: problemsOf(joined, network, host),
    ...values,
    sixplane: { ...values.sixplane, assigned: modes["6PLANE"] },
    rfc4193: { ...values.rfc4193, assigned: modes["RFC 4193"] },
  };
  return { rows, value };
}
