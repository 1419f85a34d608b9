// What a WebAssembly module is made of, in bytes (WebAssembly core specification §5.5).

const CUSTOM = 0;
const CODE = 10;
const FUNCTION_NAMES = 1;

/**
 * The bytes of the code section's contents.
 *
 * @param {Uint8Array} module
 */
export function codeBytes(module) {
  return section(module, CODE)?.length ?? 0;
}

/**
 * The bytes of each function's body, by its name without the path of its file.
 *
 * @param {Uint8Array} module one with a name section
 * @returns {Record<string, number>}
 */
export function functionBytes(module) {
  const names = functionNames(module);
  const code = new Reader(section(module, CODE) ?? new Uint8Array());
  const bodies = Array.from({ length: code.number() }, () => code.bytes(code.number()).length);
  return Object.fromEntries(bodies.map((bytes, i) => [names.get(i) ?? `function ${i}`, bytes]));
}

/**
 * No build imports anything: the numbers count from the first function of the module's own.
 *
 * @param {Uint8Array} module
 */
function functionNames(module) {
  /** @type {Map<number, string>} */
  const names = new Map();
  const reader = new Reader(section(module, CUSTOM, "name") ?? new Uint8Array());
  while (!reader.ended()) {
    const kind = reader.number();
    const part = new Reader(reader.bytes(reader.number()));
    if (kind !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left--) {
      const index = part.number();
      names.set(index, part.text().replace(/.*\//, ""));
    }
  }
  return names;
}

/**
 * @param {Uint8Array} module
 * @param {number} wanted
 * @param {string} [name] of a custom section
 */
function section(module, wanted, name) {
  const reader = new Reader(module.subarray(8));
  while (!reader.ended()) {
    const kind = reader.number();
    const contents = new Reader(reader.bytes(reader.number()));
    if (kind === wanted && (name === undefined || contents.text() === name)) return contents.rest();
  }
  return undefined;
}

class Reader {
  #bytes;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  ended() {
    return this.#at >= this.#bytes.length;
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** @param {number} length */
  bytes(length) {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text() {
    return new TextDecoder().decode(this.bytes(this.number()));
  }

  rest() {
    return this.#bytes.subarray(this.#at);
  }
}
