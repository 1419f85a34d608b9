// A headless Chromium, for the bindings in a browser and for the explorer.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Why there is no browser here, or undefined where there is one. */
export const noChromium = existsSync(CHROMIUM) ? undefined : `no ${CHROMIUM}`;

/** Starts one that asks nothing of the network by itself. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox", // or it does not run as root
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-quic",
      "--disable-sync",
    ],
  });
}
