export type { TapCounters } from "./counters.ts";
export type { InterfaceCounters } from "./device.ts";
export { TapError } from "./error.ts";
export type { TapOptions } from "./options.ts";
export type { Forward, FrameBatch } from "./queue.ts";
export { openTap, type Tap } from "./tap.ts";
