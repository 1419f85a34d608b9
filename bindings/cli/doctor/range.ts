import { formatAddress, parseAddress } from "sixplane";

const BITS = 128n;

/** Whether an IPv6 address or prefix, as text, lies within a prefix such as `fc9c:56c2:e300::/40`. */
export function isWithin(text: string, prefix: string): boolean {
  const [address = "", length = "128"] = text.split("/");
  const [first = "", bits = "128"] = prefix.split("/");
  if (!address.includes(":") || !first.includes(":") || Number(length) < Number(bits)) return false;
  const rest = BITS - BigInt(bits);
  return numberOf(address) >> rest === numberOf(first) >> rest;
}

function numberOf(address: string): bigint {
  return BigInt(`0x${Buffer.from(parseAddress(address)).toString("hex")}`);
}

/** The prefix of a length that an address lies in, as text. */
export function prefixAround(address: string, length: number): string {
  const rest = BITS - BigInt(length);
  const first = (numberOf(address) >> rest) << rest;
  const bytes = Buffer.from(first.toString(16).padStart(32, "0"), "hex");
  return `${formatAddress(bytes)}/${length}`;
}
