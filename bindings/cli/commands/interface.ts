import { setTimeout as delay } from "node:timers/promises";
import { mismatch } from "sixplane";
import type { Device, Setup } from "sixplane/tap";
import { BpfError } from "../../ebpf/kernel/error.ts";
import { Failure } from "../io/failure.ts";

const POLL_MILLISECONDS = 20;

/** Resolves when the kernel uses the addresses. @throws Failure where another host has one */
export async function usable(device: Device, setup: Setup | undefined): Promise<void> {
  for (const { address } of setup?.addresses ?? []) {
    for (;;) {
      const state = device.addressState(address);
      if (state === "usable") break;
      if (state === "duplicate") throw new Failure(`another host of the network uses ${address}`);
      if (state === "gone") throw new Failure(`another program took ${address} from ${device.name}`);
      await delay(POLL_MILLISECONDS);
    }
  }
}

/** @throws InputError where no interface can have the name */
export function checkName(name: string): void {
  if (/^[^/\s]{1,15}$/.test(name) && name !== "." && name !== "..") return;
  throw mismatch("interface", "the name of one, 1 to 15 bytes", name);
}

/** @returns undefined where the interface is gone */
export function indexOf(device: Device): number | undefined {
  try {
    return device.index;
  } catch {
    return undefined;
  }
}

/** What the kernel refuses is a failure of the command. */
export function reported<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof BpfError ? new Failure(error.message) : error;
  }
}
