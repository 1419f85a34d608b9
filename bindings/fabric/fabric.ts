import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import type { Network, SourcePolicy } from "sixplane";
import { completeChecksum } from "./checksum.ts";
import { dropsOf, findSocket, prepare } from "./datagrams.ts";
import { asSocketSees, type Endpoint, formatEndpoint, resolve } from "./endpoint.ts";
import { FabricError } from "./error.ts";
import { locate, locateAll } from "./locate.ts";
import { Newcomers, neighbourTableSize } from "./newcomers.ts";
import type { Peer } from "./peer.ts";
import { type Move, Places } from "./places.ts";
import { type Stranger, Strangers } from "./strangers.ts";
import { type ChosenMtu, chooseMtu } from "./underlay.ts";
import { VXLAN_HEADER, vxlanFrame, vxlanHeader } from "./vxlan.ts";

/** A datagram of IPv4, less the headers of IPv4 and UDP, of VXLAN, and of Ethernet with a VLAN tag. */
export const MOST_MTU = 0xffff - 20 - 8 - VXLAN_HEADER - 18;

/** What has happened to frames on their way between hosts. */
export interface FabricCounters {
  /** Frames sent to peers; one to several of them counts once for each. */
  sent: number;
  /** Frames that came from peers and passed the source check. */
  received: number;
  dropped: {
    /** Frames to a MAC that is no peer's. */
    unknownDestination: number;
    /** Frames that the operating system did not send. */
    unsent: number;
    /** Datagrams for which the receive buffer had no room. */
    overflow: number;
    /** Datagrams that the operating system could not give. */
    unreceived: number;
    /** Datagrams from where there is no peer. */
    unknownSender: number;
    /** Datagrams that are no frame of this network. */
    malformed: number;
    /** Frames with a source that is not their sender's, or that speak of others than their sender. */
    spoofed: number;
    /** Frames from peers with more new addresses than the kernel's table of neighbours has room for. */
    newAddresses: number;
  };
}

/** Hears what a fabric finds out about peers. */
export interface FabricListener {
  /** A datagram came from where no peer is, for the first time. */
  stranger(stranger: Stranger): void;
  /** A peer that was silent has another address now. */
  moved(move: Move): void;
}

interface FabricParts {
  policy?: SourcePolicy;
  listener: FabricListener;
  drops: () => number;
  locate: (peer: Peer) => Promise<Peer>;
}

/**
 * Carries frames between the hosts of a network in VXLAN over UDP (RFC 7348): each to the peer whose MAC it is
 * for, multicast and broadcast to all. Who sent a datagram is told by the address and port that it comes from,
 * and a frame whose source is not that node's own is dropped. Nothing is encrypted or authenticated.
 */
