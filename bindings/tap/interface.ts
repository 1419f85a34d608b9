import { TapError } from "./error.ts";
import { KeptInterface } from "./kept.ts";
import type { Device } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import type { Route } from "./kernel/routes.ts";
import { currentName, openTun, type Tun } from "./kernel/tun.ts";
import type { Setup } from "./setup.ts";

/**
 * Opens a TAP interface and sets it up.
 *
 * @param name 1 to 15 bytes; a %d in it becomes the first number that is free
 * @throws TapError where that fails; nothing is left then
 */
export function openInterface(libc: Libc, name: string, setup: Setup): Interface {
  const tun = openTun(libc, name);
  try {
    return new Interface(libc, tun, new KeptInterface(libc, tun.name, setup));
  } catch (error) {
    libc.close(tun.file);
    throw error;
  }
}

/** A TAP interface, both its sides. */
export class Interface {
  readonly name: string;
  /** What frames are read from and written to. */
  readonly file: number;
  /** What hears of changes to interfaces. */
  readonly changes: number;
  readonly index: number;
  readonly device: Device;
  readonly #libc: Libc;
  readonly #tun: Tun;
  readonly #kept: KeptInterface;

  constructor(libc: Libc, tun: Tun, kept: KeptInterface) {
    this.name = tun.name;
    this.file = tun.file;
    this.changes = kept.changes;
    this.index = kept.index;
    this.device = kept.device;
    this.#libc = libc;
    this.#tun = tun;
    this.#kept = kept;
  }

  /**
   * Puts back what another program has changed.
   *
   * @returns what that was, as in "MTU 2800"
   * @throws TapError where that fails, another host has taken an address, or the interface is not here under its
   *   name any more
   */
  restore(): string[] {
    const name = currentName(this.#libc, this.#tun);
    if (name === undefined) return []; // it has been removed, as the loop will find
    if (name === this.name) return this.#kept.restore();
    throw new TapError(`the interface ${this.name} has been renamed to ${name}`, "ENODEV");
  }

  /** Resolves when the kernel uses its addresses, as `KeptInterface.usable` does. */
  usable(isClosed: () => boolean): Promise<void> {
    return this.#kept.usable(isClosed);
  }

  /** Has these routes from now on. @throws TapError where that fails */
  setRoutes(routes: readonly Route[]): void {
    this.#kept.setRoutes(routes);
  }

  /** Ends it, or puts one that stays back as it was found. */
  close(): void {
    try {
      if (this.#tun.persistent) this.#kept.putBack();
    } finally {
      this.#kept.close();
      this.#libc.close(this.file);
    }
  }
}
