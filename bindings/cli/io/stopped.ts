import type { Output } from "./output.ts";

export const END_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** Resolves when a signal asks for the end, or nobody reads any more. Further signals do nothing. */
export function whenStopped(output: Output, signals: readonly NodeJS.Signals[] = END_SIGNALS): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve());
    output.onUnread = resolve;
  });
}
