// A Linux kernel that has a node's addresses on a TAP interface, and what it answers.
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import koffi from "koffi";
import { run } from "../support/namespace.ts";
import type { Aim } from "./frames.ts";
import { Neighbours } from "./neighbours.ts";
import { macOf, setChecksum } from "./oracle.ts";

const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x2;
const IFF_NO_PI = 0x1000;
const POLLIN = 1;
/** In milliseconds. */
const PATIENCE = 10_000;

const libc = koffi.load(null);
const ioctl = libc.func("ioctl", "int", ["int", "unsigned long", "const void *"]);
const poll = libc.func("poll", "int", ["void *", "unsigned long", "int"]);
const indexOf = libc.func("if_nametoindex", "uint", ["const char *"]);

/** Who asks. */
export interface Asker {
  /** 16 bytes; no multicast, and not `::`. */
  address: Uint8Array;
  /** 6 bytes, or none where the kernel is not to know it. */
  mac: Uint8Array | undefined;
}

/** Asks until there are answers, and never again. */
const FIRST = {
  address: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0x66, 0x69, 0x72, 0x73, 0x74, 0, 0, 0, 0, 0, 0, 1),
  mac: Uint8Array.of(2, 0x66, 0x69, 0x72, 0x73, 0x74),
};
/** Asks what the kernel always answers, so that all that it answered before can be told. */
const LAST = {
  address: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0x6c, 0x61, 0x73, 0x74, 0, 0, 0, 0, 0, 0, 0, 1),
  mac: Uint8Array.of(2, 0x6c, 0x61, 0x73, 0x74, 0),
};

/** The kernel of this thread's network namespace, for as long as it is not disposed of. */
export class Owner implements Disposable {
  readonly mac: Uint8Array;
  /** What it has, 16 bytes each. */
  readonly addresses: Uint8Array[];
  readonly forwards: boolean;
  readonly #name = "owner0";
  readonly #tap: number;
  readonly #neighbours: Neighbours;
  readonly #room = new Uint8Array(65_536);
  readonly #ready = new Uint8Array(8);
  readonly #last: Uint8Array;

  constructor({ network, owner, suffixes, forwards }: Aim) {
    this.forwards = forwards;
    this.mac = macOf(network, owner);
    const sixplane = [0xfc, 0, 0, 0, 0, ...owner];
    for (let i = 0; i < 4; i++) sixplane[1 + i] = (network[i] ?? 0) ^ (network[4 + i] ?? 0);
    const rfc4193 = Uint8Array.of(0xfd, ...network, 0x99, 0x93, ...owner);
    this.addresses = [...suffixes.map((suffix) => Uint8Array.of(...sixplane, ...suffix)), rfc4193];

    this.#last = solicitation(LAST, this.addresses[0] ?? rfc4193);
    this.#tap = openTap(this.#name);
    this.#neighbours = new Neighbours(indexOf(this.#name));
    new Int32Array(this.#ready.buffer)[0] = this.#tap;
    new Int16Array(this.#ready.buffer)[2] = POLLIN;
    try {
      this.#configure();
      for (const address of this.addresses) this.#awaitUsable(address);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Its MAC and addresses; and nothing that it says, learns or forgets at a time of its own choice. */
  #configure(): void {
    const settings = {
      router_solicitations: 0,
      accept_ra: 0,
      accept_redirects: 0,
      forwarding: Number(this.forwards),
    };
    for (const [setting, value] of Object.entries(settings))
      writeFileSync(`/proc/sys/net/ipv6/conf/${this.#name}/${setting}`, `${value}`);
    run("ip", "link", "set", "dev", this.#name, "address", grouped(this.mac, 1));
    run("ip", "link", "set", "dev", this.#name, "up");
    for (const address of this.addresses) {
      // Of a shorter prefix a router has the first address, too, the subnet-router anycast address (RFC 4291 §2.6.1).
      run("ip", "address", "add", `${grouped(address, 2)}/128`, "dev", this.#name, "nodad");
    }
    for (const { address, mac } of [FIRST, LAST]) this.#neighbours.add(address, mac);
  }

  /** Waits until the address is its own: even without a search for duplicates, that takes it a moment. */
  #awaitUsable(address: Uint8Array): void {
    const probe = solicitation(FIRST, address);
    probe.set(this.mac);
    probe.set(address, 38); // for which it has a route to itself, which comes last
    setChecksum(probe, 32);
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      writeSync(this.#tap, probe);
      while (this.#isReady(1)) if (isAnswerTo(FIRST, this.#read())) return;
    }
    throw new Error("the kernel does not come to use its addresses");
  }

  /**
   * The advertisements with which it answers a frame.
   *
   * @param asker a permanent neighbour meanwhile, where its MAC is given, and else unknown: to whom the kernel answers,
   *   and whether, would otherwise depend on what it has learnt from frames before
   */
  ask(frame: Uint8Array, asker?: Asker): Uint8Array[] {
    if (asker?.mac) this.#neighbours.add(asker.address, asker.mac);
    if (frame.length >= 14) writeSync(this.#tap, frame); // what is shorter, the TAP refuses
    writeSync(this.#tap, this.#last);
    const answers: Uint8Array[] = [];
    for (;;) {
      if (!this.#isReady(PATIENCE))
        throw new Error("the kernel does not answer a good solicitation any more");
      const answer = this.#read();
      if (isAnswerTo(LAST, answer)) break;
      if (isAdvertisement(answer) && !isAnswerTo(FIRST, answer)) answers.push(answer);
    }
    if (asker) this.#neighbours.remove(asker.address); // what it has learnt, too
    return answers;
  }

  /** Whether it has sent a frame, now or within that time. */
  #isReady(milliseconds: number): boolean {
    return poll(this.#ready, 1, milliseconds) > 0;
  }

  /** The next frame that it has sent. */
  #read(): Uint8Array {
    return this.#room.slice(0, readSync(this.#tap, this.#room));
  }

  [Symbol.dispose](): void {
    this.#neighbours[Symbol.dispose]();
    closeSync(this.#tap);
  }
}

function openTap(name: string): number {
  const file = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  // struct ifreq: the name (16), the flags (2)
  const request = Buffer.alloc(40);
  request.write(name);
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI, 16);
  if (ioctl(file, TUNSETIFF, request) === 0) return file;
  const errno = koffi.errno();
  closeSync(file);
  throw new Error(`cannot open the TAP ${name}: errno ${errno}`);
}

/** The plain solicitation, with the asker's MAC in it. */
function solicitation({ address, mac }: typeof LAST, target: Uint8Array): Uint8Array {
  const group = [0xff, ...target.subarray(13)];
  const frame = Uint8Array.of(
    ...[0x33, 0x33, ...group],
    ...mac,
    ...[0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255],
    ...address,
    ...[0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...group],
    ...[135, 0, 0, 0, 0, 0, 0, 0],
    ...target,
    ...[1, 1],
    ...mac,
  );
  setChecksum(frame, 32);
  return frame;
}

function isAnswerTo({ mac }: typeof LAST, frame: Uint8Array): boolean {
  return isAdvertisement(frame) && mac.every((byte, i) => frame[i] === byte);
}

function isAdvertisement(frame: Uint8Array): boolean {
  return frame[12] === 0x86 && frame[13] === 0xdd && frame[20] === 58 && frame[54] === 136;
}

/** As hex, in groups of that many bytes. */
function grouped(bytes: Uint8Array, size: number): string {
  const hex = Buffer.from(bytes).toString("hex");
  return (hex.match(new RegExp(`.{${2 * size}}`, "g")) ?? []).join(":");
}
