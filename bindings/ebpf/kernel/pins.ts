// What of an interface stays when nobody holds it: files of the BPF file system, in a folder with the interface's name.

import { mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import type { Bpf, File } from "./bpf.ts";
import { BpfError } from "./error.ts";

const ROOT = "/sys/fs/bpf/sixplane";
/** Its one value is the state, as JSON, filled up with blanks. */
const STATE = "state";
const COUNTERS = "counters";
const KEY = new Uint8Array(4);

/** The interfaces that have pins. */
export function pinned(): string[] {
  try {
    return readdirSync(ROOT).sort();
  } catch {
    return []; // nothing was ever pinned
  }
}

export class Pins {
  readonly #bpf: Bpf;
  readonly #folder: string;

  /** @param name the interface's */
  constructor(bpf: Bpf, name: string) {
    this.#bpf = bpf;
    this.#folder = `${ROOT}/${name}`;
  }

  /** Makes their folder. @throws BpfError where it is there, or there is no BPF file system */
  make(): void {
    try {
      mkdirSync(ROOT, { recursive: true });
      mkdirSync(this.#folder);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      throw new BpfError(`cannot make ${this.#folder}: ${REASONS[code] ?? code}`, code);
    }
  }

  /**
   * Pins what is to stay.
   *
   * @param files by name: "counters", and others that only have to be held
   * @param state what `state` gives back
   */
  pin(files: Readonly<Record<string, File>>, state: unknown): void {
    const text = new TextEncoder().encode(JSON.stringify(state));
    const map = this.#bpf.createMap(STATE, { kind: "array", bytes: text.length, entries: 1 });
    try {
      this.#bpf.put(map, KEY, text);
      for (const [name, file] of Object.entries({ ...files, [STATE]: map }))
        this.#bpf.pin(file, `${this.#folder}/${name}`);
    } finally {
      this.#bpf.close(map);
    }
  }

  /** @returns undefined where nothing is pinned */
  state(): unknown {
    return this.#with(STATE, (map) => {
      const value = this.#bpf.get(map, KEY, this.#bpf.valueBytes(map));
      return value && JSON.parse(new TextDecoder().decode(value));
    });
  }

  /** The counters, so many of them. */
  counters(entries: number): number[] {
    return this.#with(COUNTERS, (map) => this.#bpf.sums(map, entries).map(Number)) ?? [];
  }

  /** Lets go of all. The kernel removes what nobody else holds. */
  remove(): void {
    for (const name of this.#names()) unlinkSync(`${this.#folder}/${name}`);
    rmdirSync(this.#folder);
    if (pinned().length === 0) rmdirSync(ROOT);
  }

  #with<Result>(name: string, work: (file: File) => Result): Result | undefined {
    if (!this.#names().includes(name)) return undefined;
    const file = this.#bpf.open(`${this.#folder}/${name}`);
    try {
      return work(file);
    } finally {
      this.#bpf.close(file);
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }
}

const REASONS: Record<string, string> = {
  EEXIST: "something is attached there already",
  ENOENT: "there is no BPF file system: mount -t bpf none /sys/fs/bpf",
  EPERM: "there is no BPF file system: mount -t bpf none /sys/fs/bpf",
  EACCES: "that takes root of the machine",
};
