import type { Responder } from "sixplane";
import type {
  Changes,
  InterfaceCounters,
  Keeper,
  KeptInterface,
  Libc,
  Route,
  Setup,
  TapCounters,
  TapError,
} from "sixplane/tap";
import { isThere } from "../../ebpf/kernel/vxlan.ts";
import type { Endpoint } from "../../fabric/endpoint.ts";
import type { FabricCounters } from "../../fabric/fabric.ts";
import type { KernelFabric } from "../../fabric/kernel/kernel-fabric.ts";
import type { Programs } from "../../fabric/kernel/programs.ts";
import type { Peer } from "../../fabric/peer.ts";
import type { Way } from "../../fabric/underlay.ts";
import { type Guard, removeAll } from "./interface-guard.ts";
import { countersOf } from "./kernel-counters.ts";
import type { DataPath, PathOptions } from "./up-path.ts";

/** How often the kernel is asked for changes to the interface. */
const POLL_MILLISECONDS = 20;
/** How often what the programs have found out is looked at. */
const LOOK_MILLISECONDS = 1000;

const NOTHING = { frames: 0, bytes: 0, errors: 0, dropped: 0 };

export interface KernelParts {
  programs: Programs;
  /** Removes the interface. */
  guard: Guard;
  kept: KeptInterface;
  setup: Setup;
  /** Those of its routes that do not go with the interface. */
  routes: readonly Route[];
  libc: Libc;
  way: Way | undefined;
  fabric: KernelFabric;
  /** Finds out where peers are. @throws NoKernelPath where the kernel cannot reach one */
  locateAll: (peers: readonly Peer[]) => Promise<Peer[]>;
  routesTo: (peers: readonly Peer[]) => readonly Route[];
  changes: Changes;
  responder: Responder;
  tap: { Keeper: typeof Keeper; TapError: typeof TapError };
}

/** The data path of which the kernel carries the frames, while this looks after it. */
export class KernelPath implements DataPath {
  readonly kind = "kernel";
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly listening: Endpoint;
  readonly way: Way | undefined;
  readonly closed: Promise<void>;
  readonly #parts: KernelParts;
  readonly #keeper: Keeper;
  readonly #timers: NodeJS.Timeout[];
  /** Settles `closed`. */
  #end: (error?: unknown) => void = () => {};
  #counted: InterfaceCounters = { sent: NOTHING, received: NOTHING };
  #last: { tap: TapCounters; fabric: FabricCounters } | undefined;

  constructor({ listen, restored }: PathOptions, parts: KernelParts) {
    const { setup, guard, way, tap } = parts;
    this.#parts = parts;
    this.name = guard.name;
    this.mac = setup.mac;
    this.mtu = setup.mtu;
    this.addresses = setup.addresses.map(({ address }) => address);
    this.listening = listen;
    this.way = way;
    this.closed = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.closed.catch(() => {}); // who waits for it is told
    this.#keeper = new tap.Keeper({
      restore: () => this.#restore(),
      restored,
      failed: (error) => this.#end(error),
    });
    guard.ended.catch((error) => this.#end(error));
    this.#timers = [
      setInterval(() => this.#hear(), POLL_MILLISECONDS),
      setInterval(() => this.#look(), LOOK_MILLISECONDS),
    ];
  }

  get peers(): number {
    return this.#parts.fabric.peers;
  }

  counters(): { tap: TapCounters; fabric: FabricCounters } {
    if (this.#last) return this.#last;
    const { programs, fabric, responder } = this.#parts;
    const counts = programs.counts();
    const { withheld, ...carried } = fabric.counters(counts, this.#interfaceCounters());
    const { reply, pass, invalid, reasons, dropped } = countersOf(counts.respond, responder);
    const tap: TapCounters = {
      received: reply + pass + invalid + dropped.failed,
      reply,
      pass,
      invalid,
      reasons,
      forwarded: pass - withheld,
      injected: carried.received,
      dropped: {
        backlog: 0,
        multicast: withheld,
        oversized: 0,
        unsent: dropped.failed,
        limited: 0,
        uninjected: 0,
      },
    };
    return { tap, fabric: carried };
  }

  usable(): Promise<void> {
    return this.#parts.kept.usable(() => this.#last !== undefined);
  }

  async setPeers(peers: readonly Peer[]): Promise<void> {
    const { locateAll, routesTo, fabric, kept } = this.#parts;
    const located = await locateAll(peers);
    kept.setRoutes(routesTo(located));
    fabric.setPeers(located);
  }

  async close(): Promise<void> {
    if (this.#last) return;
    this.#last = this.counters();
    const { libc, kept, routes, guard, programs } = this.#parts;
    for (const timer of this.#timers) clearInterval(timer);
    this.#keeper.close();
    await guard[Symbol.asyncDispose]();
    if (guard.hasFailed) removeAll(libc, kept.device, kept.index, routes);
    kept.close();
    programs.close();
    this.#end();
  }

  /** What the interface has counted; the last that it said, where it is gone. */
  #interfaceCounters(): InterfaceCounters {
    try {
      this.#counted = this.#parts.kept.device.counters();
    } catch {} // which is told elsewhere
    return this.#counted;
  }

  #hear(): void {
    if (this.#parts.changes.read()) this.#keeper.changed();
  }

  #look(): void {
    this.#parts.fabric.look().catch((error) => this.#end(error));
  }

  #restore(): string[] {
    if (isThere(this.name)) return this.#parts.kept.restore();
    const reason = `the interface ${this.name} is gone: removed, renamed, or moved to another network namespace`;
    throw new this.#parts.tap.TapError(reason, "ENODEV");
  }
}
