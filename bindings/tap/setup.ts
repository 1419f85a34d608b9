import { TapError } from "./error.ts";
import { Device } from "./kernel/device.ts";
import type { Libc } from "./kernel/libc.ts";
import { openTun, type Tun } from "./kernel/tun.ts";

/** What an interface is to have. */
export interface Setup {
  mac: string;
  mtu: number;
  addresses: readonly ManagedAddress[];
  /** Whether the kernel may obey routers; if not, the settings of `ROUTER_SETTINGS` are set to 0. */
  acceptRouters: boolean;
}

/** The settings by which the kernel takes routes, addresses, a hop limit and an MTU from routers. */
const ROUTER_SETTINGS = ["accept_ra", "autoconf", "accept_redirects"];

/** An address of the host, with the length of its network's prefix, to which the kernel makes a route. */
export interface ManagedAddress {
  address: string;
  length: number;
}

/** A TAP interface from both its sides: the program's, and the kernel's. */
export interface TapInterface {
  tun: Tun;
  device: Device;
  /** Ends the interface, or puts one that stays back as it was found. */
  close(): void;
}

/**
 * Opens a TAP interface and sets it up.
 *
 * @param name 1 to 15 bytes; a %d in it becomes the first number that is free
 * @throws TapError where that fails; nothing is left then
 */
export function openInterface(libc: Libc, name: string, setup: Setup): TapInterface {
  const tun = openTun(libc, name);
  let device: Device | undefined;
  function closeFiles(): void {
    device?.close();
    libc.close(tun.file);
  }
  try {
    device = new Device(libc, tun.name);
    const putBack = setUp(device, setup);
    const close = () => {
      try {
        if (tun.persistent) putBack();
      } finally {
        closeFiles();
      }
    };
    return { tun, device, close };
  } catch (error) {
    closeFiles();
    throw error;
  }
}

/**
 * Gives an interface its MAC, MTU and addresses, and brings it up. What already is as it should be is left
 * alone, so that an interface which somebody else has prepared needs no privilege.
 *
 * @returns what puts everything back
 * @throws TapError where a step fails; the steps before it have been put back
 */
function setUp(device: Device, setup: Setup): () => void {
  const undo: (() => void)[] = [];
  function putBack(): void {
    const failures = undo
      .splice(0)
      .map(failureOf)
      .filter((failure) => failure !== undefined);
    if (failures.length > 0) throw failures[0];
  }

  const found = device.addresses;
  function keepAddresses(): void {
    for (const { address, length } of found) device.addAddress(address, length);
  }

  function change<Key extends "mac" | "mtu" | "up">(key: Key, value: Device[Key]): void {
    const before = device[key];
    if (before === value) return;
    device[key] = value;
    undo.unshift(() => {
      device[key] = before;
    });
  }

  function changeSetting(name: string, value: string): void {
    const before = device.setting(name);
    if (before === value) return;
    device.changeSetting(name, value);
    undo.unshift(() => device.changeSetting(name, before));
  }

  try {
    undo.unshift(keepAddresses); // the kernel takes them away as an interface goes down
    if (device.mac !== setup.mac) change("up", false); // the kernel makes the link-local address when it goes up
    change("mac", setup.mac);
    change("mtu", setup.mtu);
    changeSetting("disable_ipv6", "0");
    changeSetting("addr_gen_mode", "0"); // from the MAC (EUI-64), by which other hosts know it
    if (!setup.acceptRouters) {
      for (const name of ROUTER_SETTINGS) withHint(name, () => changeSetting(name, "0")); // before it is up
    }
    change("up", true);
    keepAddresses();
    for (const { address, length } of setup.addresses) {
      if (device.addAddress(address, length)) undo.unshift(() => device.removeAddress(address, length));
    }
  } catch (error) {
    failureOf(putBack); // what failed first says more
    throw error;
  }
  return putBack;
}

/** Where a setting about routers cannot be changed, as in many containers, says what else can be done. */
function withHint(name: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof TapError)) throw error;
    const hint = `set net.ipv6.conf.default.${name} to 0 before, or choose to accept routers`;
    throw new TapError(`${error.message}: ${hint}`, error.code);
  }
}

/** What the system says of an interface, a setting, an address or IPv6 that is not there any more. */
const GONE = ["ENODEV", "ENOENT", "EADDRNOTAVAIL", "ENXIO"];

/** Why a step of putting back failed. It does not where what it would put back is gone. */
function failureOf(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    return error instanceof TapError && GONE.includes(error.code) ? undefined : error;
  }
}
