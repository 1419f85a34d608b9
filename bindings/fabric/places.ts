import { type Endpoint, endpointKey } from "./endpoint.ts";
import type { Peer } from "./peer.ts";

/** How long a peer may say nothing, while frames are sent to it, before its name is looked up again. */
export const SILENCE_MILLISECONDS = 5000;

/** A peer at another address than before. */
export interface Move {
  peer: Peer;
  from: Endpoint;
}

interface Contact {
  /** When something came from it last, or its name was looked up. */
  at: number;
}

/** Where the peers are: those that were given by a name are looked up again when they are silent. */
export class Places {
  readonly #locate: (peer: Peer) => Promise<Peer>;
  readonly #moved: (move: Move) => void;
  #byEndpoint = new Map<string, Peer>();
  /** Of the peers that have a name. */
  #contacts = new Map<Peer, Contact>();

  /**
   * @param locate looks a peer's name up
   * @param moved hears of each peer that has another address since
   */
  constructor(locate: (peer: Peer) => Promise<Peer>, moved: (move: Move) => void) {
    this.#locate = locate;
    this.#moved = moved;
  }

  /** Has these peers from now on, where they are said to be. */
  setPeers(peers: readonly Peer[]): void {
    this.#byEndpoint = new Map(peers.map((peer) => [endpointKey(peer.endpoint), peer]));
    const named = peers.filter(({ name }) => name !== undefined);
    this.#contacts = new Map(named.map((peer) => [peer, { at: performance.now() }]));
  }

  /** The peer that a datagram comes from. */
  sender(endpoint: Endpoint): Peer | undefined {
    const peer = this.#byEndpoint.get(endpointKey(endpoint));
    const contact = peer && this.#contacts.get(peer);
    if (contact) contact.at = performance.now();
    return peer;
  }

  /** Something is sent to the peer: its name is looked up again, where it has long said nothing. */
  sending(peer: Peer): void {
    const contact = this.#contacts.get(peer);
    if (!contact || performance.now() - contact.at < SILENCE_MILLISECONDS) return;
    contact.at = performance.now();
    this.#locate(peer)
      .then(({ endpoint }) => this.#move(peer, endpoint))
      .catch(() => {}); // the name server may be silent, too: the address from before stays
  }

  #move(peer: Peer, endpoint: Endpoint): void {
    const from = peer.endpoint;
    if (!this.#contacts.has(peer)) return; // it is no peer any more
    if (this.#byEndpoint.has(endpointKey(endpoint))) return; // it is there already, or another peer is
    this.#byEndpoint.delete(endpointKey(from));
    this.#byEndpoint.set(endpointKey(endpoint), peer);
    peer.endpoint = endpoint;
    this.#moved({ peer, from });
  }
}
