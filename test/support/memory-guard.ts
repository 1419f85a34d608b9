// A build of the core that is told what it may read and write, byte by byte, and stopped where it does more.
import binaryen from "binaryen";
import { Host } from "./builds.ts";

/** Bytes of memory: from `start`, as many as `length`. */
export interface Range {
  start: number;
  length: number;
}

const READ = 1;
const WRITE = 2;
const NOWHERE: Range = { start: -1, length: 1 };

export class MemoryGuard {
  /** The build with a call before each load and store; all else about it is as it was. */
  readonly host: Host;
  /** Loads and stores of all calls. */
  accesses = 0;
  /** Whether the last call has stored anything. */
  wrote = false;
  /**
   * Loads, stores, turns of loops, and functions entered and returned from in the last call: what lies
   * between two of them goes forward only.
   */
  steps = 0;
  #most = 0;
  readonly #permitted = new Uint8Array(0x10000);
  /** Stores whose address is known and whose value is not yet. */
  readonly #stores: Range[] = [];

  constructor({ bytes }: { bytes: Uint8Array }) {
    const observer = {
      load_ptr: (_id: number, length: number, offset: number, address: number) => {
        this.#access(READ, { start: (address >>> 0) + (offset >>> 0), length });
        return address;
      },
      // The value may come from loads, and those are before the store.
      store_ptr: (_id: number, length: number, offset: number, address: number) => {
        this.#stores.push({ start: (address >>> 0) + (offset >>> 0), length });
        return address;
      },
      ...ofEachType("load_val", (value) => value),
      ...ofEachType("store_val", (value) => {
        this.#access(WRITE, this.#stores.pop() ?? NOWHERE);
        return value;
      }),
      log_execution: () => this.#step(),
      memory_grow_pre: grows,
      memory_grow_post: grows,
    };
    this.host = new Host({ module: new WebAssembly.Module(instrumented(bytes)) }, { env: observer });
  }

  /**
   * Calls the core, which may read the bytes of `reads` and what it has written itself, and write
   * those of `writes`, in `most` steps. Throws at the first byte that it may not touch, before it is
   * touched, and at the first step too many.
   */
  permit<Result>(reads: Range[], writes: Range[], most: number, call: () => Result): Result {
    this.wrote = false;
    this.steps = 0;
    this.#most = most;
    for (const range of reads) this.#mark(range, READ);
    for (const range of writes) this.#mark(range, WRITE);
    try {
      return call();
    } finally {
      this.#stores.length = 0;
      for (const { start, length } of [...reads, ...writes]) this.#permitted.fill(0, start, start + length);
    }
  }

  #mark({ start, length }: Range, bit: number): void {
    for (let at = start; at < start + length; at++) this.#permitted[at] = (this.#permitted[at] ?? 0) | bit;
  }

  #step(): void {
    if (++this.steps > this.#most) throw new RangeError(`takes more than ${this.#most} steps`);
  }

  #access(bit: number, range: Range): void {
    const { start, length } = range;
    for (let at = start; at < start + length; at++) {
      if (((this.#permitted[at] ?? 0) & bit) === 0) {
        const does = bit === READ ? "reads" : "writes";
        throw new RangeError(`${does} ${length} bytes at ${start}, and may not at ${at}`);
      }
    }
    this.accesses++;
    this.#step();
    if (bit === WRITE) {
      this.wrote = true;
      this.#mark(range, READ);
    }
  }
}

/** The module with calls of `load_ptr`, `store_ptr` and `log_execution` where their names say. */
function instrumented(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(bytes);
  // WebAssembly 1.0 has no other instructions on memory than loads and stores: no copy and no fill.
  module.setFeatures(binaryen.Features.MVP);
  if (!module.validate()) throw new Error("the module is not WebAssembly 1.0");
  const before = loadsAndStores(module.emitText());
  module.runPasses(["instrument-memory", "log-execution"]);
  const after = module.emitText();
  const watched = after.match(/call \$(load|store)_ptr/g)?.length ?? 0;
  if (watched !== before || loadsAndStores(after) !== before) throw new Error("an access is not watched");
  return new Uint8Array(module.emitBinary());
}

const loadsAndStores = (text: string): number => text.match(/\b[if](32|64)\.(load|store)/g)?.length ?? 0;

type Value = number | bigint;

const ofEachType = (name: string, see: (value: Value) => Value) =>
  Object.fromEntries(
    ["i32", "i64", "f32", "f64"].map((type) => [
      `${name}_${type}`,
      (_id: number, value: Value) => see(value),
    ]),
  );

function grows(): never {
  throw new RangeError("asks for more memory");
}
