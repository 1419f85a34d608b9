// Hosts that really ask: their solicitations are made, and judged by responders, as in a kernel's place.
import { type Host, Network, type Responder } from "sixplane";
import { solicitation } from "../wire/solicitation.ts";

/** More hosts than that are not drawn: these are a sample of them. */
export const MOST_DRAWN = 24;

const NETWORK = "8056c2e21c000001";

export class AskingHosts {
  readonly #hosts: Host[];
  readonly #responders: Responder[];

  constructor() {
    const network = new Network(NETWORK);
    this.#hosts = Array.from({ length: MOST_DRAWN }, (_, i) => network.host(nodeOf(i)));
    this.#responders = this.#hosts.map(({ node }) => network.responder({ node }));
  }

  /** How many of the two get their answer at home: the one that asks for the other, and the other way round. */
  resolve(one: number, other: number): number {
    return [this.#ask(one, other), this.#ask(other, one)].filter(Boolean).length;
  }

  #ask(asker: number, target: number): boolean {
    const [host, owner, responder] = [this.#hosts[asker], this.#hosts[target], this.#responders[asker]];
    if (!host || !owner || !responder) return false;
    return responder.answer(solicitation(host, owner.sixplane.address)).kind === "reply";
  }
}

function nodeOf(i: number): string {
  return ((0x89e92ceee5n * BigInt(2 * i + 1)) & 0x7f_ffff_ffffn).toString(16).padStart(10, "0");
}
