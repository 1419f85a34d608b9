import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import { InputError } from "../errors.ts";
import type { Network } from "../network.ts";
import { asSocketSees, type Endpoint, formatEndpoint, resolve } from "./endpoint.ts";
import type { Peer } from "./peer.ts";
import { vxlanFrame, vxlanHeader } from "./vxlan.ts";

/** What has happened to frames on their way between hosts. */
export interface BackplaneCounters {
  /** Frames sent to peers; one to several of them counts once for each. */
  sent: number;
  /** Frames that came from peers and passed the source check. */
  received: number;
  dropped: {
    /** Frames to a MAC that is no peer's. */
    unknownDestination: number;
    /** Frames that the operating system did not send. */
    unsent: number;
    /** Datagrams from where there is no peer. */
    unknownSender: number;
    /** Datagrams that are no frame of this network. */
    malformed: number;
    /** Frames with a source that is not their sender's. */
    spoofed: number;
  };
}

/**
 * Carries frames between the hosts of a network in VXLAN over UDP (RFC 7348): each to the peer whose MAC it is
 * for, multicast and broadcast to all. Who sent a datagram is told by the address and port that it comes from,
 * and a frame whose source is not that node's own is dropped. Nothing is encrypted or authenticated.
 */
export class Backplane {
  /** Gets each frame that comes in. */
  receive: (frame: Uint8Array) => void = () => {};
  readonly counters: BackplaneCounters = {
    sent: 0,
    received: 0,
    dropped: { unknownDestination: 0, unsent: 0, unknownSender: 0, malformed: 0, spoofed: 0 },
  };

  readonly #network: Network;
  readonly #socket: Socket;
  readonly #header: Uint8Array;
  readonly #peers: readonly Peer[];
  readonly #byMac: ReadonlyMap<number, readonly Peer[]>;
  readonly #byEndpoint: ReadonlyMap<string, Peer>;

  /** @param peers with the endpoints as the socket sees them */
  constructor(network: Network, socket: Socket, peers: readonly Peer[]) {
    this.#network = network;
    this.#socket = socket;
    this.#header = vxlanHeader(network.id);
    this.#peers = peers;
    this.#byMac = new Map(peers.map((peer) => [macNumber(peer.mac), [peer]]));
    this.#byEndpoint = new Map(peers.map((peer) => [endpointKey(peer.endpoint), peer]));
    socket.on("message", (datagram, sender) => this.#accept(datagram, sender));
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

  /** Sends frames to the peers that they are for, and resolves when the operating system has them all. */
  async forward(frames: Iterable<Uint8Array>): Promise<void> {
    const sends: Promise<void>[] = [];
    for (const frame of frames) {
      const peers = this.#peersFor(frame);
      if (peers.length === 0) this.counters.dropped.unknownDestination++;
      for (const peer of peers) sends.push(this.#send(frame, peer));
    }
    await Promise.all(sends);
  }

  close(): void {
    this.#socket.close();
  }

  #peersFor(frame: Uint8Array): readonly Peer[] {
    const isGroup = ((frame[0] ?? 0) & 1) === 1;
    return isGroup ? this.#peers : (this.#byMac.get(macNumber(frame)) ?? []);
  }

  #send(frame: Uint8Array, { endpoint }: Peer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send([this.#header, frame], endpoint.port, endpoint.host, (error) => {
        if (error) this.counters.dropped.unsent++;
        else this.counters.sent++;
        resolve();
      });
    });
  }

  #accept(datagram: Uint8Array, sender: RemoteInfo): void {
    const { dropped } = this.counters;
    const peer = this.#byEndpoint.get(endpointKey({ host: sender.address, port: sender.port }));
    const frame = vxlanFrame(datagram, this.#header);
    if (!peer) {
      dropped.unknownSender++;
    } else if (!frame) {
      dropped.malformed++;
    } else if (!this.#network.permitsSource(peer.node, frame)) {
      dropped.spoofed++;
    } else {
      this.counters.received++;
      this.receive(frame);
    }
  }
}

/**
 * Opens the socket and looks the peers up.
 *
 * @throws InputError where it cannot listen there, a host is not known, or two peers cannot be told apart
 */
export async function openBackplane(
  network: Network,
  listen: Endpoint,
  peers: readonly Peer[],
): Promise<Backplane> {
  const local = await resolve("address to listen on", listen);
  const isIpv6 = isIP(local.host) === 6;
  const resolved = await Promise.all(peers.map((peer) => located(peer, isIpv6)));
  checkDistinct(resolved);
  const socket = createSocket(isIpv6 ? "udp6" : "udp4");
  try {
    socket.bind(local.port, local.host);
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw cannotListen(local, error as NodeJS.ErrnoException);
  }
  return new Backplane(network, socket, resolved);
}

async function located(peer: Peer, isIpv6: boolean): Promise<Peer> {
  const endpoint = await resolve("peer's host", peer.endpoint);
  if (!isIpv6 && isIP(endpoint.host) === 6) {
    throw new InputError(
      `peer ${peer.node} has the IPv6 address ${endpoint.host}: listen on an IPv6 address, too, such as [::]`,
    );
  }
  return { ...peer, endpoint: asSocketSees(endpoint, isIpv6) };
}

function checkDistinct(peers: readonly Peer[]): void {
  const seen = new Map<string, Peer>();
  for (const peer of peers) {
    const key = endpointKey(peer.endpoint);
    const other = seen.get(key) ?? seen.get(peer.node);
    if (other) {
      throw new InputError(
        `peers must differ in node and endpoint, got ${other.node}@${formatEndpoint(other.endpoint)} and ${peer.node}@${formatEndpoint(peer.endpoint)}`,
      );
    }
    seen.set(key, peer).set(peer.node, peer);
  }
}

function cannotListen(endpoint: Endpoint, { code, message }: NodeJS.ErrnoException): InputError {
  return new InputError(
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

function endpointKey({ host, port }: Endpoint): string {
  return `${host} ${port}`;
}

/** The first six bytes as a number. */
function macNumber(bytes: Uint8Array): number {
  let number = 0;
  for (let at = 0; at < 6; at++) number = number * 256 + (bytes[at] ?? 0);
  return number;
}
