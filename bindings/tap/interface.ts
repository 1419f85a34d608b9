import { type AddressState, Device, type InterfaceCounters } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import { openTun, type Tun } from "./kernel/tun.ts";
import { type Setup, setUp } from "./setup.ts";

/**
 * Opens a TAP interface and sets it up.
 *
 * @param name 1 to 15 bytes; a %d in it becomes the first number that is free
 * @throws TapError where that fails; nothing is left then
 */
export function openInterface(libc: Libc, name: string, setup: Setup): Interface {
  const tun = openTun(libc, name);
  let device: Device | undefined;
  try {
    device = new Device(libc, tun.name);
    return new Interface(libc, tun, device, setUp(device, setup));
  } catch (error) {
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
  readonly #libc: Libc;
  readonly #tun: Tun;
  readonly #device: Device;
  readonly #putBack: () => void;

  constructor(libc: Libc, tun: Tun, device: Device, putBack: () => void) {
    this.name = tun.name;
    this.file = tun.file;
    this.#libc = libc;
    this.#tun = tun;
    this.#device = device;
    this.#putBack = putBack;
  }

  counters(): InterfaceCounters {
    return this.#device.counters();
  }

  addressState(address: string): AddressState {
    return this.#device.addressState(address);
  }

  /** Ends it, or puts one that stays back as it was found. */
  close(): void {
    try {
      if (this.#tun.persistent) this.#putBack();
    } finally {
      this.#device.close();
      this.#libc.close(this.file);
    }
  }
}
