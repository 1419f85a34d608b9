import { mismatch } from "./errors.ts";
import { formatHex } from "./identifier.ts";

const MAC = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i;

/** Whether the text is a MAC as `parseMac` takes it. */
export function isMac(text: string): boolean {
  return MAC.test(text);
}

/**
 * The six bytes of a MAC.
 *
 * @param text six pairs of hex digits, separated by colons or by hyphens
 * @throws InputError for anything else
 * @example
 * parseMac("02:89:e9:30:0c:27")[1];  // 137
 */
export function parseMac(text: string): Uint8Array {
  if (typeof text !== "string" || !isMac(text)) {
    throw mismatch("MAC", "six pairs of hex digits such as 02:89:e9:30:0c:27", text);
  }
  return Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16));
}

/**
 * A MAC as text: lower-case pairs, separated by colons.
 *
 * @param mac six bytes
 * @throws InputError for anything else
 * @example
 * formatMac(parseMac("02-89-E9-30-0C-27"));  // "02:89:e9:30:0c:27"
 */
export function formatMac(mac: Uint8Array): string {
  if (!(mac instanceof Uint8Array && mac.length === 6)) throw mismatch("MAC", "6 bytes", mac);
  return formatHex(mac, ":");
}
