import { checkKeys, InputError, type Mode, type ResponderOptions } from "sixplane";
import { LEAST_MTU, MOST_REPLIES } from "./limits.ts";
import type { Forward } from "./loop/queue.ts";

/** The MTU that ZeroTier gives its interfaces. */
const DEFAULT_MTU = 2800;
const ETHERNET_HEADER = 14;
const VLAN_TAG = 4;

/**
 * Which interface to open, for which node, and what becomes of its frames.
 *
 * @example
 * const options: TapOptions = { network: "8056c2e21c000001", node: "89e92ceee5", multicast: "drop" };
 */
export interface TapOptions extends ResponderOptions {
  /** The network ID, 16 hex digits. */
  network: string;
  /**
   * The interface's name, 1 to 15 bytes; a `%d` in it becomes the first number that is free. By default
   * "zt%d". A TAP that was made to stay (`ip tuntap add`) is attached to, and gets its MAC, MTU, addresses
   * and settings back when closed; where its MAC was another, it goes down for a moment, and routes over it
   * and the lifetimes of its addresses are lost.
   */
  name?: string;
  /** The MTU, 1,280 to 65,499 bytes. By default 2,800, as ZeroTier has. */
  mtu?: number;
  /**
   * What becomes of passed frames to multicast MACs and to broadcast: with "drop" the host sends no
   * multicast at all, and so no ARP either. By default "forward".
   */
  multicast?: "forward" | "drop";
  /**
   * The node addresses of the other hosts, where all of them are known; the host's own is skipped. Routes then lead
   * each peer's addresses to one neighbour entry, and those of all other nodes to one that nobody has, so that
   * invented addresses do not fill the kernel's table of neighbours. By default the kernel resolves every address.
   */
  peers?: readonly string[];
  /**
   * Whether the kernel may take routes, addresses, a hop limit and an MTU from routers on the network, by
   * Router Advertisements (RFC 4861 §6.3, RFC 4862 §5.5) and Redirects (RFC 4861 §8.3). By default it may not:
   * `accept_ra`, `autoconf` and `accept_redirects` of the interface are set to 0. With true they stay as the
   * system has them.
   */
  acceptRouters?: boolean;
  /**
   * How many solicitations are answered in a second at most, 1 to 1,000,000. Those of one second may come at
   * once, as in the token bucket of RFC 4443 §2.4 (f) with B = N; the replies beyond are dropped and counted.
   * By default there is no limit.
   */
  repliesPerSecond?: number | undefined;
  /**
   * Hears what has been put back, as in `["up", "MTU 2800"]`, after another program changed the interface: took it
   * down, took an address away, switched IPv6 off, or set another MAC or MTU. Where that cannot be put back, the
   * TAP is closed, and `closed` rejects with the reason.
   */
  restored?: (what: readonly string[]) => void;
  /**
   * Gets the frames that are passed on, for other hosts. While the promise that it returned is not
   * settled, it is not called again; up to 1 MiB of frames wait meanwhile, and further ones are dropped and
   * counted. Where it throws, the TAP is closed, and `closed` rejects with the error.
   */
  forward?: Forward;
}

/** The options with the defaults in place; the network, node and modes are checked by who uses them. */
export type CheckedOptions = Required<
  Omit<TapOptions, "peers" | "repliesPerSecond" | "restored" | "forward">
> & {
  peers: readonly string[] | undefined;
  repliesPerSecond: number | undefined;
  restored: TapOptions["restored"] | undefined;
  forward: Forward | undefined;
};

/**
 * @param memory what the core has for a frame, in bytes: one that fills it may have been longer
 * @throws InputError for a bad name, MTU, choice about multicast or routers, or limit
 */
export function checkOptions(options: TapOptions, memory: number): CheckedOptions {
  const checked = {
    network: options.network,
    node: options.node,
    modes: options.modes ?? (["6plane", "rfc4193"] satisfies Mode[]),
    probes: options.probes ?? false,
    name: options.name ?? "zt%d",
    mtu: options.mtu ?? DEFAULT_MTU,
    multicast: options.multicast ?? "forward",
    peers: options.peers,
    acceptRouters: options.acceptRouters ?? false,
    repliesPerSecond: options.repliesPerSecond,
    restored: options.restored,
    forward: options.forward,
  };
  checkKeys(options, Object.keys(checked));
  checkName(checked.name);
  checkMtu(checked.mtu, memory - 1 - ETHERNET_HEADER - VLAN_TAG);
  if (checked.multicast !== "forward" && checked.multicast !== "drop") {
    throw new InputError(`multicast must be "forward" or "drop", got ${show(checked.multicast)}`);
  }
  if (typeof checked.acceptRouters !== "boolean") {
    throw new InputError(`acceptRouters must be true or false, got ${show(checked.acceptRouters)}`);
  }
  if (checked.peers !== undefined && !Array.isArray(checked.peers)) {
    throw new InputError(`peers must be an array of node addresses, got ${show(checked.peers)}`);
  }
  checkRate(checked.repliesPerSecond);
  checkFunction("restored", checked.restored);
  checkFunction("forward", checked.forward);
  return checked;
}

/** Names that mean something else: folders, and the settings that all interfaces have or start with. */
const RESERVED_NAMES = [".", "..", "all", "default"];

function checkName(name: string): void {
  const isName = typeof name === "string" && /^[^\s/:%\0]*(%d)?[^\s/:%\0]*$/.test(name);
  const { length } = new TextEncoder().encode(isName ? name : "");
  if (length >= 1 && length <= 15 && !RESERVED_NAMES.includes(name)) return;
  throw new InputError(
    `interface name must be 1 to 15 bytes without spaces, slashes, colons and percent signs but one %d, and not all or default, got ${show(name)}`,
  );
}

function checkMtu(mtu: number, most: number): void {
  if (Number.isInteger(mtu) && mtu >= LEAST_MTU && mtu <= most) return;
  throw new InputError(`MTU must be a whole number from ${LEAST_MTU} to ${most}, got ${show(mtu)}`);
}

function checkRate(rate: number | undefined): void {
  if (rate === undefined || (Number.isInteger(rate) && rate >= 1 && rate <= MOST_REPLIES)) return;
  throw new InputError(
    `replies per second must be a whole number from 1 to ${MOST_REPLIES}, got ${show(rate)}`,
  );
}

function checkFunction(what: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new InputError(`${what} must be a function, got ${show(value)}`);
}

/** A text in quotes, a number or the like as it is, and of anything else what it is. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  const isPlain = value === null || !["object", "function", "symbol"].includes(typeof value);
  return isPlain ? String(value) : typeof value;
}
