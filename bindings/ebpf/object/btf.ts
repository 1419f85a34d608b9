// BTF (the kernel's Documentation/bpf/btf.rst): the types of the maps. libbpf makes maps of variables of the section .maps,
// each of a structure whose fields have types that say the map's properties: a number is the length of an array.
//
//   struct { int (*type)[6]; int (*max_entries)[1]; u32 *key; u8 (*value)[264]; } memory SEC(".maps");

import { MAPS } from "../program/memory.ts";
import { Strings, Writer } from "./writer.ts";

const MAGIC = 0xeb9f;
const VERSION = 1;
const HEADER = 24;

const KIND = { int: 1, pointer: 2, array: 3, struct: 4, variable: 14, section: 15 };
const GLOBAL = 1;
const POINTER_BYTES = 8;
const MAP_TYPE_PERCPU_ARRAY = 6;

/** How many bytes a map's variable has: a pointer for each field. */
export const MAP_VARIABLE_BYTES = 4 * POINTER_BYTES;

/** The section .BTF of an object with the program's maps, in the order of the table. */
export function mapTypes(): Uint8Array<ArrayBuffer> {
  const types = new Types();
  const int = types.int("int", 4, true);
  const u8 = types.int("unsigned char", 1, false);
  const u32 = types.int("unsigned int", 4, false);
  const u64 = types.int("unsigned long long", 8, false);
  const number = (value: number) => types.pointer(types.array(int, u32, value));
  const variables = Object.entries(MAPS).map(([name, { entries, bytes }]) =>
    types.variable(
      name,
      types.struct([
        ["type", number(MAP_TYPE_PERCPU_ARRAY)],
        ["max_entries", number(entries)],
        ["key", types.pointer(u32)],
        ["value", types.pointer(bytes === 8 ? u64 : types.array(u8, u32, bytes))],
      ]),
    ),
  );
  types.section(".maps", variables);
  return types.done();
}

/** A type's number: the first is 1. */
type Id = number;

class Types {
  readonly #strings = new Strings();
  readonly #types = new Writer();
  #last: Id = 0;

  int(name: string, bytes: number, signed: boolean): Id {
    return this.#add(name, KIND.int, 0, bytes).#and((one) => one.u32((signed ? 1 << 24 : 0) | (8 * bytes)));
  }

  pointer(to: Id): Id {
    return this.#add("", KIND.pointer, 0, to).#last;
  }

  array(of: Id, index: Id, length: number): Id {
    return this.#add("", KIND.array, 0, 0).#and((one) => one.u32(of, index, length));
  }

  /** A structure of pointers. */
  struct(fields: [name: string, type: Id][]): Id {
    const named = fields.map(([name, type]) => [this.#strings.add(name), type] as const);
    return this.#add("", KIND.struct, fields.length, fields.length * POINTER_BYTES).#and((one) => {
      for (const [n, [name, type]] of named.entries()) one.u32(name, type, 8 * POINTER_BYTES * n);
    });
  }

  variable(name: string, type: Id): Id {
    return this.#add(name, KIND.variable, 0, type).#and((one) => one.u32(GLOBAL));
  }

  section(name: string, variables: Id[]): Id {
    const bytes = variables.length * MAP_VARIABLE_BYTES;
    return this.#add(name, KIND.section, variables.length, bytes).#and((one) => {
      for (const [n, variable] of variables.entries())
        one.u32(variable, n * MAP_VARIABLE_BYTES, MAP_VARIABLE_BYTES);
    });
  }

  done(): Uint8Array<ArrayBuffer> {
    const types = this.#types.done();
    const strings = this.#strings.done();
    return new Writer()
      .u16(MAGIC)
      .u8(VERSION, 0)
      .u32(HEADER, 0, types.length, types.length, strings.length)
      .bytes(types)
      .bytes(strings)
      .done();
  }

  /** What every type begins with; the last number is its size, or another type. */
  #add(name: string, kind: number, count: number, sizeOrType: number): this {
    this.#types.u32(name === "" ? 0 : this.#strings.add(name), (kind << 24) | count, sizeOrType);
    this.#last++;
    return this;
  }

  #and(more: (writer: Writer) => void): Id {
    more(this.#types);
    return this.#last;
  }
}
