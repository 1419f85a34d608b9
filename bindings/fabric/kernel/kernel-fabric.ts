import type { Network } from "sixplane";
import { NEWCOMER_COUNTER } from "../../ebpf/program/newcomers.ts";
import { SEND_COUNTER } from "../../ebpf/program/send.ts";
import { SENDER_COUNTER } from "../../ebpf/program/sender.ts";
import { PLACE, SENDER } from "../../ebpf/program/tunnel.ts";
import type { InterfaceCounters } from "../../tap/kernel/device.ts";
import type { FabricCounters, FabricListener } from "../fabric.ts";
import type { Peer } from "../peer.ts";
import { SILENCE_MILLISECONDS } from "../places.ts";
import { Strangers } from "../strangers.ts";
import type { Counts, Programs } from "./programs.ts";
import { timeIn } from "./values.ts";

interface KernelFabricParts {
  programs: Programs;
  /** The port of all. */
  port: number;
  /** Whether frames to groups go to the peers. */
  groups: boolean;
  listener: FabricListener;
  /** Looks a peer's name up again. */
  locate: (peer: Peer) => Promise<Peer>;
}

/**
 * The peers of a fabric whose frames the kernel carries: it says where they are, and hears what the programs have found
 * out, as `Fabric` does that carries them itself.
 */
export class KernelFabric {
  readonly #network: Network;
  readonly #parts: KernelFabricParts;
  readonly #strangers: Strangers;
  #peers: Peer[] = [];
  /** When each peer that has a name was looked up. */
  readonly #located = new Map<string, number>();

  constructor(network: Network, peers: readonly Peer[], parts: KernelFabricParts) {
    this.#network = network;
    this.#parts = parts;
    this.#strangers = new Strangers(network);
    this.setPeers(peers);
  }

  /** How many peers it has. */
  get peers(): number {
    return this.#peers.length;
  }

  /** Has these peers from now on, and no others. */
  setPeers(peers: readonly Peer[]): void {
    const { programs, groups } = this.#parts;
    const stays = new Set(peers.map(keyOf));
    for (const peer of this.#peers) if (!stays.has(keyOf(peer))) programs.remove(peer);
    const has = new Set(this.#peers.map(keyOf));
    for (const peer of peers) if (!has.has(keyOf(peer))) programs.put(this.#network, peer);
    this.#peers = peers.map((peer) => ({ ...peer }));
    programs.sendGroupsTo(groups ? this.#peers : undefined);
  }

  /**
   * What has happened so far.
   *
   * @param counts of the programs, and then what the interface itself has counted
   */
  counters(counts: Counts, { sent, received }: InterfaceCounters): FabricCounters & { withheld: number } {
    const send = (name: keyof typeof SEND_COUNTER) => counts.send[SEND_COUNTER[name]] ?? 0;
    const sender = (name: keyof typeof SENDER_COUNTER) => counts.sender[SENDER_COUNTER[name]] ?? 0;
    const newcomers = (name: keyof typeof NEWCOMER_COUNTER) => counts.newcomers[NEWCOMER_COUNTER[name]] ?? 0;
    const unsent = sent.errors + sent.dropped;
    return {
      sent: Math.max(0, send("sent") - unsent),
      received: newcomers("received"),
      withheld: send("withheld"),
      dropped: {
        unknownDestination: send("unknownDestination"),
        unsent: unsent + send("failed"),
        overflow: received.dropped,
        unreceived: sender("failed"),
        unknownSender: sender("unknownSender"),
        malformed: received.errors + sender("malformed"),
        spoofed: sender("refused") + sender("tooLong"),
        newAddresses: newcomers("newAddresses"),
      },
    };
  }

  /** Tells of who has sent without being a peer, and looks for peers that are silent where they were. */
  async look(): Promise<void> {
    const { programs, port, listener } = this.#parts;
    const known = new Set(this.#peers.map(({ endpoint }) => endpoint.host)); // who has become a peer since
    for (const { host, mac } of programs.strangers()) {
      if (known.has(host)) continue;
      const stranger = this.#strangers.first({ host, port }, mac);
      if (stranger) listener.stranger(stranger);
    }
    await Promise.all(this.#peers.map((peer) => this.#seek(peer)));
  }

  async #seek(peer: Peer): Promise<void> {
    if (peer.name === undefined || !this.#isSilent(peer)) return;
    this.#located.set(peer.node, performance.now());
    const found = await this.#parts.locate(peer).catch(() => undefined); // the name server may be silent, too
    const isTaken = this.#peers.some(({ endpoint }) => endpoint.host === found?.endpoint.host);
    if (found === undefined || isTaken || !this.#peers.includes(peer)) return;
    const { programs, groups, listener } = this.#parts;
    const from = peer.endpoint;
    programs.forget(from.host);
    peer.endpoint = found.endpoint;
    programs.put(this.#network, peer);
    programs.sendGroupsTo(groups ? this.#peers : undefined);
    listener.moved({ peer, from });
  }

  /** Whether something was sent to a peer since it was last heard, or looked up, and that is long ago. */
  #isSilent(peer: Peer): boolean {
    const { programs } = this.#parts;
    const [place, sender] = [programs.place(peer), programs.sender(peer)];
    if (!place || !sender) return false;
    const sent = timeIn(place, PLACE.sent);
    const isLate = sent - timeIn(sender, SENDER.heard) > SILENCE_MILLISECONDS;
    return isLate && performance.now() - (this.#located.get(peer.node) ?? 0) > SILENCE_MILLISECONDS;
  }
}

function keyOf({ node, endpoint }: Peer): string {
  return `${node}@${endpoint.host}`;
}
