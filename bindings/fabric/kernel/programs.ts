import type { Network } from "sixplane";
import { encode } from "../../ebpf/code/encode.ts";
import type { Bpf, File } from "../../ebpf/kernel/bpf.ts";
import { addClsact } from "../../ebpf/kernel/clsact.ts";
import { Loaded } from "../../ebpf/kernel/loaded.ts";
import { type NewcomerLimits, newcomers } from "../../ebpf/program/newcomers.ts";
import { copies, send } from "../../ebpf/program/send.ts";
import { MOST_COPIES, TUNNEL_MAPS, type TunnelMap } from "../../ebpf/program/tunnel.ts";
import { translate } from "../../ebpf/translate.ts";
import type { Libc } from "../../tap/kernel/libc.ts";
import type { Peer } from "../peer.ts";
import { addressKey, addressOf, macKey, noPlace, numberKey, placeValue, senderValue } from "./values.ts";

/** What the programs are made for. */
export interface ProgramOptions {
  /** The core, a module with `respond` and `permits`. */
  core: Uint8Array<ArrayBuffer>;
  /** The config record of the host's own responder. */
  responder: Uint8Array;
  /** That of the check of senders: what peers may send. */
  policy: Uint8Array;
  /** The VXLAN network's number. */
  vni: number;
  limits: NewcomerLimits;
}

/** What each program has counted, by the numbers that it says. */
export type Counts = Record<"respond" | "send" | "sender" | "newcomers", number[]>;

/** The fabric's programs in the kernel, with their maps: they go when it is closed, and with what holds them. */
export class Programs {
  readonly #bpf: Bpf;
  readonly #vni: number;
  readonly #maps: Record<TunnelMap, File>;
  readonly #egress: Loaded[] = [];
  readonly #ingress: Loaded[] = [];

  /** @throws BpfError where the kernel refuses one */
  constructor(bpf: Bpf, { core, responder, policy, vni, limits }: ProgramOptions) {
    this.#bpf = bpf;
    this.#vni = vni;
    const maps: Partial<Record<TunnelMap, File>> = {};
    this.#maps = maps as Record<TunnelMap, File>;
    const load = (name: string, code: ConstructorParameters<typeof Loaded>[2], record: Uint8Array) =>
      new Loaded(bpf, name, code, record, this.#maps);
    try {
      for (const [name, shape] of Object.entries(TUNNEL_MAPS))
        maps[name as TunnelMap] = bpf.createMap(name, shape);
      this.#egress.push(load("copies", encode(copies()), responder));
      this.#egress.push(load("respond", translate(core, "respond"), responder));
      this.#egress.push(load("send", encode(send()), responder));
      this.#ingress.push(load("sender", translate(core, "permits", vni), policy));
      this.#ingress.push(load("newcomers", encode(newcomers(limits)), policy));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Lets them judge all frames of an interface of VXLAN, until that is removed. */
  attach(libc: Libc, index: number): void {
    addClsact(libc, index);
    for (const [place, program] of this.#egress.entries()) program.filter(libc, index, "egress", place);
    for (const [place, program] of this.#ingress.entries()) program.filter(libc, index, "ingress", place);
  }

  /** The counters of each program. */
  counts(): Counts {
    const [, respond, send] = this.#egress;
    const [sender, newcomers] = this.#ingress;
    const of = (program: Loaded | undefined) => program?.counters() ?? [];
    return { respond: of(respond), send: of(send), sender: of(sender), newcomers: of(newcomers) };
  }

  /** Adds a peer, or moves it. */
  put(network: Network, { node, mac, endpoint }: Peer): void {
    this.#bpf.put(this.#maps.senders, addressKey(endpoint.host), senderValue(network, node));
    this.#bpf.put(this.#maps.peers, macKey(mac), placeValue(endpoint.host, this.#vni));
  }

  /** Removes a peer: what goes to it, and what comes from its address. */
  remove({ mac, endpoint }: Peer): void {
    this.#bpf.remove(this.#maps.peers, macKey(mac));
    this.forget(endpoint.host);
  }

  /** Takes nothing from an address any more. */
  forget(host: string): void {
    this.#bpf.remove(this.#maps.senders, addressKey(host));
  }

  /** Sends frames to groups to these peers, and no others; with undefined, or too many, to none. */
  sendGroupsTo(peers: readonly Peer[] | undefined): void {
    const receivers = peers && peers.length <= MOST_COPIES ? peers : undefined;
    const places = (receivers ?? []).map(({ endpoint }) => placeValue(endpoint.host, this.#vni));
    const all = [...places, noPlace(receivers === undefined)].slice(0, MOST_COPIES);
    for (const [number, place] of all.entries())
      this.#bpf.put(this.#maps.everybody, numberKey(number), place);
  }

  /** What is known of a peer: undefined where it has been removed. */
  place({ mac }: Peer): Uint8Array | undefined {
    return this.#bpf.get(this.#maps.peers, macKey(mac), TUNNEL_MAPS.peers.bytes);
  }

  sender({ endpoint }: Peer): Uint8Array | undefined {
    return this.#bpf.get(this.#maps.senders, addressKey(endpoint.host), TUNNEL_MAPS.senders.bytes);
  }

  /** Addresses from which something came without a peer being there, with the MAC that it named. */
  strangers(): { host: string; mac: Uint8Array }[] {
    const { key, bytes } = TUNNEL_MAPS.strangers;
    return this.#bpf.keys(this.#maps.strangers, key).map((found) => {
      const value = this.#bpf.get(this.#maps.strangers, found, bytes) ?? new Uint8Array(bytes);
      return { host: addressOf(found), mac: value.slice(0, 6) };
    });
  }

  close(): void {
    for (const program of [...this.#ingress, ...this.#egress]) program.close();
    for (const map of Object.values(this.#maps)) this.#bpf.close(map);
  }
}
