// eBPF instructions (RFC 9669) before they are bytes: jumps lead to labels, and registers may be virtual.

import type { Label, Relation, Width } from "../form/form.ts";

/** 0 to 10 are the machine's registers: 10 is the frame pointer. From `FIRST_VIRTUAL` on they are still to be placed. */
export type Register = number;

export const RESULT: Register = 0;
export const FRAME_POINTER: Register = 10;
export const FIRST_VIRTUAL: Register = 16;

/** A register, or a number that fits 32 bits with its sign. */
export type Source = { register: Register } | { value: number };

export type AluOperator = "mov" | "add" | "sub" | "mul" | "and" | "or" | "xor" | "lsh" | "rsh" | "arsh";
/** A relation, or "set": whether both sides have a bit in common. */
export type Condition = Relation | "set";

export type Operation =
  /** `wide` instructions take 64 bits; the others 32, and clear the upper half of the target. */
  | { kind: "alu"; operator: AluOperator; wide: boolean; target: Register; source: Source }
  /** A number of 64 bits. */
  | { kind: "number"; target: Register; value: bigint }
  /** A map's address, for helpers. */
  | { kind: "map"; target: Register; map: string }
  | { kind: "load"; bytes: Width; target: Register; base: Register; offset: number }
  | { kind: "store"; bytes: Width; base: Register; offset: number; source: Source }
  | { kind: "branch"; condition: Condition; wide: boolean; left: Register; right: Source; to: Label }
  | { kind: "jump"; to: Label }
  | { kind: "label"; label: Label }
  /** Arguments are in registers from 1 on. Afterwards the result is in 0, and 1 to 5 hold nothing. */
  | { kind: "call"; helper: Helper }
  | { kind: "exit" };

/** Functions of the kernel, with their numbers of linux/bpf.h, and how many arguments they take. */
export const HELPERS = {
  map_lookup_elem: { number: 1, arguments: 2 },
  map_update_elem: { number: 2, arguments: 4 },
  ktime_get_ns: { number: 5, arguments: 0 },
  skb_store_bytes: { number: 9, arguments: 5 },
  clone_redirect: { number: 13, arguments: 3 },
  skb_get_tunnel_key: { number: 20, arguments: 4 },
  skb_set_tunnel_key: { number: 21, arguments: 4 },
  redirect: { number: 23, arguments: 2 },
  skb_load_bytes: { number: 26, arguments: 4 },
  skb_change_tail: { number: 38, arguments: 3 },
  ktime_get_coarse_ns: { number: 160, arguments: 0 },
} as const;
export type Helper = keyof typeof HELPERS;

/** An operation, and the WebAssembly instruction that it does a part of; undefined where it is of the surrounding program. */
export type Instruction = Operation & { from?: number | undefined };

const ARGUMENTS = [1, 2, 3, 4, 5];

/** The registers whose values it takes. */
export function usesOf(one: Operation): Register[] {
  const of = (source: Source) => ("register" in source ? [source.register] : []);
  switch (one.kind) {
    case "alu":
      return one.operator === "mov" ? of(one.source) : [one.target, ...of(one.source)];
    case "load":
      return [one.base];
    case "store":
      return [one.base, ...of(one.source)];
    case "branch":
      return [one.left, ...of(one.right)];
    case "call":
      return ARGUMENTS.slice(0, HELPERS[one.helper].arguments);
    case "exit":
      return [RESULT];
    default:
      return [];
  }
}

/** The registers that hold something else after it. */
export function setsOf(one: Operation): Register[] {
  if (one.kind === "call") return [RESULT, ...ARGUMENTS];
  return "target" in one ? [one.target] : [];
}

/** The same instruction with other registers. */
export function renamed(one: Instruction, rename: (register: Register) => Register): Instruction {
  const of = (source: Source) => ("register" in source ? { register: rename(source.register) } : source);
  switch (one.kind) {
    case "alu":
      return { ...one, target: rename(one.target), source: of(one.source) };
    case "number":
    case "map":
      return { ...one, target: rename(one.target) };
    case "load":
      return { ...one, target: rename(one.target), base: rename(one.base) };
    case "store":
      return { ...one, base: rename(one.base), source: of(one.source) };
    case "branch":
      return { ...one, left: rename(one.left), right: of(one.right) };
    default:
      return one;
  }
}

/** The register that it copies, all 64 bits, to another; undefined where it does more than that, or less. */
export function copiedBy(one: Operation): Register | undefined {
  if (one.kind !== "alu" || one.operator !== "mov" || !one.wide) return undefined;
  return "register" in one.source ? one.source.register : undefined;
}

/** For each instruction, where the program may go on after it, as positions in the list. */
export function successorsOf(code: readonly Operation[]): number[][] {
  const places = new Map<Label, number>();
  for (const [at, one] of code.entries()) if (one.kind === "label") places.set(one.label, at);
  const place = (label: Label) => {
    const at = places.get(label);
    if (at === undefined) throw new Error(`there is no label ${label.name}`);
    return at;
  };
  return code.map((one, at) => {
    if (one.kind === "exit") return [];
    if (one.kind === "jump") return [place(one.to)];
    return one.kind === "branch" ? [at + 1, place(one.to)] : [at + 1];
  });
}
