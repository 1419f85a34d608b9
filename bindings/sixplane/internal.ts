// Internal functions that other folders of this package use. The published declarations omit them.
export { mismatch, quote } from "./errors.ts";
export { formatHex, isReservedNode } from "./identifier.ts";
export { isMac } from "./mac.ts";
export { checkKeys } from "./options.ts";
