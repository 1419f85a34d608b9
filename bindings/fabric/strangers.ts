import { formatMac, type Network } from "sixplane";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";

/** How many are told at most: anybody can make up many. */
const MOST_STRANGERS = 8;

/** Who sends datagrams, but is no peer. */
export interface Stranger {
  /** Where they come from, as text. */
  from: string;
  /** The node whose MAC is in the first of its frames, which need not be true. */
  node: string | undefined;
}

/** Tells of each address that is no peer's once. */
export class Strangers {
  readonly #network: Network;
  readonly #known = new Set<string>();

  constructor(network: Network) {
    this.#network = network;
  }

  /**
   * @param mac the source of its first frame, 6 bytes, where there is one
   * @returns undefined where the address has been told, or no more are
   */
  first(endpoint: Endpoint, mac: Uint8Array | undefined): Stranger | undefined {
    if (this.#known.size >= MOST_STRANGERS) return undefined;
    const from = formatEndpoint(endpoint);
    if (this.#known.has(from)) return undefined;
    this.#known.add(from);
    return { from, node: mac && this.#network.ownerOf(formatMac(mac))?.node };
  }
}
