import { InputError, mismatch, Network, type Responder } from "sixplane";
import { type Interface, openInterface } from "./interface.ts";
import { Keeper } from "./keeper.ts";
import type { InterfaceCounters } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import { loadLibc } from "./kernel/load-libc.ts";
import type { Route } from "./kernel/routes.ts";
import { type Injections, nameCounts, type TapCounters } from "./loop/counters.ts";
import { LoopThread } from "./loop/thread.ts";
import { setupOf } from "./node-setup.ts";
import { checkOptions, type TapOptions } from "./options.ts";
import { peerRoutes } from "./peer-routes.ts";
import type { Setup } from "./setup.ts";

const LEAST_FRAME = 14; // an Ethernet header

/**
 * Opens a TAP interface as a node of a network has it, with its MAC and addresses, brings it up, and answers
 * the solicitations that the kernel sends there. It stays for as long as the process runs or until `close`.
 *
 * @param options the network and the node, and what else is not as by default
 * @throws InputError for a bad network ID, node address, or option
 * @throws TapError where the interface cannot be opened or set up; nothing of it is left then
 * @example
 * const tap = await openTap({
 *   network: "8056c2e21c000001",
 *   node: "89e92ceee5",
 *   forward: (frames) => { for (const frame of frames) send(frame); },
 * });
 * receive((frame) => tap.inject(frame));
 */
export async function openTap(options: TapOptions): Promise<Tap> {
  const network = new Network(options?.network);
  const { node, modes = ["6plane", "rfc4193"], probes = false } = options;
  const responder = network.responder({ node, modes, probes });
  const checked = checkOptions(options, responder.buffer.length);
  const libc = await loadLibc();
  const setup = setupOf(network, checked);
  const opened = openInterface(libc, checked.name, setup);
  const keeper = new Keeper({
    restore: () => opened.restore(),
    restored: (what) => checked.restored?.(what),
    failed: (error) => thread.fail(error),
  });
  let thread: LoopThread;
  try {
    thread = new LoopThread(libc, opened, checked, () => keeper.changed());
  } catch (error) {
    opened.close();
    throw error;
  }
  thread.ended.finally(() => keeper.close()).catch(() => {}); // `closed` tells
  const routesTo = (peers: readonly string[]) => peerRoutes(network, { ...checked, peers });
  const tap = new Tap(libc, opened, setup, thread, responder, routesTo);
  await Promise.race([thread.started, thread.ended]); // of `closed`, the rejection is the user's to handle
  return tap;
}

/**
 * An open TAP interface, whose solicitations are answered. Made by `openTap`.
 *
 * @example
 * const tap = await openTap({ network: "8056c2e21c000001", node: "89e92ceee5" });
 * console.log(`${tap.name} has ${tap.addresses.join(" and ")}`);
 * await tap.close();
 */
export class Tap {
  /** The interface's name. */
  readonly name: string;
  /** Its MAC, as lower-case pairs: the node's on this network. */
  readonly mac: string;
  /** Its MTU in bytes. */
  readonly mtu: number;
  /** Its managed addresses, as text: one for each mode. */
  readonly addresses: readonly string[];
  /**
   * Resolves when the TAP has been closed. Rejects where it came to its end in another way: with a TapError
   * when the interface was removed, with what `forward` threw.
   */
  readonly closed: Promise<void>;

  readonly #libc: Libc;
  readonly #interface: Interface;
  readonly #thread: LoopThread;
  readonly #responder: Responder;
  readonly #routesTo: (peers: readonly string[]) => Route[];
  readonly #injections: Injections = { taken: 0, refused: 0 };
  #isClosed = false;

  /** @internal */
  constructor(
    libc: Libc,
    opened: Interface,
    { mac, mtu, addresses }: Setup,
    thread: LoopThread,
    responder: Responder,
    routesTo: (peers: readonly string[]) => Route[],
  ) {
    this.#libc = libc;
    this.#interface = opened;
    this.#thread = thread;
    this.#responder = responder;
    this.#routesTo = routesTo;
    this.name = opened.name;
    this.mac = mac;
    this.mtu = mtu;
    this.addresses = addresses.map(({ address }) => address);
    this.closed = thread.ended.finally(() => {
      this.#isClosed = true;
      opened.close();
    });
  }

  /**
   * Resolves when the kernel uses the managed addresses: it first asks the network, for 1 to 2 seconds,
   * whether another host has them (duplicate address detection, RFC 4862 §5.4).
   *
   * @throws TapError where another host has one, or the TAP is closed meanwhile
   * @example
   * await tap.usable();
   */
  usable(): Promise<void> {
    return this.#interface.usable(() => this.#isClosed);
  }

  /**
   * Gives the kernel a frame, as if it had come in on the interface.
   *
   * @param frame from its destination MAC on, at least 14 bytes
   * @returns whether the kernel took it; false once the TAP is closed
   * @throws InputError for anything but such bytes
   * @example
   * receive((frame) => tap.inject(frame));
   */
  inject(frame: Uint8Array): boolean {
    checkFrame(frame);
    if (this.#isClosed) return false;
    const taken = this.#libc.writeBytes(this.#interface.file, frame, frame.length) === frame.length;
    this.#injections[taken ? "taken" : "refused"]++;
    return taken;
  }

  /**
   * Has these other hosts from now on, as the option `peers` has them at the start.
   *
   * @param peers their node addresses
   * @throws InputError for a bad node address; nothing has changed then
   * @throws TapError where the kernel does not take a route
   * @example
   * tap.setPeers(["deadbeef01", "1122334455"]);
   */
  setPeers(peers: readonly string[]): void {
    if (!Array.isArray(peers)) throw mismatch("peers", "an array of node addresses", peers);
    const routes = this.#routesTo(peers);
    if (!this.#isClosed) this.#interface.setRoutes(routes);
  }

  /**
   * What has happened to frames so far.
   *
   * @example
   * tap.counters().reasons["own-address"];
   */
  counters(): TapCounters {
    const { counts, undelivered } = this.#thread;
    return nameCounts(counts, undelivered, this.#injections, this.#responder);
  }

  /**
   * What the kernel has counted on the interface.
   *
   * @throws TapError where it is not there any more
   * @example
   * tap.interfaceCounters().sent.dropped;
   */
  interfaceCounters(): InterfaceCounters {
    return this.#interface.device.counters();
  }

  /**
   * Ends the loop, and the interface with it; one that was made to stay gets back what it had before.
   * Resolves when nothing of it is left. Does nothing when the TAP is closed already.
   *
   * @example
   * await tap.close();
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#thread.stop();
    await this.closed;
  }
}

function checkFrame(frame: Uint8Array): void {
  if (frame instanceof Uint8Array && frame.length >= LEAST_FRAME) return;
  const got = frame instanceof Uint8Array ? `${frame.length} bytes` : typeof frame;
  throw new InputError(`frame must be a Uint8Array of ${LEAST_FRAME} bytes or more, got ${got}`);
}
