// tc egress of kernels before Linux 6.6: a filter below the queueing discipline clsact, by rtnetlink(7). Unlike a link it has no
// file, so it stays until it is removed.
//
//  A message: header (16), struct tcmsg (20), and attributes, in the machine's own order
//
//   0        4      6       8          12        16    20      24       28       32            36
//  ┌────────┬──────┬───────┬──────────┬─────────┬─────┬───────┬────────┬────────┬─────────────┬───
//  │ length │ type │ flags │ sequence │ port ID │ 0   │ index │ handle │ parent │ information │ …
//  └────────┴──────┴───────┴──────────┴─────────┴─────┴───────┴────────┴────────┴─────────────┴───

import { type Libc, SOCK_CLOEXEC } from "../../tap/kernel/libc.ts";
import type { File } from "./bpf.ts";
import { type BpfError, bpfError } from "./error.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

const NEW_QDISC = 36;
const DELETE_QDISC = 37;
const NEW_FILTER = 44;
const DELETE_FILTER = 45;

const REQUEST = 0x1;
const ACKNOWLEDGED = 0x4;
const EXCLUSIVE = 0x200;
const CREATE = 0x400;

const CLSACT = 0xffff_fff1;
const CLSACT_HANDLE = 0xffff_0000;
const EGRESS = 0xffff_fff3;
/** A filter's place among others, and its number there; nothing else chooses these. */
const PRIORITY = 0x6716;
const HANDLE = 1;
const ALL_PROTOCOLS = 0x0300; // in network order
const INFORMATION = ((PRIORITY << 16) | ALL_PROTOCOLS) >>> 0;

const KIND = 1;
const OPTIONS = 2;
const BPF_FILE = 6;
const BPF_NAME = 7;
const BPF_FLAGS = 8;
const DIRECT_ACTION = 1;

const ROOM = 1024;
const ERROR_AT = 16;

/** Gives the interface the queueing discipline. @returns whether it had none before */
export function addClsact(libc: Libc, index: number): boolean {
  const error = ask(
    libc,
    "add clsact",
    NEW_QDISC,
    CREATE | EXCLUSIVE,
    [index, CLSACT_HANDLE, CLSACT, 0],
    text(KIND, "clsact"),
  );
  if (error && error.code !== "EEXIST") throw error;
  return error === undefined;
}

/** Lets the program judge what leaves the interface, which must have clsact. @throws BpfError where there is such a filter */
export function addFilter(libc: Libc, index: number, program: File): void {
  const options = [number(BPF_FILE, program), text(BPF_NAME, "sixplane"), number(BPF_FLAGS, DIRECT_ACTION)];
  const attributes = Buffer.concat([text(KIND, "bpf"), attribute(OPTIONS, Buffer.concat(options))]);
  const error = ask(
    libc,
    "add the filter",
    NEW_FILTER,
    CREATE | EXCLUSIVE,
    [index, HANDLE, EGRESS, INFORMATION],
    attributes,
  );
  if (error) throw error;
}

/** Removes the filter, and clsact with all filters where that was added for it. What is gone already is no error. */
export function removeFilter(libc: Libc, index: number, withClsact: boolean): void {
  const errors = [
    ask(libc, "remove the filter", DELETE_FILTER, 0, [index, HANDLE, EGRESS, INFORMATION], text(KIND, "bpf")),
    withClsact ? ask(libc, "remove clsact", DELETE_QDISC, 0, [index, CLSACT_HANDLE, CLSACT, 0]) : undefined,
  ];
  const failed = errors.find((error) => error && !GONE.includes(error.code));
  if (failed) throw failed;
}

/** What the kernel says of an interface, a discipline or a filter that is not there. */
const GONE = ["ENODEV", "ENOENT", "EINVAL"];

/** Sends one request, and gives the error that answers it. */
function ask(
  libc: Libc,
  what: string,
  type: number,
  flags: number,
  fields: [index: number, handle: number, parent: number, information: number],
  attributes: Uint8Array = new Uint8Array(0),
): BpfError | undefined {
  const socket = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) throw bpfError(what, libc.errno());
  try {
    const message = new Uint8Array(36 + attributes.length);
    const view = new DataView(message.buffer);
    view.setUint32(0, message.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, REQUEST | ACKNOWLEDGED | flags, true);
    for (const [n, field] of fields.entries()) view.setUint32(20 + 4 * n, field, true);
    message.set(attributes, 36);
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
function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}
