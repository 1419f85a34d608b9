import { InputError, isMac, mismatch, Network } from "sixplane";
import { Failure } from "../io/failure.ts";
import { type Identifiers, nameOfIdentifier, networkOf, refuseMore } from "../io/identifiers.ts";
import type { Output } from "../io/output.ts";

/** `sixplane owner NETWORK ADDRESS-OR-MAC` */
export async function owner(output: Output, given: Identifiers, json: boolean | undefined): Promise<void> {
  refuseMore(given, 1);
  const network = new Network(networkOf(given));
  const [text] = given.rest;
  if (text === undefined) throw new InputError("give an IPv6 address or a MAC");
  refuseIdentifier(text);
  const found = network.ownerOf(text);
  if (!found)
    throw new Failure(
      `${text} belongs to no node of network ${network.id}, ${whereItsOwnAre(network, text)}`,
    );
  const { node, mode, reserved } = found;
  if (reserved) {
    throw new Failure(`${text} belongs to no node: it names ${node}, which ZeroTier gives to none`);
  }
  await output.result(json, { node, mode }, [node]);
}

function refuseIdentifier(text: string): void {
  const name = nameOfIdentifier(text);
  if (name === undefined) return;
  const hint = name === "node address" ? ", and sixplane address tells its addresses" : "";
  throw mismatch("address", "an IPv6 address or a MAC", text, `it is a ${name}${hint}`);
}

function whereItsOwnAre(network: Network, text: string): string {
  if (isMac(text)) return `whose MACs start with ${network.host("0000000000").mac.slice(0, 2)}`;
  return `whose addresses are in ${network.sixplane} and ${network.rfc4193}`;
}
