import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Device } from "../tap/kernel/device.ts";
import { LEAST_MTU } from "../tap/limits.ts";
import { type Endpoint, MAPPED } from "./endpoint.ts";
import type { Peer } from "./peer.ts";
import { VXLAN_HEADER } from "./vxlan.ts";

/** As ZeroTier has, where the underlay has room for it. */
const MOST_DEFAULT_MTU = 2800;

/** What comes before a frame's payload in bytes: Ethernet, VXLAN, UDP, and IPv4 or IPv6. */
const OVERHEAD = { 4: 14 + VXLAN_HEADER + 8 + 20, 6: 14 + VXLAN_HEADER + 8 + 40 };

/** The way to a peer. */
export interface Way {
  /** The peer. */
  node: string;
  /** The interface over which datagrams go to it. */
  interface: string;
  /** The interface's MTU in bytes. */
  mtu: number;
  /** What VXLAN takes of it, in bytes. */
  overhead: number;
}

/** The MTU for frames, in bytes, and the way to a peer from which it follows; none where there is room for more. */
export interface ChosenMtu {
  mtu: number;
  way?: Way;
}

/** The largest MTU up to ZeroTier's with which no datagram to a peer is fragmented, but at least IPv6's smallest. */
export async function chooseMtu(peers: readonly Peer[]): Promise<ChosenMtu> {
  const narrowest = await narrowestWay(peers);
  if (narrowest === undefined || room(narrowest) >= MOST_DEFAULT_MTU) return { mtu: MOST_DEFAULT_MTU };
  return { mtu: Math.max(LEAST_MTU, room(narrowest)), way: narrowest };
}

/** The way that takes the smallest frames; undefined where no way leads to a peer now. */
export async function narrowestWay(peers: readonly Peer[]): Promise<Way | undefined> {
  const { Device, loadLibc } = await import("sixplane/tap"); // late, as other commands need no TAP
  const libc = await loadLibc();
  const open = (name: string) => new Device(libc, name);
  const interfaces = interfacesByAddress();
  let narrowest: Way | undefined;
  for (const peer of peers) {
    const way = await wayTo(peer, open, interfaces); // one after the other: each takes a socket
    if (way && (narrowest === undefined || room(way) < room(narrowest))) narrowest = way;
  }
  return narrowest;
}

/** The MTU of a way for frames, in bytes. */
export function room({ mtu, overhead }: Way): number {
  return mtu - overhead;
}

/** @returns undefined where there is no way now */
async function wayTo(
  { node, endpoint }: Peer,
  open: (name: string) => Device,
  interfaces: ReadonlyMap<string, string>,
): Promise<Way | undefined> {
  const host = endpoint.host.startsWith(MAPPED) ? endpoint.host.slice(MAPPED.length) : endpoint.host;
  const family = isIP(host.replace(/%.*/, "")) === 4 ? 4 : 6;
  const address = await localAddress({ ...endpoint, host }, family);
  const name = address && interfaces.get(address.replace(/%.*/, ""));
  if (name === undefined) return undefined;
  const device = open(name);
  try {
    return { node, interface: name, mtu: device.mtu, overhead: OVERHEAD[family] };
  } finally {
    device.close();
  }
}

/** The address from which the kernel sends to an endpoint. */
async function localAddress({ host, port }: Endpoint, family: 4 | 6): Promise<string | undefined> {
  const socket = createSocket(`udp${family}`);
  try {
    socket.connect(port, host);
    await once(socket, "connect");
    return socket.address().address;
  } catch {
    return undefined; // no route leads there
  } finally {
    socket.close();
  }
}

function interfacesByAddress(): Map<string, string> {
  const all = Object.entries(networkInterfaces());
  return new Map(all.flatMap(([name, own]) => (own ?? []).map(({ address }) => [address, name])));
}
