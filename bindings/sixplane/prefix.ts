import { mismatch } from "./errors.ts";
import { INSPECT } from "./inspect.ts";
import { addressBytes, formatAddress } from "./ipv6.ts";
import { checkWhole } from "./number.ts";

/**
 * An IPv6 prefix: an address and a length. All bits of the address after the length are zero.
 *
 * @example
 * const prefix = new Prefix("fc9c:56c2:e389:e92c:eee5::", 80);
 * prefix.toString();           // "fc9c:56c2:e389:e92c:eee5::/80"
 * prefix.address(2);           // "fc9c:56c2:e389:e92c:eee5::2"
 * prefix.subnet(96, 1);        // fc9c:56c2:e389:e92c:eee5:1::/96
 * prefix.contains("fc9c:56c2:e389:e92c:eee5::1");  // true
 * const [first, second] = prefix;                  // the first two of its addresses, as text
 * prefix.arpa;                 // "5.e.e.e.c.2.9.e.9.8.3.e.2.c.6.5.c.9.c.f.ip6.arpa"
 */
export class Prefix {
  /** The prefix length, 0 to 128 bits. */
  readonly length: number;
  readonly #first: Uint8Array;

  /**
   * Makes a prefix from its first address and its length.
   *
   * @param address the prefix's first address, as text or 16 bytes
   * @param length 0 to 128 bits
   * @throws InputError if the address is invalid, if it has bits set after the length, or if the length is out of
   *   range
   * @example
   * new Prefix("fd00::", 8).toString();  // "fd00::/8"
   */
  constructor(address: string | Uint8Array, length: number) {
    this.length = checkWhole("prefix length", length, 0, 128);
    this.#first = addressBytes(address).slice();
    if (masked(this.#first, length).some((byte, i) => byte !== this.#first[i])) {
      throw mismatch("prefix", `an address with no bit set behind /${length}`, formatAddress(this.#first));
    }
  }

  /**
   * Makes a prefix from text: an IPv6 address, a slash, and a length (RFC 4291 §2.3).
   *
   * @param text as in "fc9c:56c2:e389:e92c:eee5::/80"
   * @throws InputError for anything else, and for an address with bits set after the length
   * @example
   * Prefix.parse("fc9c:56c2:e300::/40").length;  // 40
   */
  static parse(text: string): Prefix {
    const [, address, length] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
    if (address === undefined) throw mismatch("prefix", "an IPv6 address and a length, as in fd00::/8", text);
    return made(address, Number(length));
  }

  /**
   * The prefix as text: its first address (RFC 5952), then the length.
   *
   * @example
   * new Prefix("fd00:0::", 8).toString();  // "fd00::/8"
   */
  toString(): string {
    return `${formatAddress(this.#first)}/${this.length}`;
  }

  /**
   * The same text, for `JSON.stringify`.
   *
   * @example
   * JSON.stringify([new Prefix("fd00::", 8)]);  // '["fd00::/8"]'
   */
  toJSON(): string {
    return this.toString();
  }

  /**
   * The prefix's n-th address as text.
   *
   * @param n 0 for the first, up to 2 to the power of (128 - length), less 1
   * @throws InputError beyond that
   * @example
   * new Prefix("fd00::", 8).address(0x242);  // "fd00::242"
   */
  address(n: number | bigint): string {
    return formatAddress(this.#at(index("address", n, 128 - this.length)));
  }

  /**
   * The n-th prefix of a greater length in this one.
   *
   * @param length this prefix's own length to 128 bits
   * @param n 0 for the first, up to 2 to the power of (length - this prefix's length), less 1
   * @throws InputError beyond that
   * @example
   * new Prefix("fd00::", 8).subnet(16, 255).toString();  // "fdff::/16"
   */
  subnet(length: number, n: number | bigint): Prefix {
    checkWhole("sub-prefix length", length, this.length, 128);
    const number = index("sub-prefix", n, length - this.length);
    return made(this.#at(number << BigInt(128 - length)), length);
  }

  /**
   * All prefixes of a greater length in this one, in order. They are made one at a time: a /80 has 65,536 of length 96.
   *
   * @param length this prefix's own length to 128 bits
   * @throws InputError beyond that
   * @example
   * [...new Prefix("fd00::", 8).subnets(9)].join();  // "fd00::/9,fd80::/9"
   */
  *subnets(length: number): Generator<Prefix, void> {
    checkWhole("sub-prefix length", length, this.length, 128);
    const count = 1n << BigInt(length - this.length);
    for (let n = 0n; n < count; n++) yield this.subnet(length, n);
  }

  /**
   * All addresses of the prefix as text, in order. They are made one at a time.
   *
   * @example
   * [...new Prefix("fd00::", 127)];  // ["fd00::", "fd00::1"]
   */
  *[Symbol.iterator](): Generator<string, void> {
    const count = 1n << BigInt(128 - this.length);
    for (let n = 0n; n < count; n++) yield this.address(n);
  }

  /**
   * Whether an address, or every address of another prefix, is in this one.
   *
   * @param other an address as text or 16 bytes, or a prefix
   * @throws InputError for anything else
   * @example
   * new Prefix("fd00::", 8).contains("fd80::1");  // true
   */
  contains(other: string | Uint8Array | Prefix): boolean {
    const isPrefix = typeof other === "object" && #first in other;
    if (isPrefix && other.length < this.length) return false;
    const bytes = isPrefix ? other.#first : addressBytes(other);
    return masked(bytes, this.length).every((byte, i) => byte === this.#first[i]);
  }

  /**
   * Whether another prefix has the same address and length.
   *
   * @param other the other prefix
   * @example
   * Prefix.parse("fd00::/8").equals(new Prefix("fd00:0::", 8));  // true
   */
  equals(other: Prefix): boolean {
    return String(this) === String(other);
  }

  /** The first address, 16 bytes. Each access makes a copy. */
  get bytes(): Uint8Array {
    return this.#first.slice();
  }

  /**
   * The reverse DNS zone of the prefix (RFC 3596 §2.5), without a dot at its end.
   *
   * @throws InputError if the length is not a multiple of 4: each label of a zone is one hex digit
   */
  get arpa(): string {
    if (this.length % 4) {
      throw mismatch("prefix length of an ip6.arpa zone", "a multiple of 4", this.length);
    }
    const digits = Array.from(this.#first, (byte) => [byte >> 4, byte & 15]).flat();
    const zone = digits.slice(0, this.length / 4).reverse();
    return [...zone.map((digit) => digit.toString(16)), "ip6", "arpa"].join(".");
  }

  /** @internal */
  [INSPECT](): string {
    return `Prefix ${this}`;
  }

  /** The address at this distance from the first one, 16 bytes. */
  #at(distance: bigint): Uint8Array {
    let rest = this.#first.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n) + distance;
    const address = new Uint8Array(16);
    for (let i = 15; i >= 0; i--, rest >>= 8n) address[i] = Number(rest & 0xffn);
    return address;
  }
}

/** Outside of the class, which would get another name in the bundle, and so in consoles, if it named itself. */
function made(address: string | Uint8Array, length: number): Prefix {
  return new Prefix(address, length);
}

/** The prefix of this length that contains the address (16 bytes). */
export function prefixAround(address: Uint8Array, length: number): Prefix {
  return new Prefix(masked(address, length), length);
}

/** The address with all bits after the first `length` set to zero. */
function masked(address: Uint8Array, length: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));
}

/** The number as a bigint, after a check that it is a whole number from 0 to 2 to the power of `bits`, less 1. */
function index(what: string, n: number | bigint, bits: number): bigint {
  const count = 1n << BigInt(bits);
  const refusal = (why?: string) =>
    mismatch(`${what} number`, `a whole number from 0 to ${count - 1n}`, n, why);
  if (typeof n !== "bigint" && !Number.isInteger(n)) throw refusal();
  if (typeof n === "number" && !Number.isSafeInteger(n))
    throw refusal("so large a number is not exact, give a bigint");
  if (n < 0 || n >= count) throw refusal();
  return BigInt(n);
}
