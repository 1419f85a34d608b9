// Requests of rtnetlink(7), one message each.
//
//  A message: header (16), what it is about, and attributes, in the machine's own order
//
//   0        4      6       8          12        16
//  ┌────────┬──────┬───────┬──────────┬─────────┬──────────────────────────────────┬────────────
//  │ length │ type │ flags │ sequence │ port ID │ rtmsg, ndmsg, tcmsg or ifinfomsg │ attributes
//  └────────┴──────┴───────┴──────────┴─────────┴──────────────────────────────────┴────────────

import { constants } from "node:os";
import { type Libc, SOCK_CLOEXEC } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

const HEADER = 16;
const REQUEST = 0x1;
const ACKNOWLEDGED = 0x4;
export const REPLACE = 0x100;
export const EXCLUSIVE = 0x200;
export const CREATE = 0x400;

/** Room for the answer: an error number, and the request once more. */
const ROOM = 1024;
const ERROR_AT = 16;

/** What is asked of the kernel. */
export interface Request {
  type: number;
  flags?: number;
  /** What it is about, and its attributes. */
  body: Uint8Array;
}

/** A socket for requests in this network namespace, or a number below 0, as socket(2) gives it. */
export function openRtnetlink(libc: Libc): number {
  return libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/** Sends a request, and gives the error number of the kernel's answer: 0 if the kernel did it. */
export function ask(libc: Libc, socket: number, { type, flags = 0, body }: Request): number {
  const message = Buffer.alloc(HEADER + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(REQUEST | ACKNOWLEDGED | flags, 6);
  message.set(body, HEADER);
  if (libc.writeBytes(socket, message, message.length) < 0) return libc.errno();
  const answer = new Int32Array(ROOM / 4);
  const address = libc.addressOf(new Uint8Array(answer.buffer));
  const length = libc.read(socket, address, ROOM);
  if (length < 0) return libc.errno();
  return length < ERROR_AT + 4 ? constants.errno.EIO : -(answer[ERROR_AT / 4] ?? 0); // struct nlmsgerr
}

/** An attribute: length (2), type (2), and the value, up to a multiple of 4 bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}
