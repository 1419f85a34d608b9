export { type CoreExports, type CoreSource, init, initSync, type Mode } from "./core.ts";
export {
  CompilationRefusedError,
  InputError,
  MissingFunctionError,
  SixplaneError,
} from "./errors.ts";
export type { Host, HostAddress } from "./host.ts";
/** @internal */
export * from "./internal.ts";
export { formatAddress, parseAddress } from "./ipv6.ts";
export { formatMac, parseMac } from "./mac.ts";
export { Network, type Owner, type PortRange } from "./network.ts";
export { Prefix } from "./prefix.ts";
export type { Responder, ResponderOptions } from "./responder.ts";
export type { SourcePolicy } from "./sender.ts";
export type { InvalidReason, PassReason, Verdict } from "./verdict.ts";
