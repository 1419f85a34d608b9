import type { Device } from "./device.ts";
import { TapError } from "./error.ts";

/** What an interface is to have. */
export interface Setup {
  mac: string;
  mtu: number;
  addresses: readonly ManagedAddress[];
}

/** An address of the host, with the length of its network's prefix, to which the kernel makes a route. */
export interface ManagedAddress {
  address: string;
  length: number;
}

/**
 * Gives an interface its MAC, MTU and addresses, and brings it up. What already is as it should be is left
 * alone, so that an interface which somebody else has prepared needs no privilege.
 *
 * @returns what puts everything back
 * @throws TapError where a step fails; the steps before it have been put back
 */
export function setUp(device: Device, setup: Setup): () => void {
  const undo: (() => void)[] = [];
  function putBack(): void {
    for (const step of undo.splice(0)) unlessGone(step);
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
    if (device.mac !== setup.mac) change("up", false); // the kernel makes the link-local address when it goes up
    change("mac", setup.mac);
    change("mtu", setup.mtu);
    changeSetting("disable_ipv6", "0");
    changeSetting("addr_gen_mode", "0"); // from the MAC (EUI-64), by which other hosts know it
    change("up", true);
    for (const { address, length } of setup.addresses) {
      if (device.addAddress(address, length)) undo.unshift(() => device.removeAddress(address, length));
    }
  } catch (error) {
    putBack();
    throw error;
  }
  return putBack;
}

/** Does something to an interface, if there still is one. */
function unlessGone(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof TapError && error.code === "ENODEV")) throw error;
  }
}
