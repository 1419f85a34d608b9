// Decodes a WebAssembly module (core specification, §5): the part of the binary format that the builds of the core use.

import { refusal, TranslationError } from "../error.ts";
import { nameOf } from "./opcodes.ts";
import { Reader } from "./reader.ts";

export type Type = "i32" | "i64";

/** One instruction, by its name in the text format. */
export interface Instruction {
  /** Where it starts, in bytes from the start of the module: by this it is found in the listing. */
  at: number;
  name: string;
  /** A constant, the number of a local or function, how many labels a branch goes out, or what is added to an address. */
  immediate?: bigint;
  /** What a block leaves on the operand stack; undefined where that is nothing. */
  result?: Type;
}

export interface FunctionType {
  parameters: Type[];
  results: Type[];
}

export interface WasmFunction {
  type: FunctionType;
  /** Types of the parameters and of the locals that follow them. */
  locals: Type[];
  /** The body; an `end` is the last. */
  body: Instruction[];
}

/** A module whose functions are decoded when they are asked for: what is not translated may hold anything. */
export interface Module {
  /** Numbers of exported functions, by name. */
  exports: Map<string, number>;
  functionAt(index: number): WasmFunction;
  /** The instruction that starts at a place of the module. */
  instructionAt(at: number): Instruction;
}

const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
};

const SECTION_NAMES = new Map(Object.entries(SECTION).map(([name, id]) => [id, name]));

/** Sections that hold nothing of a function which neither imports nor uses globals and tables. */
const SKIPPED: number[] = [SECTION.custom, SECTION.memory, SECTION.global];

const TYPES = new Map<number, Type>([
  [0x7f, "i32"],
  [0x7e, "i64"],
]);
const EMPTY_BLOCK = 0x40;
const FUNCTION_EXPORT = 0;
const HEADER = 8;

/** Instructions whose immediate is one unsigned number. */
const NUMBERED = /^(br|br_if|call|local\.(get|set|tee))$/;
const BLOCKS = /^(block|loop|if)$/;
const PLAIN =
  /^(else|end|return|drop|select|i(32|64)\.(eqz|eq|ne|[lg][te]_[su]|add|sub|mul|and|or|xor|shl|shr_[su]|rot[lr])|i32\.wrap_i64|i64\.extend_i32_[su])$/;
const MEMORY = /^i(32|64)\.(load|store)(8|16|32)?(_[su])?$/;

/**
 * Decodes a module.
 *
 * @throws TranslationError where it is no valid module, or has what cannot be translated: imports, tables, data or code
 *   that runs when it is made; a function that is asked for and has an instruction that is not supported
 */
export function decode(bytes: Uint8Array<ArrayBuffer>): Module {
  if (!WebAssembly.validate(bytes)) throw new TranslationError("this is no valid WebAssembly module");
  const reader = new Reader(bytes, HEADER);
  let types: (() => FunctionType)[] = [];
  let signatures: number[] = [];
  let bodies: number[] = [];
  let exports: Export[] = [];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (id === SECTION.type) types = reader.list(() => functionType(reader));
    else if (id === SECTION.function) signatures = reader.list(() => reader.unsigned());
    else if (id === SECTION.export) exports = reader.list(() => exported(reader));
    else if (id === SECTION.code) bodies = reader.list(() => skipBody(reader));
    else if (!SKIPPED.includes(id)) {
      const name = SECTION_NAMES.get(id) ?? `${id}`;
      throw refusal(start, `a ${name} section, which has no counterpart in eBPF`);
    }
    reader.at = end;
  }
  const functions = exports.filter(({ kind }) => kind === FUNCTION_EXPORT);
  return {
    exports: new Map(functions.map(({ name, index }) => [name, index])),
    functionAt(index) {
      const type = types[signatures[index] ?? -1]?.();
      const at = bodies[index];
      if (!type || at === undefined) throw new TranslationError(`the module has no function ${index}`);
      return functionBody(new Reader(bytes, at), type);
    },
    instructionAt: (at) => instruction(new Reader(bytes, at)),
  };
}

/** A type, or what throws where a function has one that is not supported. */
function functionType(reader: Reader): () => FunctionType {
  const { at } = reader;
  reader.byte(); // 0x60
  const [parameters = [], results = []] = [0, 1].map(() => reader.list(() => reader.byte()));
  return () => ({
    parameters: parameters.map((type) => valueType(type, at)),
    results: results.map((type) => valueType(type, at)),
  });
}

function valueType(byte: number, at: number): Type {
  const type = TYPES.get(byte);
  if (!type) throw refusal(at, `a type that is neither i32 nor i64: 0x${byte.toString(16)}`);
  return type;
}

interface Export {
  name: string;
  kind: number;
  index: number;
}

function exported(reader: Reader): Export {
  return { name: reader.name(), kind: reader.byte(), index: reader.unsigned() };
}

/** Where a body starts, behind its size. */
function skipBody(reader: Reader): number {
  const size = reader.unsigned();
  const { at } = reader;
  reader.at += size;
  return at;
}

function functionBody(reader: Reader, type: FunctionType): WasmFunction {
  const more = reader.list(() => {
    const count = reader.unsigned();
    const { at } = reader;
    return new Array<Type>(count).fill(valueType(reader.byte(), at));
  });
  const body: Instruction[] = [];
  for (let depth = 1; depth > 0; ) {
    const one = instruction(reader);
    if (BLOCKS.test(one.name)) depth++;
    else if (one.name === "end") depth--;
    body.push(one);
  }
  return { type, locals: [...type.parameters, ...more.flat()], body };
}

function instruction(reader: Reader): Instruction {
  const { at } = reader;
  const name = nameOf(reader.byte());
  if (PLAIN.test(name)) return { at, name };
  if (NUMBERED.test(name)) return { at, name, immediate: BigInt(reader.unsigned()) };
  if (name === "i32.const" || name === "i64.const") return { at, name, immediate: reader.signed() };
  if (MEMORY.test(name)) {
    reader.unsigned(); // the alignment, which is a hint
    return { at, name, immediate: BigInt(reader.unsigned()) };
  }
  if (BLOCKS.test(name)) {
    const type = reader.byte();
    if (type === EMPTY_BLOCK) return { at, name };
    const result = TYPES.get(type);
    if (!result) throw refusal(at, `${name} with parameters, or such a result, is not translated`);
    return { at, name, result };
  }
  throw refusal(at, `${name} is not translated`);
}

/** The instruction as it stands in the text format. */
export function textOf({ name, immediate, result }: Instruction): string {
  if (result) return `${name} (result ${result})`;
  if (immediate === undefined) return name;
  if (!MEMORY.test(name)) return `${name} ${immediate}`;
  return immediate === 0n ? name : `${name} offset=${immediate}`;
}
