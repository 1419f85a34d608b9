// What Node does not say and set of a UDP socket, by the C library: udp(7), ip(7), ipv6(7), socket(7).

import type { Socket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Libc } from "../tap/kernel/libc.ts";
import { FabricError } from "./error.ts";

const SOL_IP = 0;
const IP_MTU_DISCOVER = 10;
const IP_PMTUDISC_DONT = 0;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_IPV6 = 41;
const IPV6_MTU = 24;

/** In bytes, as the kernel counts them: some 2,000 datagrams of 1,400 bytes. Its own default holds 90. */
const RECEIVE_BUFFER = 4 << 20;

/** What every path of IPv6 takes (RFC 8200 §5). */
const LEAST_IPV6_MTU = 1280;

/** A bound UDP socket of this process as the system knows it, whose file Node keeps to itself. */
interface SystemSocket {
  file: number;
  inode: string;
  /** The list in /proc that it is in. */
  list: string;
}

/** @param isIpv6 whether it is a socket of IPv6 */
export function findSocket(socket: Socket, isIpv6: boolean): SystemSocket {
  const list = `/proc/thread-self/net/${isIpv6 ? "udp6" : "udp"}`;
  const port = socket.address().port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = rows(list)
    .filter(([, local]) => local?.endsWith(`:${port}`))
    .map((row) => row[INODE]);
  for (const file of readdirSync("/proc/self/fd")) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target(file)) ?? [];
    if (inode !== undefined && inodes.includes(inode)) return { file: Number(file), inode, list };
  }
  throw new FabricError(`the socket on port ${socket.address().port} is not in ${list}`);
}

/** What a file of this process is; that of the folder itself is gone already. */
function target(file: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    return "";
  }
}

/** The fields of each row, of proc_pid_net(5). */
function rows(list: string): string[][] {
  return readFileSync(list, "latin1")
    .split("\n")
    .map((line) => line.trim().split(/ +/));
}

const INODE = 9;

/**
 * Gives a socket a large receive buffer, and lets its datagrams through paths whose MTU nobody tells: those of IPv4
 * may be fragmented by routers; those of IPv6, where no router may do that, go in fragments that every path takes
 * as soon as they are larger than the MTU of the interface.
 *
 * @param libc without it, the buffer is as large as the system lets anybody have one, and the paths have to be good
 */
export function prepare(socket: Socket, { file }: SystemSocket, libc: Libc | undefined): void {
  const set = (level: number, option: number, value: number): boolean =>
    libc?.setsockopt(file, level, option, new Uint8Array(Int32Array.of(value).buffer), 4) === 0;
  if (!set(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)) socket.setRecvBufferSize(RECEIVE_BUFFER);
  set(SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT); // on a socket of IPv6, for addresses that are mapped into it
  set(SOL_IPV6, IPV6_MTU, LEAST_IPV6_MTU); // a socket of IPv4 has no such option
}

/** Tells how many datagrams the kernel has dropped as the socket's receive buffer was full. */
export function dropsOf({ inode, list }: SystemSocket): () => number {
  let last = 0; // the socket is in no list any more once it is closed
  return () => {
    last = Number(
      rows(list)
        .find((row) => row[INODE] === inode)
        ?.at(-1) ?? last,
    );
    return last;
  };
}
