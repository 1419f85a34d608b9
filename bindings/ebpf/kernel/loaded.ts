import type { Libc } from "../../tap/kernel/libc.ts";
import { type Linkable, linked } from "../code/encode.ts";
import { COUNTERS, MAPS, type MapName, RECORD, RECORD_BYTES } from "../program/memory.ts";
import type { Bpf, File, TestRun } from "./bpf.ts";
import { addFilter, type Direction } from "./clsact.ts";
import { BpfError } from "./error.ts";

/** A program in the kernel with its maps. It goes when it is closed, or with this process. */
export class Loaded {
  /** How many instructions the verifier looked at, of a million. */
  readonly verified: number;
  readonly #bpf: Bpf;
  readonly #maps: Record<MapName, File>;
  readonly #program: File;
  #link: File | undefined;
  readonly #files: File[] = [];

  /**
   * @param record the config record, 16 bytes: whose program it is, and in which network
   * @param shared the maps that it has in common with others
   * @throws BpfError where the kernel refuses it
   */
  constructor(
    bpf: Bpf,
    name: string,
    code: Linkable,
    record: Uint8Array,
    shared: Readonly<Record<string, File>> = {},
  ) {
    this.#bpf = bpf;
    try {
      const map = (name: MapName) => this.#keep(bpf.createMap(name, MAPS[name]));
      this.#maps = { memory: map("memory"), counters: map("counters") };
      this.configure(record);
      const files: Readonly<Record<string, File>> = { ...shared, ...this.#maps };
      const { program, verified } = bpf.load(
        name,
        linked(code, (name) => files[name] as File),
      );
      this.#program = this.#keep(program);
      this.verified = verified;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Gives it another config record. */
  configure(record: Uint8Array): void {
    if (record.length !== RECORD_BYTES)
      throw new RangeError(`a record has ${RECORD_BYTES} bytes, got ${record.length}`);
    const memory = new Uint8Array(MAPS.memory.bytes);
    memory.set(record, RECORD);
    this.#bpf.update(this.#maps.memory, 0, memory);
  }

  /** How often each thing has happened since it was loaded, by the number of its counter. */
  counters(): number[] {
    return this.#bpf.sums(this.#maps.counters, COUNTERS).map(Number);
  }

  /**
   * Judges what leaves an interface from now on, until this is closed.
   *
   * @returns false where the kernel has no such links, before Linux 6.6: `filter` is for these
   */
  attach(index: number): boolean {
    try {
      this.#link = this.#keep(this.#bpf.attachToEgress(this.#program, index));
      return true;
    } catch (error) {
      if (error instanceof BpfError && error.code === "EINVAL") return false;
      throw error;
    }
  }

  /**
   * The same as a filter of an interface that has clsact: it stays when this is closed, until `removeFilter`.
   *
   * @param place among the filters of this package, from 0 on
   */
  filter(libc: Libc, index: number, direction: Direction = "egress", place = 0): void {
    addFilter(libc, index, this.#program, direction, place);
  }

  /** What has to be held so that it goes on when this is closed, and its counters can be read. */
  get files(): Record<string, File> {
    const link = this.#link === undefined ? {} : { link: this.#link };
    return { ...link, counters: this.#maps.counters };
  }

  /** Runs it on a frame, without an interface. */
  run(frame: Uint8Array): TestRun {
    return this.#bpf.run(this.#program, frame);
  }

  /** Detaches it, and lets the kernel remove it. */
  close(): void {
    for (const file of this.#files.splice(0).reverse()) this.#bpf.close(file);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #keep(file: File): File {
    this.#files.push(file);
    return file;
  }
}
