import { readFile } from "node:fs/promises";
import { InputError, type Network, quote } from "sixplane";
import { type Peer, parsePeer } from "../../fabric/peer.ts";
import { Failure, systemReason } from "../io/failure.ts";

/**
 * Reads a list of peers: NODE@HOST:PORT in each line. Empty lines and comments, which start with #, are skipped.
 *
 * @throws Failure where the file cannot be read
 * @throws InputError that names the line
 */
export async function readPeers(network: Network, path: string): Promise<Peer[]> {
  const text = await readFile(path, "utf8").catch((error) => {
    throw new Failure(`cannot read the peers of ${quote(path)}: ${systemReason(error)}`);
  });
  const peers: Peer[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const entry = line.replace(/#.*/s, "").trim();
    if (entry !== "") peers.push(parseLine(network, path, index + 1, entry));
  }
  return peers;
}

function parseLine(network: Network, path: string, number: number, entry: string): Peer {
  try {
    return parsePeer(network, entry);
  } catch (error) {
    throw new InputError(`line ${number} of ${quote(path)}: ${(error as Error).message}`);
  }
}
