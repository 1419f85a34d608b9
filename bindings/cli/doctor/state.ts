// What the checks of `sixplane doctor` may know of a host: one interface, which Linux or a test stands behind.
import { SixplaneError } from "sixplane";
import type { Joined, Node } from "../zerotier/networks.ts";
import type { Ends, Outcome } from "./probe/echo.ts";

/** Something of the host that cannot be seen; the message says why. */
export class Unseen extends SixplaneError {
  override name = "Unseen";
}

/** A host. Every method throws Unseen where this user, or this machine, does not show it. */
export interface HostState {
  /** ZeroTier's folder. */
  readonly folder: string;
  /** ZeroTier's node. @throws Failure where the service does not run or answers wrongly */
  node(): Promise<Node>;
  /** The networks that the service lists. @throws Failure as `node` does */
  networks(): Promise<Joined[]>;
  /** The IDs of the networks in ZeroTier's folder, which it is to join as it starts. */
  joined(): string[];
  /** What `local.conf` in ZeroTier's folder sets; nothing where there is none. */
  localSettings(): Record<string, unknown>;
  /** Whether there is a `/dev/net/tun`. */
  hasTun(): boolean;
  links(): Link[];
  /** The routes of the main table, IPv6. */
  routes(): Route[];
  /** The neighbours on an interface, IPv6. */
  neighbours(link: Link): Neighbour[];
  /** Docker's engine; undefined where none runs here. */
  docker(): Promise<Docker | undefined>;
  /** The value of a setting, such as `net/ipv6/conf/all/forwarding`. */
  setting(path: string): number;
  /** How full the neighbour table has been since the machine started. */
  neighbourTable(): { entries: number; fulls: number };
  /** The rule set, as `nft --json list ruleset` gives it. */
  ruleset(): RulesetItem[];
  /** Whether an address answers the kernel's pings from an address of this host, within 4 seconds. */
  pings(from: string, to: string): Promise<boolean>;
  /** What answers an echo request that goes out of an interface beside the kernel, within 4 seconds. */
  echo(link: Link, ends: Ends): Promise<Outcome>;
}

/** An interface with its addresses, as `ip -json -details address` gives it. */
export interface Link {
  ifname: string;
  ifindex: number;
  /** The MAC. */
  address?: string;
  mtu: number;
  flags: string[];
  /** The bridge that it is a port of. */
  master?: string;
  linkinfo?: { info_kind?: string };
  addr_info: LinkAddress[];
}

export interface LinkAddress {
  family: string;
  local: string;
  prefixlen: number;
  scope?: string;
  /** Whether it came from a router's advertisement, and ends. */
  dynamic?: boolean;
  dadfailed?: boolean;
  /** The longest that it stays, in seconds. */
  valid_life_time?: number;
}

/** A route, as `ip -json -details -6 route` gives it. */
export interface Route {
  type: string;
  /** A prefix, an address, or `default`. */
  dst: string;
  dev?: string;
  gateway?: string;
  protocol?: string;
  metric?: number;
}

/** An entry of the neighbour table, as `ip -json -6 neighbour` gives it. */
export interface Neighbour {
  dst: string;
  /** Such as `REACHABLE`. */
  state: string[];
}

/** Docker's engine, and its networks of the bridge driver. */
export interface Docker {
  /** Such as `20.10.24+dfsg1`. */
  version: string;
  networks: DockerNetwork[];
}

export interface DockerNetwork {
  name: string;
  /** Its interface. */
  bridge: string;
  /** The MTU that it was made with; undefined where nobody said one. */
  mtu: number | undefined;
  /** Its IPv6 subnets and the gateway in each; none where it has no IPv6. */
  subnets: { subnet: string; gateway: string }[];
}

/** One object of nftables' JSON (upstream: libnftables-json(5)). */
export type RulesetItem = Record<string, unknown>;
