// Requests of rtnetlink(7), one message each.
//
//  A message: header (16), what it is about, and attributes, in the machine's own order
//
//   0        4      6       8          12        16
//  ┌────────┬──────┬───────┬──────────┬─────────┬──────────────────┬────────────
//  │ length │ type │ flags │ sequence │ port ID │ tcmsg, ifinfomsg │ attributes
//  └────────┴──────┴───────┴──────────┴─────────┴──────────────────┴────────────

import { type Libc, SOCK_CLOEXEC } from "../../tap/kernel/libc.ts";
import { type BpfError, bpfError } from "./error.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

const HEADER = 16;
const REQUEST = 0x1;
const ACKNOWLEDGED = 0x4;
export const EXCLUSIVE = 0x200;
export const CREATE = 0x400;

const ROOM = 1024;
const ERROR_AT = 16;

/** What is asked of the kernel. */
export interface Request {
  type: number;
  flags?: number;
  /** What it is about: struct tcmsg or struct ifinfomsg, in words of 32 bits. */
  about: readonly number[];
  attributes?: readonly Buffer[];
}

/**
 * Sends one request, and gives the error that answers it.
 *
 * @param what for its message
 */
export function ask(
  libc: Libc,
  what: string,
  { type, flags = 0, about, attributes = [] }: Request,
): BpfError | undefined {
  const socket = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) throw bpfError(what, libc.errno());
  try {
    const body = Buffer.concat([new Uint8Array(Uint32Array.from(about).buffer), ...attributes]);
    const message = Buffer.alloc(HEADER + body.length);
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(type, 4);
    message.writeUInt16LE(REQUEST | ACKNOWLEDGED | flags, 6);
    message.set(body, HEADER);
    const answer = new Int32Array(ROOM / 4);
    const bytes = new Uint8Array(answer.buffer);
    if (libc.writeBytes(socket, message, message.length) < 0) throw bpfError(what, libc.errno());
    if (libc.read(socket, libc.addressOf(bytes), bytes.length) < 0) throw bpfError(what, libc.errno());
    const errno = -(answer[ERROR_AT / 4] ?? 0);
    return errno === 0 ? undefined : bpfError(what, errno);
  } finally {
    libc.close(socket);
  }
}

/** An attribute: length (2), type (2), and the value, up to a multiple of 4 bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

export function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

/** Attributes within one. */
export function nested(type: number, ...attributes: Buffer[]): Buffer {
  return attribute(type, Buffer.concat(attributes));
}
