// What the other rooms of this package use of the library, beside what is public. The declarations leave it out.
export { mismatch, quote } from "./errors.ts";
export { formatHex, isReservedNode } from "./identifier.ts";
export { isMac } from "./mac.ts";
