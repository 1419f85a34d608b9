import { TapError } from "./error.ts";
import { Device } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import { openChanges } from "./kernel/netlink.ts";
import { currentName, openTun, type Tun } from "./kernel/tun.ts";
import { linkLocalAddress, restore, type Setup, setUp } from "./setup.ts";

/**
 * Opens a TAP interface and sets it up.
 *
 * @param name 1 to 15 bytes; a %d in it becomes the first number that is free
 * @throws TapError where that fails; nothing is left then
 */
export function openInterface(libc: Libc, name: string, setup: Setup): Interface {
  const tun = openTun(libc, name);
  let device: Device | undefined;
  let changes: number | undefined;
  try {
    device = new Device(libc, tun.name);
    changes = openChanges(libc); // before the setup is made, so that no change of it is missed
    return new Interface(libc, tun, device, changes, setup);
  } catch (error) {
    if (changes !== undefined) libc.close(changes);
    device?.close();
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
  readonly #libc: Libc;
  readonly #tun: Tun;
  readonly device: Device;
  readonly #setup: Setup;
  readonly #putBack: () => void;
  #hadLinkLocal = false;
  readonly #hadUsable = new Set<string>();

  /** @throws TapError where the setup fails; what it had changed has been put back */
  constructor(libc: Libc, tun: Tun, device: Device, changes: number, setup: Setup) {
    this.name = tun.name;
    this.file = tun.file;
    this.#libc = libc;
    this.#tun = tun;
    this.device = device;
    this.changes = changes;
    this.index = device.index;
    this.#setup = setup;
    this.#putBack = setUp(device, setup);
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
    if (name !== this.name)
      throw new TapError(`the interface ${this.name} has been renamed to ${name}`, "ENODEV");
    try {
      const restored = restore(this.device, this.#setup, this.#hadLinkLocal);
      this.#hadLinkLocal ||= this.device.addressState(linkLocalAddress(this.#setup.mac)) !== "gone";
      for (const { address } of this.#setup.addresses) this.#checkUse(address);
      return restored;
    } catch (error) {
      throw cannotRestore(this.name, error);
    }
  }

  /** @throws TapError where another host has taken an address since it was usable */
  #checkUse(address: string): void {
    const state = this.device.addressState(address);
    if (state === "usable") this.#hadUsable.add(address);
    if (state !== "duplicate" || !this.#hadUsable.has(address)) return; // `usable` says the rest
    throw new TapError(`another host of the network uses ${address}`, "EADDRINUSE");
  }

  /** Ends it, or puts one that stays back as it was found. */
  close(): void {
    try {
      if (this.#tun.persistent) this.#putBack();
    } finally {
      this.device.close();
      this.#libc.close(this.changes);
      this.#libc.close(this.file);
    }
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
