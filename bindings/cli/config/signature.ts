import { createHash } from "node:crypto";

/** Stands where the checksum will, and for it while the checksum is computed. */
const UNSIGNED = "0".repeat(16);

/** The line by which a file is known again. It has no two hyphens in a row, which XML comments may not have. */
export function mark(target: string): string {
  return `written by sixplane config ${target}, checksum ${UNSIGNED}`;
}

/** The text with its checksum in its mark. A text without a mark stays as it is. */
export function sign(text: string): string {
  return text.replace(MARK, (line) => line.replace(UNSIGNED, checksum(text)));
}

/** Whether a text is as it was written for that target, with whatever options, and has not been changed since. */
export function isSigned(target: string, text: string): boolean {
  const unsigned = text.replace(MARK, (_, line) => line + UNSIGNED);
  return unsigned.includes(mark(target)) && sign(unsigned) === text;
}

const MARK = /(written by sixplane config [a-z]+, checksum )[0-9a-f]{16}/;

/** The first 8 bytes of the text's SHA-256, as hex digits. */
function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, UNSIGNED.length);
}
