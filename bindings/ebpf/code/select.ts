// Chooses eBPF instructions for the intermediate form. Registers are virtual here, as many as are wanted. A number of
// 32 bits has the upper half of its register clear, always: all instructions of 32 bits leave it so.

import { refusal } from "../error.ts";
import { binary, OPPOSITE } from "../form/fold.ts";
import {
  constant,
  contains,
  type Expression,
  type Label,
  type Operator,
  type Routine,
  type Variable,
} from "../form/form.ts";
import {
  type AluOperator,
  type Condition,
  FIRST_VIRTUAL,
  type Instruction,
  type Operation,
  type Register,
  type Source,
} from "./instruction.ts";

/** Where linear memory is. */
export interface Memory {
  /** The register that holds its address. */
  base: Register;
  /** Its bytes, a power of two. The map has as many more as the widest access takes, less one. */
  bytes: number;
}

type Shift = "shl" | "shr_s" | "shr_u";
type Rotation = "rotl" | "rotr";

const ALU: Record<Exclude<Operator, Rotation>, AluOperator> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  and: "and",
  or: "or",
  xor: "xor",
  shl: "lsh",
  shr_s: "arsh",
  shr_u: "rsh",
};

/** What is chosen: where the parameters have to be put before, and where the result is after it. */
export interface Selected {
  parameters: Register[];
  code: Instruction[];
  result: Register;
}

export function selectInstructions(routine: Routine, memory: Memory): Selected {
  const selection = new Selection(memory);
  const parameters = routine.parameters.map((one) => selection.registerOf(one));
  for (const statement of routine.statements) selection.statement(statement);
  return { parameters, code: selection.code, result: selection.registerOf(routine.result) };
}