export class Fabric {
  /** Gets each frame that comes in. */
  receive: (frame: Uint8Array) => void = () => {};
  /** Gets each frame to a MAC that is no peer's, whose bytes are only there meanwhile. */
  unknown: (frame: Uint8Array) => void = () => {};
  readonly #counters: FabricCounters = {
    sent: 0,
    received: 0,
    dropped: {
      unknownDestination: 0,
      unsent: 0,
      overflow: 0,
      unreceived: 0,
      unknownSender: 0,
      malformed: 0,
      spoofed: 0,
      newAddresses: 0,
    },
  };

  readonly #network: Network;
  readonly #socket: Socket;
  readonly #header: Uint8Array;
  readonly #policy: SourcePolicy;
  #peers: readonly Peer[] = [];
  #byMac: ReadonlyMap<number, readonly Peer[]> = new Map();
  readonly #places: Places;
  readonly #strangers: Strangers;
  #newcomers: ReadonlyMap<string, Newcomers> = new Map();
  readonly #drops: () => number;
  readonly #listener: FabricListener;

  /**
   * @param peers with the endpoints as the socket sees them
   * @param locate looks a peer's name up again
   */
  constructor(
    network: Network,
    socket: Socket,
    peers: readonly Peer[],
    { policy = {}, listener, drops, locate }: FabricParts,
  ) {
    this.#policy = policy;
    this.#drops = drops;
    this.#listener = listener;
    this.#strangers = new Strangers(network);
    this.#places = new Places(locate, (move) => listener.moved(move));
    this.#network = network;
    this.#socket = socket;
    this.#header = vxlanHeader(network.id);
    this.setPeers(peers);
    socket.on("message", (datagram, sender) => this.#accept(datagram, sender));
    socket.on("error", () => this.#counters.dropped.unreceived++);
  }

  /** What has happened so far. */
  get counters(): FabricCounters {
    this.#counters.dropped.overflow = this.#drops();
    return this.#counters;
  }

  /** Where datagrams are received. */
  get listening(): Endpoint {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** How many peers it has. */
  get peers(): number {
    return this.#peers.length;
  }

  /** Has these peers from now on, with the endpoints as the socket sees them, and no others. */
  setPeers(peers: readonly Peer[]): void {
    const kept = this.#newcomers;
    const added = newcomersOf(
      this.#network,
      peers.filter(({ node }) => !kept.has(node)),
    );
    this.#newcomers = new Map(
      peers.map(({ node }) => [node, (kept.get(node) ?? added.get(node)) as Newcomers]),
    );
    this.#places.setPeers(peers);
    this.#peers = peers;
    this.#byMac = new Map(peers.map((peer) => [macNumber(peer.mac), [peer]]));
  }

  /** The MTU that suits the ways to the peers, as they are now. */
  chooseMtu(): Promise<ChosenMtu> {
    return chooseMtu(this.#peers);
  }

  /** Sends frames to the peers that they are for, and resolves when the operating system has them all. */
  async forward(frames: Iterable<Uint8Array>): Promise<void> {
    const sends: Promise<void>[] = [];
    for (const frame of frames) {
      const peers = isGroup(frame) ? this.#peers : this.#byMac.get(macNumber(frame));
      if (!peers) this.#dropUnknown(frame);
      else for (const peer of peers) sends.push(this.#send(frame, peer));
    }
    await Promise.all(sends);
  }

  close(): void {
    this.#socket.close();
  }

  #dropUnknown(frame: Uint8Array): void {
    this.#counters.dropped.unknownDestination++;
    this.unknown(frame);
  }

  #send(frame: Uint8Array, peer: Peer): Promise<void> {
    this.#places.sending(peer);
    const { endpoint } = peer;
    return new Promise((resolve) => {
      this.#socket.send([this.#header, frame], endpoint.port, endpoint.host, (error) => {
        if (error) this.#counters.dropped.unsent++;
        else this.#counters.sent++;
        resolve();
      });
    });
  }

  #accept(datagram: Buffer, sender: RemoteInfo): void {
    const { dropped } = this.#counters;
    const from = { host: sender.address, port: sender.port };
    const peer = this.#places.sender(from);
    const frame = vxlanFrame(datagram, this.#header);
    if (!peer) {
      dropped.unknownSender++;
      const mac = frame && frame.length >= 12 ? frame.subarray(6, 12) : undefined;
      const stranger = this.#strangers.first(from, mac);
      if (stranger) this.#listener.stranger(stranger);
    } else if (!frame) {
      dropped.malformed++;
    } else if (!this.#network.permitsSource(peer.node, frame, this.#policy)) {
      dropped.spoofed++;
    } else if (!this.#newcomers.get(peer.node)?.permit(frame)) {
      dropped.newAddresses++;
    } else {
      this.#counters.received++;
      completeChecksum(frame);
      this.receive(frame);
    }
  }
}

function newcomersOf(network: Network, peers: readonly Peer[]): Map<string, Newcomers> {
  const size = neighbourTableSize();
  return new Map(
    peers.map(({ node }) => [
      node,
      new Newcomers(network.host(node).sixplane.prefix.bytes.subarray(0, 10), size),
    ]),
  );
}

/**
 * Opens the socket and looks the peers up.
 *
 * @param policy what peers may send beside what is their own
 * @throws InputError where a peer cannot be reached from there, or two cannot be told apart
 * @throws FabricError where it cannot listen there, or a host is not known
 */
export async function openFabric(
  network: Network,
  listen: Endpoint,
  peers: readonly Peer[],
  listener: FabricListener,
  policy: SourcePolicy = {},
): Promise<Fabric> {
  const local = asSocketSees(await resolve("address to listen on", listen, 0), false);
  const isIpv6 = isIP(local.host) === 6;
  const resolved = await locateAll(network, peers, local.host);
  const { loadLibc } = await import("sixplane/tap"); // late, as other commands need no TAP
  const libc = await loadLibc().catch(() => undefined); // the TAP, which has to have it, says why there is none
  const socket = createSocket(isIpv6 ? "udp6" : "udp4");
  try {
    socket.bind(local.port, local.host);
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw cannotListen(local, error as NodeJS.ErrnoException);
  }
  const system = findSocket(socket, isIpv6);
  prepare(socket, system, libc);
  const parts = { policy, listener, drops: dropsOf(system) };
  return new Fabric(network, socket, resolved, {
    ...parts,
    locate: (peer) => locate(network, peer, local.host),
  });
}

function cannotListen(endpoint: Endpoint, { code, message }: NodeJS.ErrnoException): FabricError {
  return new FabricError(
    `cannot listen on ${formatEndpoint(endpoint)}: ${(code && LISTEN_REASONS[code]) || message}`,
  );
}

const LISTEN_REASONS: Record<string, string> = {
  EACCES: "ports below 1024 take privilege",
  EADDRINUSE: "another program does, on that port",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EAFNOSUPPORT: "there is no IPv6 on this machine",
  EINVAL: "no interface of this machine has that address",
};

/** Whether a frame is for several: multicast or broadcast. */
function isGroup(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & 1) === 1;
}

/** The first six bytes as a number. */
function macNumber(bytes: Uint8Array): number {
  let number = 0;
  for (let at = 0; at < 6; at++) number = number * 256 + (bytes[at] ?? 0);
  return number;
}
