import { setTimeout as delay } from "node:timers/promises";

const PATIENCE_MILLISECONDS = 20_000;

/**
 * Waits until something is so.
 *
 * @param {string} what
 * @param {() => boolean} isSo
 * @throws Error where it takes longer than 20 seconds
 */
export async function until(what, isSo) {
  for (const end = performance.now() + PATIENCE_MILLISECONDS; !isSo(); await delay(1)) {
    if (performance.now() > end) throw new Error(`it took longer than 20 seconds until ${what}`);
  }
}
