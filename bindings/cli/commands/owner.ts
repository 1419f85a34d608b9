import { formatAddress, InputError, isMac, type Mode, mismatch, Network, parseAddress } from "sixplane";
import { Failure } from "../io/failure.ts";
import { type Identifiers, nameOfIdentifier, networkOf, refuseMore } from "../io/identifiers.ts";
import { forEachLine } from "../io/lines.ts";
import type { Output } from "../io/output.ts";

/** What an owner was found by. */
type Kind = Mode | "mac" | "link-local";

/** `sixplane owner NETWORK ADDRESS-OR-MAC`, or with `-` for a list of them on stdin */
export async function owner(output: Output, given: Identifiers, json: boolean | undefined): Promise<void> {
  refuseMore(given, 1);
  const network = new Network(networkOf(given));
  const [text] = given.rest;
  if (text === undefined) throw new InputError("give an IPv6 address or a MAC");
  if (text !== "-") {
    const found = ownerOf(network, text);
    return output.result(json, found, [found.node]);
  }
  await forEachLine(output, (line) => {
    const found = ownerOf(network, line);
    return json ? JSON.stringify({ address: line, ...found }) : `${found.node}  ${line}`;
  });
}

/** @throws Failure where it belongs to no node of the network */
function ownerOf(network: Network, text: string): { node: string; mode: Kind } {
  refuseIdentifier(text);
  const address = isReverseName(text) ? formatAddress(parseReverseName(text)) : text;
  const direct = network.ownerOf(address);
  const mac = direct || isMac(text) ? undefined : macOf(parseAddress(address));
  const found = mac ? network.ownerOf(mac) : direct;
  if (!found) {
    throw new Failure(
      `${text} belongs to no node of network ${network.id}, ${whereItsOwnAre(network, isMac(text) || mac !== undefined)}`,
    );
  }
  if (found.reserved) {
    throw new Failure(`${text} belongs to no node: it names ${found.node}, which ZeroTier gives to none`);
  }
  return { node: found.node, mode: mac ? "link-local" : found.mode };
}

function refuseIdentifier(text: string): void {
  const name = nameOfIdentifier(text);
  if (name === undefined) return;
  const hint = name === "node address" ? ", and sixplane address tells its addresses" : "";
  throw mismatch("address", "an IPv6 address or a MAC", text, `it is a ${name}${hint}`);
}

function whereItsOwnAre(network: Network, byMac: boolean): string {
  if (byMac) return `whose MACs start with ${network.host("0000000000").mac.slice(0, 2)}`;
  return `whose addresses are in ${network.sixplane} and ${network.rfc4193}`;
}

function isReverseName(text: string): boolean {
  return /\.ip6\.arpa\.?$/i.test(text);
}

/** The address of a name in ip6.arpa: its hex digits, the last one first (RFC 3596 §2.5). */
function parseReverseName(name: string): Uint8Array {
  const digits = name
    .replace(/\.ip6\.arpa\.?$/i, "")
    .split(".")
    .reverse();
  if (digits.length === 32 && digits.every((digit) => /^[0-9a-f]$/i.test(digit)))
    return Buffer.from(digits.join(""), "hex");
  throw mismatch("name in ip6.arpa", "that of an address, 32 hex digits with dots between them", name);
}

/** The MAC in a link-local address that was made of one (RFC 2464 §4 and §5); undefined for any other address. */
function macOf(address: Uint8Array): Uint8Array | undefined {
  const isMade = /^fe80000000000000[0-9a-f]{6}fffe/.test(Buffer.from(address).toString("hex"));
  if (!isMade) return undefined;
  const [a = 0, b = 0, c = 0, , , d = 0, e = 0, f = 0] = address.subarray(8);
  return Uint8Array.of(a ^ 2, b, c, d, e, f);
}
