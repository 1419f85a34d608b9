import { CaptureError } from "./frame.ts";

/** Reads a stream of chunks as runs of bytes of the asked length, and knows where it is. */
export class ByteStream {
  /** How many bytes have been taken. */
  offset = 0;

  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #isAsking = false;
  /** For what comes in more than one chunk, again and again. */
  #room: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Lets go of the stream: whoever feeds it need not go on. Does not wait for one who is asked for bytes just then. */
  async close(): Promise<void> {
    const closed = this.#chunks.return?.();
    if (this.#isAsking) closed?.catch(() => {});
    else await closed;
  }

  /** All that is held, or the next chunk; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const held = this.#held;
    this.#held = held.subarray(held.length);
    return held.length > 0 ? held : this.#ask();
  }

  /** Whether the stream has ended, and all of it has been taken. */
  async ended(): Promise<boolean> {
    await this.#hold(1);
    return this.#held.length === 0;
  }

  /**
   * The next bytes, as a view that holds until more is read.
   *
   * @param what what they are, for the error
   * @throws CaptureError where the stream ends before their end
   */
  async take(length: number, what: string): Promise<Uint8Array> {
    const bytes = await this.peek(length, what);
    this.#held = this.#held.subarray(length);
    this.offset += length;
    return bytes;
  }

  /** The next bytes like `take`, to be taken again. */
  async peek(length: number, what: string): Promise<Uint8Array> {
    const bytes = await this.peekUpTo(length);
    if (bytes.length === length) return bytes;
    throw new CaptureError(`cut short, with ${bytes.length} of ${length} bytes of ${what}`, this.offset);
  }

  /** The next bytes, to be taken again; less where the stream ends before. */
  async peekUpTo(length: number): Promise<Uint8Array> {
    if (this.#held.length < length) await this.#hold(length);
    return this.#held.subarray(0, length);
  }

  /** Waits until that many bytes are held, or all that come: what has come makes room, not what is asked for. */
  async #hold(length: number): Promise<void> {
    let bytes = this.#held;
    let held = bytes.length;
    while (held < length) {
      const value = await this.#ask();
      if (!value) break;
      if (held === 0) bytes = value;
      else bytes = this.#append(bytes, held, value, length);
      held += value.length;
    }
    this.#held = bytes.subarray(0, held);
  }

  async #ask(): Promise<Uint8Array | undefined> {
    this.#isAsking = true;
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } finally {
      this.#isAsking = false;
    }
  }

  /** The bytes held and the chunk behind them; where there is no room, in twice as much, up to what is asked for. */
  #append(bytes: Uint8Array, held: number, chunk: Uint8Array, length: number): Uint8Array {
    const needed = held + chunk.length;
    if (needed <= bytes.length) {
      bytes.set(chunk, held);
      return bytes;
    }
    if (needed > this.#room.length) this.#room = new Uint8Array(Math.max(needed, Math.min(2 * held, length)));
    this.#room.set(bytes.subarray(0, held));
    this.#room.set(chunk, held);
    return this.#room;
  }
}

/** The same bytes, for reading numbers. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
