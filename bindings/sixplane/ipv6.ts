import { mismatch, quote } from "./errors.ts";

/**
 * The 16 bytes of an IPv6 address.
 *
 * Accepts every form of RFC 4291 §2.2 (omitted leading zeros, one `::`, an IPv4 address at the end). Rejects
 * zones, prefix lengths, brackets and blanks.
 *
 * @param text the address, in either case
 * @throws InputError for anything else; the message says what is wrong
 * @example
 * parseAddress("::ffff:192.0.2.33")[15];  // 33
 */
export function parseAddress(text: string): Uint8Array {
  return readAddress(text, "IPv6 address", "text as in fc9c:56c2:e389:e92c:eee5::1");
}

/** The 16 bytes of an address that is given as text, or as these bytes. */
export function addressBytes(address: string | Uint8Array): Uint8Array {
  if (typeof address === "string") return parseAddress(address);
  if (address instanceof Uint8Array && address.length === 16) return address;
  throw mismatch("IPv6 address", "text or 16 bytes", address);
}

/** Parses like `parseAddress`, with another name and expectation in the error message. */
export function readAddress(text: string, what: string, expected: string): Uint8Array {
  const refuse = (why?: string): never => {
    throw mismatch(what, expected, text, why);
  };
  if (typeof text !== "string") refuse();
  if (text.includes("%")) refuse("a zone is not part of it");
  if (text.includes("/")) refuse("a prefix length is not part of it");
  const halves = withHexTail(text, refuse).split("::");
  if (halves.length > 2) refuse(":: may stand once");
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const groups = head.length + tail.length;
  for (const group of [...head, ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) refuse(`${quote(group)} is not 1 to 4 hex digits`);
  }
  if (halves.length === 1 && groups !== 8) refuse(`it has ${groups} of 8 groups`);
  if (halves.length === 2 && groups > 7) refuse(":: leaves no group out");
  const zeros = Array<string>(8 - groups).fill("0");
  return toBytes([...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16)));
}

/**
 * An IPv6 address in the canonical text of RFC 5952.
 *
 * @param address 16 bytes
 * @throws InputError for anything else
 * @example
 * formatAddress(parseAddress("FC9C:56C2:E389:E92C:EEE5:0:0:1"));  // "fc9c:56c2:e389:e92c:eee5::1"
 */
export function formatAddress(address: Uint8Array): string {
  if (!(address instanceof Uint8Array && address.length === 16)) {
    throw mismatch("IPv6 address", "16 bytes", address);
  }
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((address[i] ?? 0) << 8) | (address[i + 1] ?? 0));
  const [start, length] = longestZeros(words);
  const text = words.map((word) => word.toString(16));
  if (start === 0 && length === 5 && words[5] === 0xffff) {
    return `::ffff:${address.subarray(12, 16).join(".")}`; // §5: a prefix known to hold IPv4 addresses
  }
  if (length < 2) return text.join(":");
  return `${text.slice(0, start).join(":")}::${text.slice(start + length).join(":")}`;
}

/** The first of the longest runs of zero words: where it starts and how long it is. */
function longestZeros(words: number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (words[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}

/** The text with an IPv4 address at its end rewritten as two groups of hex digits. */
function withHexTail(text: string, refuse: (why: string) => never): string {
  const at = text.lastIndexOf(":") + 1;
  const dotted = text.slice(at);
  if (!dotted.includes(".")) return text;
  const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  const octets = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`).exec(dotted)?.slice(1).map(Number);
  if (!octets || at === 0) return refuse(`${quote(dotted)} is not the IPv4 address of a mixed form`);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return `${text.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function toBytes(words: number[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
