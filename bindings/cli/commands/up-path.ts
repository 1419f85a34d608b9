import type { Mode, Network } from "sixplane";
import type { TapCounters } from "sixplane/tap";
import type { Endpoint } from "../../fabric/endpoint.ts";
import type { FabricCounters, FabricListener } from "../../fabric/fabric.ts";
import type { Peer } from "../../fabric/peer.ts";
import type { Way } from "../../fabric/underlay.ts";

/** What `sixplane up` is to run. */
export interface PathOptions {
  network: Network;
  node: string;
  modes: Mode[];
  probes: boolean;
  /** These may become others while it runs. */
  peers: readonly Peer[];
  listen: Endpoint;
  name: string;
  /** By default, what the ways to the peers carry. */
  mtu: number | undefined;
  multicast: "forward" | "drop";
  acceptRouters: boolean;
  repliesPerSecond: number | undefined;
  listener: FabricListener;
  /** Hears what has been put back. */
  restored: (what: readonly string[]) => void;
}

/** What carries the frames of a host, from its kernel to its peers and back. */
export interface DataPath {
  readonly kind: "kernel" | "tap";
  /** The interface's name, MAC, MTU and managed addresses. */
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly listening: Endpoint;
  /** How many peers there are. */
  readonly peers: number;
  /** From which the MTU follows, where it was chosen. */
  readonly way: Way | undefined;
  /** Resolves when it has been closed. Rejects where it came to its end in another way. */
  readonly closed: Promise<void>;
  counters(): { tap: TapCounters; fabric: FabricCounters };
  /** Resolves when the kernel uses the addresses. Rejects where another host has one. */
  usable(): Promise<void>;
  /** Has these peers from now on, and no others. Rejects where that cannot be; then the old ones stay. */
  setPeers(peers: readonly Peer[]): Promise<void>;
  /** Resolves when nothing of it is left. Does nothing when it is closed already. */
  close(): Promise<void>;
}
