// Frames sent and seen on an interface as packet(7) has it, past the kernel's own stack.
import { setImmediate as turn } from "node:timers/promises";
import koffi from "koffi";
import type { Tap } from "sixplane/tap";
import type { Namespace } from "../../examples/fabric/namespace.js";
import { hex, OWNER_MAC, SELF_MAC, toHex } from "./frames.ts";
import { MARKER, until } from "./kernel.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 0x0300; // 3 in the order of the network
const PACKET_OUTGOING = 4;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** Holds what comes while nobody looks. */
const RECEIVE_BUFFER = 256 << 20;

const libc = koffi.load(null);
const socket = libc.func("socket", "int", ["int", "int", "int"]);
const bind = libc.func("bind", "int", ["int", "const void *", "uint"]);
const send = libc.func("send", "intptr_t", ["int", "const void *", "size_t", "int"]);
const recvfrom = libc.func("recvfrom", "intptr_t", ["int", "void *", "size_t", "int", "void *", "void *"]);
const setsockopt = libc.func("setsockopt", "int", ["int", "int", "int", "const void *", "uint"]);
const closeFile = libc.func("close", "int", ["int"]);
const indexOf = libc.func("if_nametoindex", "uint", ["const char *"]);

/** A socket on one interface of this namespace. */
export class PacketSocket implements Disposable {
  readonly #file: number;
  readonly #buffer = new Uint8Array(65_536);

  private constructor(file: number) {
    this.#file = file;
  }

  /** One that sends and sees nothing. */
  static sender(name: string): PacketSocket {
    return PacketSocket.#open(name, 0);
  }

  /** One that sees all frames from now on, other than those that it sends itself. */
  static watcher(name: string): PacketSocket {
    return PacketSocket.#open(name, ETH_P_ALL);
  }

  /** One that gets the frames of one protocol, as the kernel's own stack does: behind all programs of tc. */
  static receiver(name: string, protocol: number): PacketSocket {
    const one = PacketSocket.#open(name, ((protocol & 0xff) << 8) | (protocol >> 8));
    setsockopt(one.#file, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(RECEIVE_BUFFER), 4);
    return one;
  }

  static #open(name: string, protocol: number): PacketSocket {
    const file = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (file < 0) throw new Error(`socket: errno ${koffi.errno()}`);
    // struct sockaddr_ll: the family (2), the protocol (2), the interface's index (4), and a MAC
    const address = new Uint8Array(20);
    new Uint16Array(address.buffer).set([AF_PACKET, protocol]);
    new Int32Array(address.buffer)[1] = indexOf(name);
    if (bind(file, address, address.length) < 0) throw new Error(`bind to ${name}: errno ${koffi.errno()}`);
    return new PacketSocket(file);
  }

  /** Sends a frame out on the interface, as the kernel does: to the program that has the TAP. */
  send(frame: Uint8Array): void {
    const sent = send(this.#file, frame, frame.length, 0);
    if (sent !== frame.length) throw new Error(`send ${frame.length} bytes: errno ${koffi.errno()}`);
  }

  /** The frames that went out on the interface since the last look. */
  outgoing(): Uint8Array[] {
    return this.#seen((type) => type === PACKET_OUTGOING);
  }

  /** The frames that came in on the interface since the last look. */
  incoming(): Uint8Array[] {
    return this.#seen((type) => type !== PACKET_OUTGOING);
  }

  #seen(isWanted: (type: number | undefined) => boolean): Uint8Array[] {
    const address = new Uint8Array(20);
    const addressLength = new Uint32Array(1);
    const frames: Uint8Array[] = [];
    for (;;) {
      addressLength[0] = address.length;
      const length = recvfrom(this.#file, this.#buffer, this.#buffer.length, 0, address, addressLength);
      if (length < 0) return frames;
      if (isWanted(address[10])) frames.push(this.#buffer.slice(0, length));
    }
  }

  [Symbol.dispose](): void {
    closeFile(this.#file);
  }
}

/** For experiments (IEEE 802). */
export const EXPERIMENTAL = 0x88b5;

/** What the kernel of a host gets from an interface: each frame, once it has passed all checks. */
export class Received implements Disposable {
  readonly #sockets: PacketSocket[];
  readonly #frames: Uint8Array[] = [];

  /** @param protocols which are looked at */
  constructor(namespace: Namespace, name: string, protocols = [0x0800, 0x0806, 0x86dd, EXPERIMENTAL]) {
    this.#sockets = namespace.within(() =>
      protocols.map((protocol) => PacketSocket.receiver(name, protocol)),
    );
  }

  /** All frames so far, in hex digits. */
  get frames(): string[] {
    for (const socket of this.#sockets) this.#frames.push(...socket.incoming());
    return this.#frames.map(toHex);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket[Symbol.dispose]();
  }
}

/** A frame of a protocol for experiments, with a number in it. */
export function numbered(number: number, length = 64, destination = OWNER_MAC): Uint8Array {
  const frame = new Uint8Array(length);
  frame.set(hex(`${destination}${SELF_MAC}88b5`));
  new DataView(frame.buffer).setUint32(14, number);
  return frame;
}

export function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(14);
}

export function isNumbered(frame: Uint8Array): boolean {
  return toHex(frame.subarray(12, 14)) === "88b5";
}

/** Waits until all that the kernel has sent on the interface has been judged, by sending one more frame. */
export async function settled(tap: Tap): Promise<void> {
  using sender = PacketSocket.sender(tap.name);
  const judged = () => tap.counters().reasons["not-ipv6"] ?? 0;
  const before = judged();
  sender.send(hex(`${MARKER}${SELF_MAC}88b6`.padEnd(120, "0")));
  await until(() => judged() > before, "the frame judged");
}

/** How many frames are on their way at most: the kernel drops what its queue to the TAP cannot hold. */
const WINDOW = 400;

/** Sends frames as fast as they are judged, and returns when the last has been. */
export async function sendAll(tap: Tap, count: number, frame: (number: number) => Uint8Array): Promise<void> {
  using sender = PacketSocket.sender(tap.name);
  const { received } = tap.counters();
  for (let sent = 0; sent < count; ) {
    for (const end = Math.min(sent + WINDOW, count); sent < end; sent++) sender.send(frame(sent));
    while (tap.counters().received < received + sent) await turn();
  }
  await settled(tap);
}