class Selection {
  readonly code: Instruction[] = [];
  readonly #memory: Memory;
  readonly #registers = new Map<Variable, Register>();
  #next = FIRST_VIRTUAL;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  registerOf(variable: Variable): Register {
    const known = this.#registers.get(variable);
    if (known !== undefined) return known;
    this.#registers.set(variable, this.#next);
    return this.#next++;
  }

  statement(statement: Routine["statements"][number]): void {
    const { kind } = statement;
    if (kind === "set") this.#into(this.registerOf(statement.variable), statement.value, statement.at);
    else if (kind === "label") this.#emit({ kind, label: statement.label });
    else if (kind === "jump") this.#emit({ kind, to: statement.to }, statement.at);
    else if (kind === "branch") this.#branch(statement.condition, statement.when, statement.to, statement.at);
    else {
      const { bytes, value, at } = statement;
      const source = this.#source(value, at);
      this.#emit({ kind, bytes, source, ...this.#place(statement.address, statement.offset, at) }, at);
    }
  }

  #emit(operation: Operation, from?: number): void {
    this.code.push({ ...operation, from });
  }

  #alu(operator: AluOperator, wide: boolean, target: Register, source: Source, at: number): void {
    this.#emit({ kind: "alu", operator, wide, target, source }, at);
  }

  #copy(target: Register, register: Register, at: number): void {
    this.#alu("mov", true, target, { register }, at);
  }

  /** The value as what stands on the right side of an instruction: a small number, or a register. */
  #source(value: Expression, at: number): Source {
    if (value.kind === "constant" && BigInt.asIntN(32, value.value) === value.value)
      return { value: Number(value.value) };
    return { register: this.#register(value, at) };
  }

  /** A register that holds the value, and must not be changed. */
  #register(value: Expression, at: number): Register {
    if (value.kind === "variable") return this.registerOf(value.variable);
    if (value.kind === "convert" && value.operator === "extend_u") return this.#register(value.operand, at);
    const target = this.#next++;
    this.#into(target, value, at);
    return target;
  }

  /** Puts the value into a register, which may be one that the value is made of. */
  #into(target: Register, value: Expression, at: number): void {
    if (takesLate(value, (variable) => this.registerOf(variable) === target)) {
      const between = this.#next++;
      this.#fill(between, value, at);
      this.#copy(target, between, at);
    } else this.#fill(target, value, at);
  }

  /** The same, with a register that no part of the value is in, unless it is taken first. */
  #fill(target: Register, value: Expression, at: number): void {
    const { kind } = value;
    if (kind === "constant") this.#constant(target, value, at);
    else if (kind === "variable") this.#copy(target, this.registerOf(value.variable), at);
    else if (isTruth(value)) this.#truth(target, value, at);
    else if (kind === "binary") this.#binary(target, value);
    else if (kind === "convert") this.#convert(target, value);
    else if (kind === "load") this.#load(target, value);
    else if (kind === "select") {
      this.#fill(target, value.yes, value.at);
      this.#unless(value.condition, value.at, () => this.#fill(target, value.no, value.at));
    }
  }

  #constant(target: Register, { type, value }: Expression & { kind: "constant" }, at: number): void {
    if (type === "i32") this.#alu("mov", false, target, { value: Number(value) }, at);
    else if (BigInt.asIntN(32, value) === value) this.#alu("mov", true, target, { value: Number(value) }, at);
    else this.#emit({ kind: "number", target, value }, at);
  }

  /** 1 where the condition is not 0, else 0. */
  #truth(target: Register, condition: Expression, at: number): void {
    this.#alu("mov", false, target, { value: 1 }, at);
    this.#unless(condition, at, () => this.#alu("mov", false, target, { value: 0 }, at));
  }

  /** Does something where the condition is 0. */
  #unless(condition: Expression, at: number, then: () => void): void {
    const label: Label = { name: "holds" };
    this.#branch(condition, true, label, at);
    then();
    this.#emit({ kind: "label", label });
  }

  #binary(target: Register, value: Expression & { kind: "binary" }): void {
    const { operator, left, right, at, type } = value;
    this.#fill(target, left, at);
    if (operator === "rotl" || operator === "rotr") this.#rotate(target, value, operator);
    else {
      const wide = type === "i64";
      const source = isShift(operator) ? this.#amount(right, wide ? 64 : 32, at) : this.#source(right, at);
      this.#alu(ALU[operator], wide, target, source, at);
    }
  }

  /** By how much to shift: less than the bits that there are. */
  #amount(amount: Expression, bits: number, at: number): Source {
    if (amount.kind === "constant") return { value: Number(amount.value) & (bits - 1) };
    const register = this.#next++;
    this.#into(register, amount, at);
    this.#alu("and", false, register, { value: bits - 1 }, at);
    return { register };
  }

  /** Two shifts, whose results are put together. */
  #rotate(target: Register, { type, right, at }: Expression & { kind: "binary" }, operator: Rotation): void {
    const wide = type === "i64";
    const bits = wide ? 64 : 32;
    if (right.kind !== "constant")
      throw refusal(at, `${type}.${operator} by what is no constant is not translated`);
    const by = Number(right.value) & (bits - 1);
    const other = this.#next++;
    this.#copy(other, target, at);
    this.#alu("lsh", wide, target, { value: operator === "rotl" ? by : bits - by }, at);
    this.#alu("rsh", wide, other, { value: operator === "rotl" ? bits - by : by }, at);
    this.#alu("or", wide, target, { register: other }, at);
  }

  #convert(target: Register, { operator, operand, at }: Expression & { kind: "convert" }): void {
    this.#fill(target, operand, at);
    if (operator === "wrap") this.#alu("mov", false, target, { register: target }, at);
    if (operator === "extend_s") this.#extend(target, 32, true, at);
  }

  #load(target: Register, { type, bytes, signed, address, offset, at }: Expression & { kind: "load" }): void {
    this.#emit({ kind: "load", bytes, target, ...this.#place(address, offset, at) }, at);
    if (signed) this.#extend(target, 8 * bytes, type === "i64", at);
  }

  /** Spreads the sign of a number of so many bits over its register, or the lower half of it. */
  #extend(target: Register, from: number, wide: boolean, at: number): void {
    const value = (wide ? 64 : 32) - from;
    this.#alu("lsh", wide, target, { value }, at);
    this.#alu("arsh", wide, target, { value }, at);
  }

  /** Where an address is in the map: masked, for the verifier, which does not know what the core checks. */
  #place(address: Expression, offset: number, at: number): { base: Register; offset: number } {
    const { base, bytes } = this.#memory;
    if (address.kind === "constant") {
      const place = Number(BigInt.asUintN(32, address.value)) + offset;
      if (place >= bytes) throw refusal(at, `address ${place} is beyond the memory of ${bytes} bytes`);
      return { base, offset: place };
    }
    const register = this.#next++;
    this.#into(register, address, at);
    if (offset > 0) this.#alu("add", false, register, { value: offset % bytes }, at);
    this.#alu("and", false, register, { value: bytes - 1 }, at);
    this.#alu("add", true, register, { register: base }, at);
    return { base: register, offset: 0 };
  }

  /** Jumps where the condition is not 0, or, with `when` false, where it is 0. */
  #branch(condition: Expression, when: boolean, to: Label, at: number): void {
    if (condition.kind === "constant") {
      if ((condition.value !== 0n) === when) this.#emit({ kind: "jump", to }, at);
    } else if (condition.kind === "compare") this.#compare(condition, when, to);
    else if (condition.kind === "binary" && condition.operator === "or") this.#either(condition, when, to);
    else if (condition.kind === "binary" && condition.operator === "and") this.#both(condition, when, to);
    else if (when) this.#jumpIf("gt_u", condition, { value: 0 }, to, at);
    else this.#jumpIf("lt_u", condition, { value: 1 }, to, at); // of which older verifiers learn more than of == 0
  }

  #compare({ relation, left, right, at }: Expression & { kind: "compare" }, when: boolean, to: Label): void {
    const isZero = right.kind === "constant" && right.value === 0n;
    if (isZero && relation === "ne") this.#branch(left, when, to, at);
    else if (isZero && relation === "eq") this.#branch(left, !when, to, at);
    else this.#jumpIf(when ? relation : OPPOSITE[relation], left, this.#source(right, at), to, at);
  }

  #jumpIf(condition: Condition, left: Expression, right: Source, to: Label, at: number): void {
    const wide = left.type === "i64";
    this.#emit({ kind: "branch", condition, wide, left: this.#register(left, at), right, to }, at);
  }

  /** Of two values one after the other, as their OR is not 0 where one of them is not. */
  #either({ left, right, at }: Expression & { kind: "binary" }, when: boolean, to: Label): void {
    const rest: Label = { name: "neither" };
    this.#branch(left, true, when ? to : rest, at);
    this.#branch(right, when, to, at);
    this.#emit({ kind: "label", label: rest });
  }

  /** Likewise, but two bits in different places make an AND of 0: one side must be 0 or 1. */
  #both(value: Expression & { kind: "binary" }, when: boolean, to: Label): void {
    const { left, right, at, type } = value;
    const rest: Label = { name: "not_both" };
    if (isTruth(left) || isTruth(right)) {
      const [first, second] = isTruth(left) ? [left, right] : [right, left];
      const lowest = isTruth(second) ? second : binary("and", second, constant(type, 1n), at);
      this.#branch(first, false, when ? rest : to, at);
      this.#branch(lowest, when, to, at);
    } else {
      this.#jumpIf("set", left, this.#source(right, at), when ? to : rest, at);
      if (!when) this.#emit({ kind: "jump", to }, at);
    }
    this.#emit({ kind: "label", label: rest });
  }
}

/** Whether the value is always 0 or 1, and jumps tell which. */
function isTruth(value: Expression): boolean {
  if (value.kind === "compare") return true;
  if (value.kind !== "binary" || (value.operator !== "and" && value.operator !== "or")) return false;
  return isTruth(value.left) && isTruth(value.right);
}

function isShift(operator: Operator): operator is Shift {
  return operator === "shl" || operator === "shr_s" || operator === "shr_u";
}

/** Whether a part of the value is such a variable, and is taken after the value's register has been written to. */
function takesLate(value: Expression, test: (variable: Variable) => boolean): boolean {
  const takes = (part: Expression) => contains(part, (one) => one.kind === "variable" && test(one.variable));
  if (value.kind === "binary" && !isTruth(value)) return takesLate(value.left, test) || takes(value.right);
  if (value.kind === "convert") return takesLate(value.operand, test);
  return (value.kind === "binary" || value.kind === "compare" || value.kind === "select") && takes(value);
}
