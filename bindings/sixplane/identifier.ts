import { mismatch } from "./errors.ts";

const DIGITS = "0123456789abcdef";

/**
 * The eight bytes of a network ID.
 *
 * @param text 16 hex digits, in either case
 * @throws InputError for anything else
 */
export function parseNetworkId(text: string): Uint8Array {
  return parseDigits("network ID", 16, text);
}

/**
 * The five bytes of a node address (ZeroTier's "device address").
 *
 * @param text 10 hex digits, in either case
 * @throws InputError for anything else
 */
export function parseNode(text: string): Uint8Array {
  return parseDigits("node address", 10, text);
}

/** Whether a node address (10 hex digits) is reserved: ZeroTier never assigns 0 or addresses that start with ff. */
export function isReservedNode(node: string): boolean {
  return /^ff|^0*$/i.test(node);
}

/** The bytes as lower-case hex, two digits for each byte, with the separator between bytes. */
export function formatHex(bytes: Uint8Array, separator = ""): string {
  let text = "";
  for (const byte of bytes) {
    text += (text && separator) + DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return text;
}

function parseDigits(what: string, digits: number, text: string): Uint8Array {
  if (typeof text !== "string" || text.length !== digits || !/^[0-9a-f]*$/i.test(text)) {
    throw mismatch(what, `${digits} hex digits`, text);
  }
  const bytes = new Uint8Array(digits / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
