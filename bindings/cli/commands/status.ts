import { formatAddress, Network, parseAddress } from "sixplane";
import { Failure } from "../io/failure.ts";
import { columns, type Output } from "../io/output.ts";
import { printable, warn } from "../io/text.ts";
import { usualFolder } from "../zerotier/identity.ts";
import { Service } from "../zerotier/service.ts";
import { rowsOf, valuesOf } from "./address.ts";

export interface StatusOptions {
  zerotier?: string;
  json?: boolean;
}

/** A network that the node has joined, as the service tells it. */
interface Joined {
  id: string;
  name: string;
  status: string;
  /** The interface's name; empty while there is none. */
  device: string;
  /** The addresses that its controller has assigned, canonical. */
  addresses: string[];
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
  const why = status === "OK" ? undefined : (REASONS.get(status) ?? (() => `its status is ${status}`));
  return { rows, value, warning: why && `network ${network.id}: ${why(node)}` };
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

function readNode(answer: unknown): { address: string; version: string; online: boolean } {
  const { address, version, online } = Object(answer);
  if (!isHex(address, 10)) throw unexpected("/status", "node address");
  return { address, version: textOf(version), online: online === true };
}

function readNetworks(answer: unknown): Joined[] {
  if (!Array.isArray(answer)) throw unexpected("/network", "list of networks");
  return answer.map((network) => {
    const { id, name, status, portDeviceName, assignedAddresses } = Object(network);
    if (!isHex(id, 16)) throw unexpected("/network", "network ID");
    return {
      id,
      name: textOf(name),
      status: textOf(status),
      device: textOf(portDeviceName),
      addresses: Array.isArray(assignedAddresses)
        ? assignedAddresses.filter((address) => typeof address === "string").map(canonical)
        : [],
    };
  });
}

function unexpected(path: string, what: string): Failure {
  return new Failure(`ZeroTier's service answers ${path} with JSON that has no ${what} where one must be`);
}

/** A text of the service's, as it may be printed; of anything else, nothing. */
function textOf(value: unknown): string {
  return typeof value === "string" ? printable(value) : "";
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value);
}

/** An IPv6 address with its prefix length, as the address alone; of anything else, the text. */
function canonical(text: string): string {
  try {
    return formatAddress(parseAddress(text.replace(/\/\d+$/, "")));
  } catch {
    return text;
  }
}
