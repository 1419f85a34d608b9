// Makes expressions, the simplest that have the value: what depends on constants alone is calculated here.

import { constant, type Expression, type Operator, type Relation } from "./form.ts";

type Constant = Expression & { kind: "constant" };

const CALCULATE: Record<Operator, (left: bigint, right: bigint, bits: bigint) => bigint> = {
  add: (left, right) => left + right,
  sub: (left, right) => left - right,
  mul: (left, right) => left * right,
  and: (left, right) => left & right,
  or: (left, right) => left | right,
  xor: (left, right) => left ^ right,
  shl: (left, right, bits) => left << (right & (bits - 1n)),
  shr_s: (left, right, bits) => left >> (right & (bits - 1n)),
  shr_u: (left, right, bits) => unsigned(left, bits) >> (right & (bits - 1n)),
  rotl: (left, right, bits) => rotated(unsigned(left, bits), right & (bits - 1n), bits),
  rotr: (left, right, bits) => rotated(unsigned(left, bits), -right & (bits - 1n), bits),
};

const HOLDS: Record<Relation, (left: bigint, right: bigint, bits: bigint) => boolean> = {
  eq: (left, right) => left === right,
  ne: (left, right) => left !== right,
  lt_s: (left, right) => left < right,
  lt_u: (left, right, bits) => unsigned(left, bits) < unsigned(right, bits),
  gt_s: (left, right) => left > right,
  gt_u: (left, right, bits) => unsigned(left, bits) > unsigned(right, bits),
  le_s: (left, right) => left <= right,
  le_u: (left, right, bits) => unsigned(left, bits) <= unsigned(right, bits),
  ge_s: (left, right) => left >= right,
  ge_u: (left, right, bits) => unsigned(left, bits) >= unsigned(right, bits),
};

/** The relation that holds where this one does not. */
export const OPPOSITE: Record<Relation, Relation> = {
  eq: "ne",
  ne: "eq",
  lt_s: "ge_s",
  lt_u: "ge_u",
  gt_s: "le_s",
  gt_u: "le_u",
  le_s: "gt_s",
  le_u: "gt_u",
  ge_s: "lt_s",
  ge_u: "lt_u",
};

/** The relation that holds with both sides exchanged. */
const MIRRORED: Record<Relation, Relation> = {
  eq: "eq",
  ne: "ne",
  lt_s: "gt_s",
  lt_u: "gt_u",
  gt_s: "lt_s",
  gt_u: "lt_u",
  le_s: "ge_s",
  le_u: "ge_u",
  ge_s: "le_s",
  ge_u: "le_u",
};

const COMMUTATIVE: Operator[] = ["add", "mul", "and", "or", "xor"];
/** Operators whose right side says by how many bits: as many as there are change nothing. */
const BY: Operator[] = ["shl", "shr_s", "shr_u", "rotl", "rotr"];
/** Operators that change nothing where the right side is 0. */
const NEUTRAL_ZERO: Operator[] = ["add", "sub", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr"];

export function binary(operator: Operator, left: Expression, right: Expression, at: number): Expression {
  const { type } = left;
  if (isConstant(right) && right.value >= bitsOf(left) && BY.includes(operator))
    return binary(operator, left, constant(type, right.value % bitsOf(left)), at);
  if (isConstant(left) && isConstant(right))
    return constant(type, CALCULATE[operator](left.value, right.value, bitsOf(left)));
  if (isConstant(left) && COMMUTATIVE.includes(operator)) return binary(operator, right, left, at);
  if (isConstant(right) && right.value === 0n && NEUTRAL_ZERO.includes(operator)) return left;
  return { kind: "binary", type, operator, left, right, at };
}

export function compare(relation: Relation, left: Expression, right: Expression, at: number): Expression {
  if (isConstant(left) && isConstant(right))
    return constant("i32", HOLDS[relation](left.value, right.value, bitsOf(left)) ? 1n : 0n);
  if (isConstant(left)) return compare(MIRRORED[relation], right, left, at);
  if (relation === "eq" && left.kind === "compare" && isConstant(right) && right.value === 0n)
    return { ...left, relation: OPPOSITE[left.relation] };
  const unshifted = isConstant(right) && right.value === 0n ? withoutShift(left) : undefined;
  if (unshifted && (relation === "eq" || relation === "ne")) return compare(relation, unshifted, right, at);
  return { kind: "compare", type: "i32", relation, left, right, at };
}

/** What is shifted, where no bit of it is lost: it is 0 if the shifted value is. */
function withoutShift(value: Expression): Expression | undefined {
  if (value.kind !== "binary" || value.operator !== "shl" || !isConstant(value.right)) return undefined;
  const { left } = value;
  const bits = left.kind === "variable" ? left.variable.bits : undefined;
  return bits !== undefined && BigInt(bits) + value.right.value <= bitsOf(value) ? left : undefined;
}

export function convert(
  operator: "wrap" | "extend_s" | "extend_u",
  operand: Expression,
  at: number,
): Expression {
  if (!isConstant(operand))
    return { kind: "convert", type: operator === "wrap" ? "i32" : "i64", operator, operand, at };
  if (operator === "wrap") return constant("i32", operand.value);
  return constant("i64", operator === "extend_s" ? operand.value : unsigned(operand.value, 32n));
}

export function select(condition: Expression, yes: Expression, no: Expression, at: number): Expression {
  if (isConstant(condition)) return condition.value === 0n ? no : yes;
  return { kind: "select", type: yes.type, condition, yes, no, at };
}

export function isConstant(expression: Expression): expression is Constant {
  return expression.kind === "constant";
}

function bitsOf({ type }: Expression): bigint {
  return type === "i32" ? 32n : 64n;
}

function unsigned(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(Number(bits), value);
}

function rotated(value: bigint, by: bigint, bits: bigint): bigint {
  return (value << by) | (value >> (bits - by));
}
