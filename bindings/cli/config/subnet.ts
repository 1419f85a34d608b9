import { createHash } from "node:crypto";
import { InputError, mismatch, type Prefix } from "sixplane";
import { parseWhole } from "../io/number.ts";

/** A sub-prefix of a host's /80, by its name. */
export interface Subnet {
  name: string;
  /** Which one it is of those of its length in the /80, from 0 on. */
  number: bigint;
  prefix: Prefix;
}

const HOST_LENGTH = 80;
const LEAST_LENGTH = 81;
const MOST_LENGTH = 127;

/**
 * No sub-prefix lies in the first /95 of the /80: there are the host's own address and, in the second /96, the
 * containers on Docker's default bridge.
 */
const TAKEN_LENGTH = 95;

/**
 * The sub-prefixes of a /80 that belong to names: the same name and length have the same number on every host.
 *
 * @param hostPrefix a /80
 * @param names each with a letter or digit first, then letters, digits, dots, hyphens or underscores, 63 at most
 * @param length of the sub-prefixes, 81 to 127, as text
 * @throws InputError for bad names, a bad length, and where two names have the same sub-prefix
 */
export function subnetsOf(hostPrefix: Prefix, names: readonly string[], length: string): Subnet[] {
  const bits = parseWhole("sub-prefix length", length, LEAST_LENGTH, MOST_LENGTH);
  const subnets = names.map((name) => {
    const number = numberOf(checked(name), bits);
    return { name, number, prefix: hostPrefix.subnet(bits, number) };
  });
  for (const [n, subnet] of subnets.entries()) {
    const earlier = subnets.slice(0, n).find(({ number }) => number === subnet.number);
    if (earlier) throw collision(earlier, subnet);
  }
  return subnets;
}

/**
 * The address that a name has in a prefix on a bridge: always the same. It is not the bridge's; and in a /80, it is not in the first /95.
 *
 * @param prefix of 126 bits at most
 */
export function addressByName(prefix: Prefix, name: string): string {
  const count = 1n << BigInt(128 - prefix.length);
  const taken = prefix.length < TAKEN_LENGTH ? 1n << BigInt(128 - TAKEN_LENGTH) : 2n;
  return prefix.address(taken + (hashOf(name) % (count - taken)));
}

/** A number by the first 8 bytes of the name's SHA-256, of those that are not taken. */
function numberOf(name: string, length: number): bigint {
  const count = 1n << BigInt(length - HOST_LENGTH);
  const taken = 1n << BigInt(Math.max(0, length - TAKEN_LENGTH));
  return taken + (hashOf(name) % (count - taken));
}

function hashOf(name: string): bigint {
  return createHash("sha256").update(name).digest().readBigUInt64BE();
}

function checked(name: string): string {
  if (/^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(name)) return name;
  const expected = "up to 63 letters, digits, dots, hyphens and underscores, with a letter or digit first";
  throw mismatch("sub-prefix name", expected, name);
}

function collision(one: Subnet, other: Subnet): InputError {
  if (one.name === other.name) return new InputError(`the sub-prefix name "${one.name}" is given twice`);
  return new InputError(
    `the sub-prefixes "${one.name}" and "${other.name}" would both be ${one.prefix}: rename one, or make all longer`,
  );
}
