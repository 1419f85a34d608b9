/** Writes numbers and bytes one after the other, little-endian. */
export class Writer {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  u8(...values: number[]): this {
    return this.bytes(Uint8Array.from(values));
  }

  u16(...values: number[]): this {
    for (const value of values) this.u8(value & 0xff, value >>> 8);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.u16(value & 0xffff, value >>> 16);
    return this;
  }

  u64(...values: number[]): this {
    for (const value of values) this.u32(value % 2 ** 32, Math.floor(value / 2 ** 32));
    return this;
  }

  /** Zeros up to a multiple of a number of bytes. */
  align(to: number): this {
    return this.bytes(new Uint8Array((to - (this.length % to)) % to));
  }

  done(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** A table of texts, each named by where it starts: the first is empty. */
export class Strings {
  readonly #writer = new Writer().u8(0);

  add(text: string): number {
    const at = this.#writer.length;
    this.#writer.bytes(new TextEncoder().encode(`${text}\0`));
    return at;
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#writer.done();
  }
}
