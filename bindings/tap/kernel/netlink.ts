// rtnetlink(7): what the kernel says of changes to interfaces and their addresses.
//
//  A message of rtnetlink about a link or an address, in the machine's own order
//
//   0        4      6       8          12        16       20      24
//  ┌────────┬──────┬───────┬──────────┬─────────┬────────┬───────┬───
//  │ length │ type │ flags │ sequence │ port ID │ …      │ index │ …
//  └────────┴──────┴───────┴──────────┴─────────┴────────┴───────┴───

import { constants } from "node:os";
import { systemError } from "../error.ts";
import { type Libc, O_NONBLOCK, SOCK_CLOEXEC } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV6_IFADDR = 0x100;

/** RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR and RTM_DELADDR. */
const TYPES = [16, 17, 20, 21];

const LEAST_MESSAGE = 24;
const ROOM = 16_384;

/**
 * A socket that hears of every change to a link or an IPv6 address of the network namespace.
 *
 * @throws TapError where the kernel gives none
 */
export function openChanges(libc: Libc): number {
  const socket = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | O_NONBLOCK, NETLINK_ROUTE);
  if (socket < 0) throw systemError("watch interfaces", libc.errno());
  //  struct sockaddr_nl, netlink(7): family (2), 0 (2), port ID (4), groups (4)
  const address = new Uint32Array(3);
  new Uint16Array(address.buffer)[0] = AF_NETLINK;
  address[2] = RTMGRP_LINK | RTMGRP_IPV6_IFADDR;
  if (libc.bind(socket, new Uint8Array(address.buffer), address.byteLength) === 0) return socket;
  const errno = libc.errno();
  libc.close(socket);
  throw systemError("watch interfaces", errno);
}

/** Reads such a socket. */
export class Changes {
  readonly #libc: Libc;
  readonly #socket: number;
  readonly #index: number;
  readonly #words = new Uint32Array(ROOM / 4);
  readonly #halves = new Uint16Array(this.#words.buffer);
  readonly #address: number;

  /** @param index the interface's */
  constructor(libc: Libc, socket: number, index: number) {
    this.#libc = libc;
    this.#socket = socket;
    this.#index = index;
    this.#address = libc.addressOf(new Uint8Array(this.#words.buffer));
  }

  /** Reads all that has come, and says whether something of the interface may have changed. */
  read(): boolean {
    let changed = false;
    for (;;) {
      const length = this.#libc.read(this.#socket, this.#address, ROOM);
      if (length > 0) changed ||= this.#isAboutIt(length);
      else if (this.#libc.errno() !== constants.errno.ENOBUFS) return changed;
      else changed = true; // there was more than the socket had room for
    }
  }

  #isAboutIt(length: number): boolean {
    for (let at = 0; at + LEAST_MESSAGE <= length; ) {
      const size = this.#words[at >> 2] ?? 0;
      const type = this.#halves[(at + 4) >> 1] ?? 0;
      if (TYPES.includes(type) && this.#words[(at + 20) >> 2] === this.#index) return true;
      at += Math.max(LEAST_MESSAGE, (size + 3) & ~3);
    }
    return false;
  }
}
