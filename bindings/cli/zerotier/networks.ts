// What ZeroTier's service says of its node and its networks, checked.
import { formatAddress, parseAddress } from "sixplane";
import { Failure } from "../io/failure.ts";
import { printable } from "../io/text.ts";

/** The node, as `/status` describes it. */
export interface Node {
  address: string;
  version: string;
  online: boolean;
  /** The addresses that the service's sockets are bound to, canonical, without ports. */
  listeningOn: string[];
}

/** A network that the node has joined, as `/network` describes it. */
export interface Joined {
  id: string;
  name: string;
  status: string;
  /** The interface's name; empty while there is none. */
  device: string;
  /** The MTU that the service gives to the interface; 0 where it says none. */
  mtu: number;
  /** Whether the service sets the assigned addresses and routes on the interface. */
  allowManaged: boolean;
  /** The addresses that its controller has assigned, canonical. */
  addresses: string[];
  /** The destinations of the routes that its controller gives, such as `10.1.0.0/16`. */
  routes: string[];
}

/** @throws Failure where the answer names no node */
export function readNode(answer: unknown): Node {
  const { address, version, online, config } = Object(answer);
  if (!isHex(address, 10)) throw unexpected("/status", "node address");
  const { listeningOn } = Object(Object(config).settings);
  return {
    address,
    version: textOf(version),
    online: online === true,
    listeningOn: texts(listeningOn).map(canonical),
  };
}

/** @throws Failure where the answer is no list of networks */
export function readNetworks(answer: unknown): Joined[] {
  if (!Array.isArray(answer)) throw unexpected("/network", "list of networks");
  return answer.map((network) => {
    const { id, name, status, portDeviceName, assignedAddresses, allowManaged, mtu, routes } =
      Object(network);
    if (!isHex(id, 16)) throw unexpected("/network", "network ID");
    return {
      id,
      name: textOf(name),
      status: textOf(status),
      device: textOf(portDeviceName),
      mtu: Number.isInteger(mtu) ? mtu : 0,
      allowManaged: allowManaged !== false,
      addresses: texts(assignedAddresses).map(canonical),
      routes: Array.isArray(routes) ? texts(routes.map((route) => Object(route).target)) : [],
    };
  });
}

function unexpected(path: string, what: string): Failure {
  return new Failure(`ZeroTier's service answers ${path} with JSON that has no ${what} where one must be`);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A text of the service's, as it may be printed; of anything else, nothing. */
function textOf(value: unknown): string {
  return typeof value === "string" ? printable(value) : "";
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value);
}

/** An IPv6 address without what follows `/` (a prefix length or a port); of anything else, the text. */
function canonical(text: string): string {
  try {
    return formatAddress(parseAddress(text.replace(/\/\d+$/, "")));
  } catch {
    return text;
  }
}
