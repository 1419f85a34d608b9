export { TapError } from "./error.ts";
export type { InterfaceCounters } from "./kernel/device.ts";
/** @internal for the fabric, which sets options of its socket */
export { loadLibc } from "./kernel/load-libc.ts";
export type { TapCounters } from "./loop/counters.ts";
export type { Forward, FrameBatch } from "./loop/queue.ts";
export type { TapOptions } from "./options.ts";
export { openTap, type Tap } from "./tap.ts";
