// Between which numbers a value is. Older verifiers, as that of Linux 6.1, learn nothing where two variables are compared: what is
// known here is told to them by a comparison with a constant.

import { binary, compare, isConstant } from "./fold.ts";
import { constant, type Expression, type Relation, type Variable } from "./form.ts";

/** Both ends are possible; of unsigned numbers. */
export interface Range {
  least: bigint;
  most: bigint;
}

const LIMIT = 1n << 32n;

/** The range of a value of 32 bits; undefined where nothing is known of it. */
export function rangeOf(value: Expression, known: ReadonlyMap<Variable, Range>): Range | undefined {
  if (value.type !== "i32") return undefined;
  if (isConstant(value)) return exactly(BigInt.asUintN(32, value.value));
  if (value.kind === "variable") return known.get(value.variable) ?? ofBits(value.variable.bits);
  if (value.kind === "load") return value.signed ? undefined : ofBits(8 * value.bytes);
  if (value.kind !== "binary") return undefined;
  const left = rangeOf(value.left, known);
  const right = rangeOf(value.right, known);
  if (!left || !right) return undefined;
  if (value.operator === "add") return inside(left.least + right.least, left.most + right.most);
  if (value.operator === "sub") return inside(left.least - right.most, left.most - right.least);
  if (value.operator === "shl" && isConstant(value.right))
    return inside(left.least << right.most, left.most << right.most);
  return undefined;
}

function exactly(value: bigint): Range {
  return { least: value, most: value };
}

function ofBits(bits: number | undefined): Range | undefined {
  return bits === undefined || bits >= 32 ? undefined : { least: 0n, most: (1n << BigInt(bits)) - 1n };
}

/** The range, unless a number in it would have wrapped. */
function inside(least: bigint, most: bigint): Range | undefined {
  return least >= 0n && most < LIMIT ? { least, most } : undefined;
}

/** Relations that tell of the left side that it is not above the right one, where they hold, or where they do not. */
const BELOW: Partial<Record<Relation, "holds" | "fails">> = {
  lt_u: "holds",
  le_u: "holds",
  gt_u: "fails",
  ge_u: "fails",
};

type Comparison = Expression & { kind: "compare" };

/** The same comparison, but with the side on the right of which alone a range is known, where that is on the left. */
function turned(condition: Comparison, known: ReadonlyMap<Variable, Range>): Comparison {
  const { relation, left, right } = condition;
  const other = TURNED[relation];
  if (!other || isConstant(left) || !rangeOf(left, known) || rangeOf(right, known)) return condition;
  return { ...condition, relation: other, left: right, right: left };
}

const TURNED: Partial<Record<Relation, Relation>> = {
  lt_u: "gt_u",
  le_u: "ge_u",
  gt_u: "lt_u",
  ge_u: "le_u",
};

/**
 * The same condition, but where a value is compared with a variable that has a range, it is first compared with the range's
 * end: what is above that is above the variable.
 */
export function bounded(condition: Expression, known: ReadonlyMap<Variable, Range>): Expression {
  if (condition.kind === "binary" && (condition.operator === "or" || condition.operator === "and")) {
    const { operator, left, right, at } = condition;
    return binary(operator, bounded(left, known), bounded(right, known), at);
  }
  if (condition.kind !== "compare" || isConstant(condition.right)) return condition;
  const { relation, left, right, at } = turned(condition, known);
  const range = rangeOf(right, known);
  const tells = BELOW[relation];
  if (!range || !tells) return condition;
  const told = compare(relation, left, right, at);
  const end = constant("i32", range.most);
  if (tells === "fails") return binary("or", compare("gt_u", left, end, at), told, at);
  return binary("and", compare("le_u", left, end, at), told, at);
}

/** What is known of variables where the condition is 0: for each, the most that it can be. */
export function mostWhereFalse(
  condition: Expression,
  known: ReadonlyMap<Variable, Range>,
): [Variable, bigint][] {
  if (condition.kind === "binary" && condition.operator === "or")
    return [...mostWhereFalse(condition.left, known), ...mostWhereFalse(condition.right, known)];
  if (condition.kind !== "compare") return [];
  const { relation, left, right } = turned(condition, known);
  const range = rangeOf(right, known);
  if (left.kind !== "variable" || !range || BELOW[relation] !== "fails") return [];
  return [[left.variable, range.most]];
}
