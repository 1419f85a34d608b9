// bpf(2): maps, programs and links, without a library. What it makes is a file descriptor; closed, or with the end of the
// process, however that ends, the kernel removes what nothing else holds.

import { constants } from "node:os";
import type { Libc } from "../../tap/kernel/libc.ts";
import { BpfError, bpfError } from "./error.ts";
import { processors } from "./processors.ts";

/** The system call's number, by processor. */
const NUMBERS: Record<string, number> = {
  x64: 321,
  arm64: 280,
  riscv64: 280,
  arm: 386,
  loong64: 280,
  ppc64: 361,
  s390x: 351,
};

const COMMAND = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  mapNextKey: 4,
  programLoad: 5,
  objectPin: 6,
  objectGet: 7,
  testRun: 10,
  objectInformation: 15,
  mapLookupBatch: 24,
  linkCreate: 28,
};

/** What maps there are: arrays have numbers from 0 on as keys, and some have a value for each processor. */
const MAP_TYPES = { hash: 1, array: 2, processors: 6, lru: 9 };
/** A hash takes memory for what is in it alone; one that forgets (lru) cannot. */
const NO_PREALLOCATION = 1;
const PROGRAM_TYPE_SCHED_CLS = 3;
const TCX_EGRESS = 47;
/** The verifier's log holds a line that says how much it took, and no more. */
const LOG_STATISTICS = 4;
const LOG_INSTRUCTIONS = 1;
const LOG_BYTES = 1 << 20;

/** A descriptor of the kernel's. */
export type File = number;

/** What a map is. */
export interface MapShape {
  kind: keyof typeof MAP_TYPES;
  /** Bytes of a key; those of arrays have 4. */
  key?: number;
  /** Bytes of a value. */
  bytes: number;
  entries: number;
}

/** What a program did with a frame. */
export interface TestRun {
  action: number;
  frame: Uint8Array;
}

export class Bpf {
  readonly #libc: Libc;
  readonly #number: number;

  /** @throws BpfError on a processor whose number of bpf(2) is not known */
  constructor(libc: Libc) {
    const number = NUMBERS[process.arch];
    if (number === undefined) throw new BpfError(`eBPF is not supported on ${process.arch}`, "ENOSYS");
    this.#libc = libc;
    this.#number = number;
  }

  createMap(name: string, { kind, key = 4, bytes, entries }: MapShape): File {
    const attributes = new Attributes(72)
      .u32(0, MAP_TYPES[kind])
      .u32(4, key)
      .u32(8, bytes)
      .u32(12, entries)
      .u32(16, kind === "hash" ? NO_PREALLOCATION : 0)
      .name(28, name);
    return this.#call(COMMAND.mapCreate, attributes, `make the map ${name}`);
  }

  /** Writes a value of a map that has one of each key. */
  put(map: File, key: Uint8Array, value: Uint8Array): void {
    const attributes = new Attributes(32).u32(0, map);
    this.#point(attributes, 8, key);
    this.#point(attributes, 16, value);
    this.#call(COMMAND.mapUpdate, attributes, "write to a map");
  }

  /** @returns undefined where the map has no such key */
  get(map: File, key: Uint8Array, bytes: number): Uint8Array | undefined {
    const value = new Uint8Array(bytes);
    const attributes = new Attributes(32).u32(0, map);
    this.#point(attributes, 8, key);
    this.#point(attributes, 16, value);
    return this.#call(COMMAND.mapLookup, attributes, "read a map", ["ENOENT"]) < 0 ? undefined : value;
  }

  /** Removes a key, where the map has it. */
  remove(map: File, key: Uint8Array): void {
    const attributes = new Attributes(32).u32(0, map);
    this.#point(attributes, 8, key);
    this.#call(COMMAND.mapDelete, attributes, "remove from a map", ["ENOENT"]);
  }

  /** @param bytes of a key */
  keys(map: File, bytes: number): Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (;;) {
      const next = new Uint8Array(bytes);
      const attributes = new Attributes(32).u32(0, map);
      const last = keys.at(-1);
      if (last) this.#point(attributes, 8, last);
      this.#point(attributes, 16, next);
      if (this.#call(COMMAND.mapNextKey, attributes, "list a map", ["ENOENT"]) < 0) return keys;
      keys.push(next);
    }
  }

  /** Writes the same value for each processor to a map that has one for each. */
  update(map: File, key: number, value: Uint8Array): void {
    const size = padded(value.length);
    const values = new Uint8Array(size * processors());
    for (let at = 0; at < values.length; at += size) values.set(value, at);
    this.put(map, new Uint8Array(Uint32Array.of(key).buffer), values);
  }

