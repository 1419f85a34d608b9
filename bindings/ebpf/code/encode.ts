// The bytes of eBPF instructions (RFC 9669 §3), for little-endian machines.
//
//   0        1             2        4               8
//  ┌────────┬─────┬───────┬────────┬───────────────┐
//  │ opcode │ src │  dst  │ offset │ immediate     │
//  └────────┴─────┴───────┴────────┴───────────────┘

import type { Label, Width } from "../form/form.ts";
import {
  type AluOperator,
  type Condition,
  HELPERS,
  type Instruction,
  type Operation,
  type Source,
} from "./instruction.ts";

export const INSTRUCTION_BYTES = 8;

/** A place where the address of a map has to be put: the first of two instructions. */
export interface Relocation {
  /** In instructions from the start. */
  at: number;
  map: string;
}

/** Instructions that name maps. */
export interface Linkable {
  bytes: Uint8Array<ArrayBuffer>;
  relocations: readonly Relocation[];
}

export interface Encoded extends Linkable {
  /** For each instruction of the list, where its bytes start, in instructions. */
  places: number[];
}

const LD = 0x00;
const LDX = 0x01;
const ST = 0x02;
const STX = 0x03;
const ALU32 = 0x04;
const JMP = 0x05;
const JMP32 = 0x06;
const ALU64 = 0x07;
const FROM_REGISTER = 0x08;
const MEM = 0x60;
const DOUBLE_WORD = 0x18;
const CALL = 0x80;
const EXIT = 0x90;
/** In place of a source register: the number is a map's file descriptor. */
const PSEUDO_MAP_FD = 1;

const WIDTHS: Record<Width, number> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: DOUBLE_WORD };

const ALU: Record<AluOperator, number> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
};

const CONDITIONS: Record<Condition, number> = {
  eq: 0x10,
  gt_u: 0x20,
  ge_u: 0x30,
  set: 0x40,
  ne: 0x50,
  gt_s: 0x60,
  ge_s: 0x70,
  lt_u: 0xa0,
  le_u: 0xb0,
  lt_s: 0xc0,
  le_s: 0xd0,
};

/** One instruction's fields. */
interface Fields {
  opcode: number;
  target?: number;
  source?: number;
  offset?: number;
  immediate?: number;
}

export function encode(code: readonly Instruction[]): Encoded {
  const places: number[] = [];
  const labels = new Map<Label, number>();
  let length = 0;
  for (const one of code) {
    places.push(length);
    if (one.kind === "label") labels.set(one.label, length);
    length += sizeOf(one);
  }
  const bytes = new Uint8Array(length * INSTRUCTION_BYTES);
  const relocations: Relocation[] = [];
  for (const [n, one] of code.entries()) {
    const at = places[n] as number;
    if (one.kind === "map") relocations.push({ at, map: one.map });
    const distance = (label: Label) => (labels.get(label) as number) - at - 1;
    for (const [part, fields] of fieldsOf(one, distance).entries()) write(bytes, at + part, fields);
  }
  return { bytes, relocations, places };
}

/** The bytes with a number for each map where they name it: its file descriptor, for the kernel. */
export function linked(
  { bytes, relocations }: Linkable,
  numberOf: (map: string) => number,
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  for (const { at, map } of relocations) view.setInt32(at * INSTRUCTION_BYTES + 4, numberOf(map), true);
  return copy;
}

/** How many instructions an operation takes. */
export function sizeOf({ kind }: Operation): number {
  if (kind === "label") return 0;
  return kind === "number" || kind === "map" ? 2 : 1;
}

function fieldsOf(one: Operation, distance: (label: Label) => number): Fields[] {
  switch (one.kind) {
    case "label":
      return [];
    case "alu": {
      const { target, operator, wide } = one;
      const { opcode, ...source } = sourceFields(one.source);
      return [{ ...source, opcode: (wide ? ALU64 : ALU32) | ALU[operator] | opcode, target }];
    }
    case "number":
      return twoParts(one.target, 0, one.value);
    case "map":
      return twoParts(one.target, PSEUDO_MAP_FD, 0n);
    case "load":
      return [
        { opcode: LDX | MEM | WIDTHS[one.bytes], target: one.target, source: one.base, offset: one.offset },
      ];
    case "store": {
      const kind = "register" in one.source ? STX : ST;
      const opcode = kind | MEM | WIDTHS[one.bytes];
      return [{ ...sourceFields(one.source), opcode, target: one.base, offset: one.offset }];
    }
    case "branch": {
      const { opcode, ...right } = sourceFields(one.right);
      const condition = (one.wide ? JMP : JMP32) | CONDITIONS[one.condition] | opcode;
      return [{ ...right, opcode: condition, target: one.left, offset: distance(one.to) }];
    }
    case "jump":
      return [{ opcode: JMP, offset: distance(one.to) }];
    case "call":
      return [{ opcode: JMP | CALL, immediate: HELPERS[one.helper].number }];
    case "exit":
      return [{ opcode: JMP | EXIT }];
  }
}

function sourceFields(source: Source): Fields {
  if ("register" in source) return { opcode: FROM_REGISTER, source: source.register };
  return { opcode: 0, immediate: source.value };
}

function twoParts(target: number, source: number, value: bigint): Fields[] {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return [
    { opcode: LD | DOUBLE_WORD, target, source, immediate: low },
    { opcode: 0, immediate: high },
  ];
}

function write(
  bytes: Uint8Array,
  at: number,
  { opcode, target = 0, source = 0, offset = 0, immediate = 0 }: Fields,
): void {
  const view = new DataView(bytes.buffer, at * INSTRUCTION_BYTES, INSTRUCTION_BYTES);
  view.setUint8(0, opcode);
  view.setUint8(1, (source << 4) | target);
  view.setInt16(2, offset, true);
  view.setInt32(4, immediate, true);
}
