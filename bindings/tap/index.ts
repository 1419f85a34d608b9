export { TapError } from "./error.ts";
/** @internal for interfaces that are no TAP */
export { Keeper } from "./keeper.ts";
/** @internal */
export { KeptInterface } from "./kept.ts";
export type { InterfaceCounters } from "./kernel/device.ts";
/** @internal for `sixplane attach`, which sets up an interface that is no TAP */
export { Device } from "./kernel/device.ts";
/** @internal */
export type { Libc } from "./kernel/libc.ts";
/** @internal for the fabric, which sets options of its socket */
export { loadLibc } from "./kernel/load-libc.ts";
/** @internal */
export { Changes } from "./kernel/netlink.ts";
/** @internal */
export type { Route } from "./kernel/routes.ts";
export type { TapCounters } from "./loop/counters.ts";
export type { Forward, FrameBatch } from "./loop/queue.ts";
/** @internal */
export { type NodeOptions, setupOf } from "./node-setup.ts";
export type { TapOptions } from "./options.ts";
/** @internal */
export { putBack, type Setup, setUp, type Undo } from "./setup.ts";
export { openTap, type Tap } from "./tap.ts";
