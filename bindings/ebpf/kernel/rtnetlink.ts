// Requests of rtnetlink(7) about filters and interfaces: a socket for each, as there are few.

import type { Libc } from "../../tap/kernel/libc.ts";
import { attribute, openRtnetlink, ask as send } from "../../tap/kernel/rtnetlink.ts";
import { type BpfError, bpfError } from "./error.ts";

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
  { about, attributes = [], ...request }: Request,
): BpfError | undefined {
  const socket = openRtnetlink(libc);
  if (socket < 0) throw bpfError(what, libc.errno());
  try {
    const body = Buffer.concat([new Uint8Array(Uint32Array.from(about).buffer), ...attributes]);
    const errno = send(libc, socket, { ...request, body });
    return errno === 0 ? undefined : bpfError(what, errno);
  } finally {
    libc.close(socket);
  }
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
