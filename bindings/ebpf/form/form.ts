// The intermediate form between WebAssembly and eBPF: one list of statements, with jumps between them, over typed
// variables and expression trees. There is no operand stack any more, no function and no block.

import type { Type } from "../wasm/decode.ts";

/** A local of the function, or of one that was called, or a value that waited on the operand stack. */
export interface Variable {
  readonly name: string;
  readonly type: Type;
  /** How many bits its values have, where that is known. */
  readonly bits?: number;
}

export type Operator =
  | "add"
  | "sub"
  | "mul"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr_s"
  | "shr_u"
  | "rotl"
  | "rotr";
export type Relation = "eq" | "ne" | "lt_s" | "lt_u" | "gt_s" | "gt_u" | "le_s" | "le_u" | "ge_s" | "ge_u";

/** A value. To take it changes nothing, so it may be taken later, or not at all where nothing needs it. */
export type Expression =
  | { kind: "constant"; type: Type; value: bigint }
  | { kind: "variable"; type: Type; variable: Variable }
  | { kind: "binary"; type: Type; operator: Operator; left: Expression; right: Expression; at: number }
  /** 1 where the relation holds, else 0. */
  | { kind: "compare"; type: "i32"; relation: Relation; left: Expression; right: Expression; at: number }
  | {
      kind: "convert";
      type: Type;
      operator: "wrap" | "extend_s" | "extend_u";
      operand: Expression;
      at: number;
    }
  /** `bytes` bytes of memory, little-endian, at the address with the offset added. */
  | {
      kind: "load";
      type: Type;
      bytes: Width;
      signed: boolean;
      address: Expression;
      offset: number;
      at: number;
    }
  /** `yes` where the condition is not 0, else `no`. */
  | { kind: "select"; type: Type; condition: Expression; yes: Expression; no: Expression; at: number };

export type Width = 1 | 2 | 4 | 8;

/** Where jumps lead; each is an object of its own. */
export interface Label {
  readonly name: string;
}

export type Statement =
  | { kind: "set"; variable: Variable; value: Expression; at: number }
  | { kind: "store"; bytes: Width; address: Expression; offset: number; value: Expression; at: number }
  | { kind: "label"; label: Label }
  | { kind: "jump"; to: Label; at: number }
  /** Jumps where the condition is not 0 and `when` is true, or it is 0 and `when` is false. */
  | { kind: "branch"; condition: Expression; when: boolean; to: Label; at: number };

/** A function without its frame: what it is given, what it does, and where its result is after the last statement. */
export interface Routine {
  parameters: Variable[];
  statements: Statement[];
  result: Variable;
}

/** The parts of an expression that are expressions. */
export function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case "binary":
    case "compare":
      return [expression.left, expression.right];
    case "convert":
      return [expression.operand];
    case "load":
      return [expression.address];
    case "select":
      return [expression.condition, expression.yes, expression.no];
    default:
      return [];
  }
}

/** Whether the expression, or a part of it, is such a one. */
export function contains(expression: Expression, test: (part: Expression) => boolean): boolean {
  return test(expression) || partsOf(expression).some((part) => contains(part, test));
}

/** Whether the expression takes the variable's value. */
export function reads(expression: Expression, variable: Variable): boolean {
  return contains(expression, (part) => part.kind === "variable" && part.variable === variable);
}

export function constant(type: Type, value: bigint): Expression {
  return {
    kind: "constant",
    type,
    value: type === "i32" ? BigInt.asIntN(32, value) : BigInt.asIntN(64, value),
  };
}
