import { setTimeout as delay } from "node:timers/promises";
import type { Device, Setup } from "sixplane/tap";
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
