import { isMac, Network } from "sixplane";
import { Failure } from "../io/failure.ts";
import type { Output } from "../io/output.ts";

/** `sixplane owner NETWORK ADDRESS-OR-MAC` */
export async function owner(
  output: Output,
  id: string,
  text: string,
  json: boolean | undefined,
): Promise<void> {
  const network = new Network(id);
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

function whereItsOwnAre(network: Network, text: string): string {
  if (isMac(text)) return `whose MACs start with ${network.host("0000000000").mac.slice(0, 2)}`;
  return `whose addresses are in ${network.sixplane} and ${network.rfc4193}`;
}
