// eBPF as text, in the syntax of LLVM and bpftool: r1 is a register's 64 bits, w1 the lower 32 of them.

import type { Label, Width } from "../form/form.ts";
import {
  type AluOperator,
  type Condition,
  HELPERS,
  type Helper,
  type Operation,
  type Register,
  type Source,
} from "./instruction.ts";

const ASSIGNMENTS: Record<AluOperator, string> = {
  mov: "=",
  add: "+=",
  sub: "-=",
  mul: "*=",
  and: "&=",
  or: "|=",
  xor: "^=",
  lsh: "<<=",
  rsh: ">>=",
  arsh: "s>>=",
};

const CONDITIONS: Record<Condition, string> = {
  eq: "==",
  ne: "!=",
  gt_u: ">",
  ge_u: ">=",
  lt_u: "<",
  le_u: "<=",
  gt_s: "s>",
  ge_s: "s>=",
  lt_s: "s<",
  le_s: "s<=",
  set: "&",
};

/** An operation as one line of text. */
export function format(one: Operation, nameOf: (label: Label) => string = ({ name }) => name): string {
  switch (one.kind) {
    case "alu":
      return `${register(one.target, one.wide)} ${ASSIGNMENTS[one.operator]} ${source(one.source, one.wide)}`;
    case "number":
      return `r${one.target} = ${one.value} ll`;
    case "map":
      return `r${one.target} = map ${one.map}`;
    case "load":
      return `r${one.target} = ${place(one)}`;
    case "store":
      return `${place(one)} = ${source(one.source, true)}`;
    case "branch": {
      const sides = `${register(one.left, one.wide)} ${CONDITIONS[one.condition]} ${source(one.right, one.wide)}`;
      return `if ${sides} goto ${nameOf(one.to)}`;
    }
    case "jump":
      return `goto ${nameOf(one.to)}`;
    case "label":
      return `${nameOf(one.label)}:`;
    case "call":
      return `call ${one.helper}`;
    case "exit":
      return "exit";
  }
}

function register(number: Register, wide: boolean): string {
  return `${wide ? "r" : "w"}${number}`;
}

function source(of: Source, wide: boolean): string {
  return "register" in of ? register(of.register, wide) : `${of.value}`;
}

function place({ bytes, base, offset }: { bytes: Width; base: Register; offset: number }): string {
  return `*(u${8 * bytes} *)(r${base} ${offset < 0 ? "-" : "+"} ${Math.abs(offset)})`;
}

type Match = (groups: string[], labelOf: (name: string) => Label) => Operation;

const PLACE = String.raw`\*\(u(8|16|32|64) \*\)\(r(\d+) ([+-]) (\d+)\)`;

/** What each line may be. A line is of the first kind that fits. */
const LINES: [pattern: RegExp, match: Match][] = [
  [/^(\w+):$/, ([name = ""], labelOf) => ({ kind: "label", label: labelOf(name) })],
  [/^exit$/, () => ({ kind: "exit" })],
  [/^goto (\w+)$/, ([name = ""], labelOf) => ({ kind: "jump", to: labelOf(name) })],
  [/^call (\w+)$/, ([name = ""]) => ({ kind: "call", helper: known(name, Object.keys(HELPERS)) as Helper })],
  [
    /^if ([rw])(\d+) (\S+) (\S+) goto (\w+)$/,
    ([size, left, sign = "", right = "", name = ""], labelOf) => ({
      kind: "branch",
      condition: keyOf(CONDITIONS, sign),
      wide: size === "r",
      left: Number(left),
      right: sourceOf(right),
      to: labelOf(name),
    }),
  ],
  [
    /^r(\d+) = (-?\d+) ll$/,
    ([target, value = ""]) => ({ kind: "number", target: Number(target), value: BigInt(value) }),
  ],
  [/^r(\d+) = map (\w+)$/, ([target, map = ""]) => ({ kind: "map", target: Number(target), map })],
  [
    new RegExp(`^r(\\d+) = ${PLACE}$`),
    ([target, ...at]) => ({ kind: "load", target: Number(target), ...placeOf(at) }),
  ],
  [
    new RegExp(`^${PLACE} = (\\S+)$`),
    (groups) => ({ kind: "store", ...placeOf(groups), source: sourceOf(groups[4] ?? "") }),
  ],
  [
    /^([rw])(\d+) (\S+) (\S+)$/,
    ([size, target, sign = "", right = ""]) => ({
      kind: "alu",
      operator: keyOf(ASSIGNMENTS, sign),
      wide: size === "r",
      target: Number(target),
      source: sourceOf(right),
    }),
  ],
];

/** Reads a program: one operation a line, and comments behind //. Labels that it jumps to but does not have are given. */
export function parse(text: string, given: Label[] = []): Operation[] {
  const labels = new Map(given.map((label) => [label.name, label]));
  const labelOf = (name: string) => {
    const label = labels.get(name) ?? { name };
    labels.set(name, label);
    return label;
  };
  const lines = text.split("\n").map((line) => line.replace(/\/\/.*/, "").trim());
  return lines.filter((line) => line !== "").map((line) => parseLine(line, labelOf));
}

function parseLine(line: string, labelOf: (name: string) => Label): Operation {
  for (const [pattern, match] of LINES) {
    const groups = pattern.exec(line)?.slice(1);
    if (groups) return match(groups, labelOf);
  }
  throw new Error(`"${line}" is no eBPF instruction`);
}

function placeOf([bits, base, sign, offset]: string[]): { bytes: Width; base: Register; offset: number } {
  return { bytes: (Number(bits) / 8) as Width, base: Number(base), offset: Number(`${sign}${offset}`) };
}

function sourceOf(text: string): Source {
  const [, register] = /^[rw](\d+)$/.exec(text) ?? [];
  if (register !== undefined) return { register: Number(register) };
  if (!/^-?\d+$/.test(text)) throw new Error(`"${text}" is neither a register nor a number`);
  return { value: Number(text) };
}

function keyOf<Key extends string>(table: Record<Key, string>, sign: string): Key {
  known(sign, Object.values(table));
  return (Object.keys(table) as Key[]).find((key) => table[key] === sign) as Key;
}

function known(name: string, names: string[]): string {
  if (!names.includes(name)) throw new Error(`"${name}" must be one of ${names.join(", ")}`);
  return name;
}