  /** The sum over the processors of each number of an array of 64-bit numbers. */
  sums(map: File, entries: number): bigint[] {
    const count = processors();
    const values = new BigUint64Array(entries * count);
    const attributes = new Attributes(56).u32(32, entries).u32(36, map);
    this.#point(attributes, 8, new Uint8Array(4));
    this.#point(attributes, 16, new Uint8Array(4 * entries));
    this.#point(attributes, 24, new Uint8Array(values.buffer));
    this.#call(COMMAND.mapLookupBatch, attributes, "read the counters", ["ENOENT"]); // which says: these were all
    return Array.from({ length: entries }, (_, key) =>
      values.subarray(key * count, (key + 1) * count).reduce((sum, one) => sum + one, 0n),
    );
  }

  /**
   * Loads a program for traffic control.
   *
   * @returns its descriptor, and how many instructions the verifier looked at: a million is the most
   * @throws BpfError with the verifier's last words where it refuses the program
   */
  load(name: string, code: Uint8Array): { program: File; verified: number } {
    const log = new Uint8Array(LOG_BYTES);
    const attempt = (level: number) => {
      const attributes = new Attributes(144)
        .u32(0, PROGRAM_TYPE_SCHED_CLS)
        .u32(4, code.length / 8)
        .name(48, name);
      this.#point(attributes, 8, code);
      this.#point(attributes, 16, new TextEncoder().encode("Dual MIT/GPL\0"));
      this.#point(attributes, 32, log);
      return this.#try(COMMAND.programLoad, attributes.u32(24, level).u32(28, log.length));
    };
    const program = attempt(LOG_STATISTICS);
    if (program >= 0) return { program, verified: Number(/^processed (\d+) insns/m.exec(textOf(log))?.[1]) };
    const errno = this.#libc.errno();
    if (errno === constants.errno.EACCES || errno === constants.errno.EINVAL) attempt(LOG_INSTRUCTIONS);
    const words = textOf(log).trimEnd().split("\n").slice(-12, -1);
    throw bpfError("load the program", errno, words.join("\n"));
  }

  /** Runs a program on a frame, without an interface. */
  run(program: File, frame: Uint8Array): TestRun {
    const out = new Uint8Array(frame.length + 256);
    const attributes = new Attributes(80).u32(0, program).u32(8, frame.length).u32(12, out.length).u32(32, 1);
    this.#point(attributes, 16, frame);
    this.#point(attributes, 24, out);
    this.#call(COMMAND.testRun, attributes, "run the program");
    return { action: attributes.read(4) | 0, frame: out.subarray(0, attributes.read(12)) };
  }

  /** Lets a program judge what leaves an interface, from now on, until the link is closed. */
  attachToEgress(program: File, index: number): File {
    const attributes = new Attributes(64).u32(0, program).u32(4, index).u32(8, TCX_EGRESS);
    return this.#call(COMMAND.linkCreate, attributes, "attach the program");
  }

  /** Has the BPF file system hold something, under a path that is not there yet. */
  pin(file: File, path: string): void {
    const attributes = new Attributes(16).u32(8, file);
    this.#point(attributes, 0, new TextEncoder().encode(`${path}\0`));
    this.#call(COMMAND.objectPin, attributes, `pin ${path}`);
  }

  /** What is held under a path. */
  open(path: string): File {
    const attributes = new Attributes(16);
    this.#point(attributes, 0, new TextEncoder().encode(`${path}\0`));
    return this.#call(COMMAND.objectGet, attributes, `open ${path}`);
  }

  /** The bytes of a map's values: struct bpf_map_info. */
  valueBytes(map: File): number {
    const information = new Uint8Array(16);
    const attributes = new Attributes(16).u32(0, map).u32(4, information.length);
    this.#point(attributes, 8, information);
    this.#call(COMMAND.objectInformation, attributes, "ask about a map");
    return new DataView(information.buffer).getUint32(12, true);
  }

  close(file: File): void {
    this.#libc.close(file);
  }

  #call(command: number, attributes: Attributes, what: string, allowed: string[] = []): number {
    const result = this.#try(command, attributes);
    if (result >= 0) return result;
    const error = bpfError(what, this.#libc.errno());
    if (allowed.includes(error.code)) return result;
    throw error;
  }

  #try(command: number, { bytes }: Attributes): number {
    return this.#libc.bpf(this.#number, command, bytes, bytes.length);
  }

  /** Writes the address of bytes, which live at least as long as the attributes. */
  #point(attributes: Attributes, at: number, bytes: Uint8Array): void {
    attributes.u64(at, BigInt(this.#libc.addressOf(bytes)));
    attributes.held.push(bytes);
  }
}

/** A union bpf_attr of linux/bpf.h. */
class Attributes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly held: Uint8Array[] = [];

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(at: number, value: bigint): this {
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  /** Up to 15 characters. */
  name(at: number, text: string): this {
    this.bytes.set(new TextEncoder().encode(text.replace(/[^\w.]/g, "_")).subarray(0, 15), at);
    return this;
  }

  read(at: number): number {
    return this.#view.getUint32(at, true);
  }
}

function textOf(log: Uint8Array): string {
  return new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
}

/** What a value takes in a map with one for each processor. */
function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
