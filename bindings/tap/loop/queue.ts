// A queue of frames from the loop's thread to the one that opened the TAP, in memory that both share: one
// writes, one reads, and neither waits for the other.
//
//   control (32-bit words)                       frames: a ring of records
//  ┌─────────┬──────┬──────┐                    ┌────────┬───────┬─────┬────────┬───────┬─────┬───
//  │ written │ read │ idle │                    │ length │ frame │ pad │ length │ frame │ pad │ …
//  └─────────┴──────┴──────┘                    └────────┴───────┴─────┴────────┴───────┴─────┴───
//
// Positions count bytes and wrap at 32 bits, which the ring's size divides. A record lies in one piece, on a
// multiple of four; a length of 0 says that the next one is at the ring's start.

import type { Libc } from "../kernel/libc.ts";

const RING = 1 << 20;
const CONTROL = 3 * 4;
const WRITTEN = 0;
const READ = 1;
const IDLE = 2;

/** Frames in one batch at most. */
const BATCH = 256;

/** The memory of a queue, for both ends. */
export function sharedQueue(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(CONTROL + RING);
  new Int32Array(shared, 0, 3)[IDLE] = 1;
  return shared;
}

function recordLength(frameLength: number): number {
  return 4 + ((frameLength + 3) & ~3);
}

/** The end that frames are put in. */
export class QueueWriter {
  readonly #control: Int32Array;
  readonly #lengths: Int32Array;
  readonly #address: number;
  readonly #libc: Libc;
  #written = 0;

  constructor(shared: SharedArrayBuffer, libc: Libc) {
    this.#control = new Int32Array(shared, 0, 3);
    this.#lengths = new Int32Array(shared, CONTROL, RING / 4);
    this.#address = libc.addressOf(new Uint8Array(shared, CONTROL));
    this.#libc = libc;
  }

  /**
   * Copies a frame in.
   *
   * @param address where it lies
   * @returns false where there is no room
   */
  put(address: number, length: number): boolean {
    const free = RING - ((this.#written - Atomics.load(this.#control, READ)) | 0);
    const offset = this.#written & (RING - 1);
    const needed = recordLength(length);
    const skipped = RING - offset < needed ? RING - offset : 0;
    if (skipped + needed > free) return false;
    if (skipped > 0) this.#lengths[offset >> 2] = 0;
    const start = (offset + skipped) & (RING - 1);
    this.#lengths[start >> 2] = length;
    this.#libc.memcpy(this.#address + start + 4, address, length); // a view for set() would be garbage
    this.#written = (this.#written + skipped + needed) | 0;
    Atomics.store(this.#control, WRITTEN, this.#written);
    return true;
  }

  /** Whether the reader waits to be told that there are frames; it will not have to be told twice. */
  wakes(): boolean {
    return Atomics.exchange(this.#control, IDLE, 0) === 1;
  }
}

/**
 * Frames, and where they lie. Valid until the function that got them has returned, or the promise that it
 * returned is settled; `slice()` keeps one for longer.
 *
 * As an iterable it makes a view for each frame; `starts` and `lengths` do without.
 *
 * @example
 * for (let i = 0; i < frames.count; i++) {
 *   socket.send(frames.bytes, frames.starts[i] ?? 0, frames.lengths[i] ?? 0, port, address);
 * }
 */
export class FrameBatch implements Iterable<Uint8Array> {
  /** The memory that they lie in. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` each starts: with its destination MAC. Entries from `count` on mean nothing. */
  readonly starts: Uint32Array = new Uint32Array(BATCH);
  /** How long each is, in bytes. */
  readonly lengths: Uint32Array = new Uint32Array(BATCH);
  /** How many there are, 1 to 256. */
  count = 0;

  /** @internal */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /**
   * Views of the frames, from the first to the last.
   *
   * @example
   * for (const frame of frames) socket.send(frame, port, address);
   */
  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (let index = 0; index < this.count; index++) {
      const start = this.starts[index] ?? 0;
      yield this.bytes.subarray(start, start + (this.lengths[index] ?? 0));
    }
  }
}

/**
 * Gets frames that are passed on. While the promise that it returned is not settled, it is not called again.
 *
 * @example
 * const forward: Forward = async (frames) => {
 *   for (const frame of frames) await send(frame);
 * };
 */
export type Forward = (frames: FrameBatch) => void | Promise<void>;

/** The end that frames are taken from. */
export class QueueReader {
  readonly #control: Int32Array;
  readonly #lengths: Int32Array;
  readonly #batch: FrameBatch;
  /** How many frames have been taken so far. */
  taken = 0;
  #read = 0;

  constructor(shared: SharedArrayBuffer) {
    this.#control = new Int32Array(shared, 0, 3);
    this.#lengths = new Int32Array(shared, CONTROL, RING / 4);
    this.#batch = new FrameBatch(new Uint8Array(shared, CONTROL));
  }

  /** The frames that have come, which stay in the queue until `release`; undefined where there are none. */
  take(): FrameBatch | undefined {
    const written = Atomics.load(this.#control, WRITTEN);
    const { starts, lengths } = this.#batch;
    let count = 0;
    while (this.#read !== written && count < BATCH) {
      const offset = this.#read & (RING - 1);
      const length = this.#lengths[offset >> 2] ?? 0;
      if (length > 0) {
        starts[count] = offset + 4;
        lengths[count] = length;
        count++;
      }
      this.#read = (this.#read + (length > 0 ? recordLength(length) : RING - offset)) | 0;
    }
    this.#batch.count = count;
    this.taken += count;
    return count > 0 ? this.#batch : undefined;
  }

  /** Gives the room of the frames taken back to the writer. */
  release(): void {
    Atomics.store(this.#control, READ, this.#read);
  }

  /**
   * Asks to be told of the next frame.
   *
   * @returns false where one has come before that could be asked, and is to be taken
   */
  rest(): boolean {
    Atomics.store(this.#control, IDLE, 1);
    if (Atomics.load(this.#control, WRITTEN) === this.#read) return true;
    return Atomics.exchange(this.#control, IDLE, 0) === 0; // else the writer tells
  }
}
