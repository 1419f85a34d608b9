// The comment by which sixplane knows its own files: the first note of each, with a checksum of the whole text.

import { createHash } from "node:crypto";

/** Stands where the checksum will be, and in its place while the checksum is computed. */
const UNSIGNED = "0".repeat(16);

const SIGNATURE = /(written by sixplane config [a-z]+, checksum )[0-9a-f]{16}/;

/** The note that is signed later. XML comments allow it: it has no two hyphens in a row. */
export function signatureNote(target: string): string {
  return `written by sixplane config ${target}, checksum ${UNSIGNED}`;
}

/** The text with its checksum in its signature. */
export function sign(text: string): string {
  return text.replace(SIGNATURE, (note) => note.replace(UNSIGNED, checksum(text)));
}

/** Whether a text was written for that target, with any options, and has not been changed since. */
export function isSigned(target: string, text: string): boolean {
  const unsigned = text.replace(SIGNATURE, (_, start) => start + UNSIGNED);
  return unsigned.includes(signatureNote(target)) && sign(unsigned) === text;
}

/** The first 8 bytes of the text's SHA-256, as hex digits. */
function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, UNSIGNED.length);
}
