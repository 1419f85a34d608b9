export { TapError } from "./error.ts";
export type { InterfaceCounters } from "./kernel/device.ts";
/** @internal for `sixplane attach`, which sets up an interface that is no TAP */
export { Device } from "./kernel/device.ts";
/** @internal */
export type { Libc } from "./kernel/libc.ts";
/** @internal for the fabric, which sets options of its socket */
export { loadLibc } from "./kernel/load-libc.ts";
export type { TapCounters } from "./loop/counters.ts";
export type { Forward, FrameBatch } from "./loop/queue.ts";
export type { TapOptions } from "./options.ts";
/** @internal */
export { type Setup, setUp } from "./setup.ts";
export { openTap, type Tap } from "./tap.ts";
