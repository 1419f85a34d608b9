import { setTimeout as delay } from "node:timers/promises";
import { TapError } from "./error.ts";
import { Device } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import { openChanges } from "./kernel/netlink.ts";
import { type Route, routeKey } from "./kernel/routes.ts";
import { linkLocalAddress, putBack, restore, type Setup, setUp, type Undo } from "./setup.ts";

/** How often the kernel is asked how far it is with duplicate address detection, which takes 1 to 2 s. */
const POLL_MILLISECONDS = 20;

/** An interface with a setup, which it gets back when another program has changed it. */
export class KeptInterface {
  readonly device: Device;
  /** What hears of changes to interfaces. */
  readonly changes: number;
  readonly index: number;
  readonly #libc: Libc;
  #setup: Setup;
  readonly #undo: Undo;
  #hadLinkLocal = false;
  readonly #hadUsable = new Set<string>();

  /** @throws TapError where the setup fails; what it had changed has been put back */
  constructor(libc: Libc, name: string, setup: Setup) {
    this.#libc = libc;
    this.#setup = setup;
    this.device = new Device(libc, name);
    let changes: number | undefined;
    try {
      changes = openChanges(libc); // before the setup is made, so that no change of it is missed
      this.changes = changes;
      this.index = this.device.index;
      this.#undo = setUp(this.device, setup);
    } catch (error) {
      if (changes !== undefined) libc.close(changes);
      this.device.close();
      throw error;
    }
  }

  /**
   * Puts back what another program has changed.
   *
   * @returns what that was, as in "MTU 2800"
   * @throws TapError where that fails, another host has taken an address, or the interface is not here any more
   */
  restore(): string[] {
    try {
      const restored = restore(this.device, this.#setup, this.#hadLinkLocal);
      this.#hadLinkLocal ||= this.device.addressState(linkLocalAddress(this.#setup.mac)) !== "gone";
      for (const { address } of this.#setup.addresses) this.#checkUse(address);
      return restored;
    } catch (error) {
      throw cannotRestore(this.device.name, error);
    }
  }

  /**
   * Has these routes from now on, in place of those of its setup.
   *
   * @throws TapError where that fails
   */
  setRoutes(routes: readonly Route[]): void {
    const stay = new Set(routes.map(routeKey));
    const gone = this.#setup.routes.filter((route) => !stay.has(routeKey(route)));
    for (const route of gone) this.device.removeRoute(route);
    this.#setup = { ...this.#setup, routes };
    this.restore();
  }

  /**
   * Resolves when the kernel uses all addresses. If another program takes one away, it is put back, and this waits for it.
   *
   * @param isClosed whether nothing is put back any more
   * @throws TapError where another host has one, or all is closed
   */
  async usable(isClosed: () => boolean): Promise<void> {
    const { name } = this.device;
    for (const { address } of this.#setup.addresses) {
      for (;;) {
        if (isClosed()) throw new TapError(`${address} on ${name} is not there any more`, "EADDRNOTAVAIL");
        const state = this.device.addressState(address);
        if (state === "usable") break;
        if (state === "duplicate")
          throw new TapError(`${address} on ${name} is in use by another host of the network`, "EADDRINUSE");
        await delay(POLL_MILLISECONDS);
      }
    }
  }

  /** @throws TapError where another host has taken an address since it was usable */
  #checkUse(address: string): void {
    const state = this.device.addressState(address);
    if (state === "usable") this.#hadUsable.add(address);
    if (state !== "duplicate" || !this.#hadUsable.has(address)) return; // who waits for its use says the rest
    throw new TapError(`another host of the network uses ${address}`, "EADDRINUSE");
  }

  /** Puts it back as it was found. */
  putBack(): void {
    putBack(this.device, this.#undo);
  }

  /** Lets it be as it is. */
  close(): void {
    this.device.close();
    this.#libc.close(this.changes);
  }
}

function cannotRestore(name: string, error: unknown): unknown {
  if (!(error instanceof TapError)) return error;
  if (error.code !== "ENODEV") {
    return new TapError(
      `${name} was changed by another program, and not put back: ${error.message}`,
      error.code,
    );
  }
  return new TapError(`the interface ${name} has been moved to another network namespace`, "ENODEV");
}
