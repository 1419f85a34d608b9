// From WebAssembly to the intermediate form. Calls are replaced by what they call, blocks by labels and jumps, and the
// operand stack by trees. A local that is known to hold a constant is replaced by it: where the record and the frame
// lie is known, so nearly every address is.

import { refusal } from "../error.ts";
import type { Instruction, Module, Type, WasmFunction } from "../wasm/decode.ts";
import { binary, compare, convert, isConstant, select } from "./fold.ts";
import {
  constant,
  contains,
  type Expression,
  type Label,
  type Operator,
  type Relation,
  type Routine,
  reads,
  type Statement,
  type Variable,
  type Width,
} from "./form.ts";

import { bounded, mostWhereFalse, type Range, rangeOf } from "./range.ts";

/** Calls in calls: more of them is a recursion, which cannot be replaced by what it calls. */
const DEEPEST = 16;

const RELATION = /^i(?:32|64)\.((?:eq|ne|[lg][te]_[su]))$/;
const OPERATOR = /^i(?:32|64)\.(add|sub|mul|and|or|xor|shl|shr_[su]|rot[lr])$/;
const ACCESS = /^(i32|i64)\.(load|store)(8|16|32)?(_s)?/;

/**
 * Lowers one exported function of a module.
 *
 * @param known of each parameter, what it is or between which numbers; undefined where nothing is known
 * @throws TranslationError where it, or what it calls, has something that is not translated
 */
export function lower(module: Module, index: number, known: (bigint | Range | undefined)[] = []): Routine {
  const body: Statement[] = [];
  const lowering = new Lowering(module, body, 0);
  const { type, body: instructions } = module.functionAt(index);
  const start = instructions[0]?.at ?? 0;
  const parameters = type.parameters.map((one, n) => ({ name: `parameter ${n}`, type: one }));
  const given = parameters.map((variable, n): Expression => {
    const value = known[n];
    if (typeof value === "bigint") return constant(variable.type, value);
    if (value) lowering.ranges.set(variable, value);
    return { kind: "variable", type: variable.type, variable };
  });
  const result = lowering.call(index, given, start);
  if (!result) throw refusal(start, "a function without a result is not translated");
  return { parameters, statements: body, result };
}

/** A block that has been entered and not left. */
interface Block {
  label: Label;
  /** Whether the label stands at the start, as that of a loop, or at the end. */
  backward: boolean;
  /** How many values were on the operand stack. */
  height: number;
  /** Locals that are set inside: after it they may hold one thing or another. */
  sets: Variable[];
  /** How many branches lead to the end. */
  branches: number;
  /** What was known of ranges at the start. It is still so at the end, but for what is set inside. */
  ranges: Map<Variable, Range>;
  /** What is known besides where the condition of an `if` does not hold. */
  skipped: [Variable, bigint][];
  /** The part behind `else`, before that is reached. */
  otherwise?: Block | undefined;
  /** What the block leaves on the operand stack. */
  result?: Variable | undefined;
}

class Lowering {
  readonly #module: Module;
  readonly #out: Statement[];
  readonly #depth: number;
  #stack: Expression[] = [];
  #blocks: Block[] = [];
  #locals: Variable[] = [];
  /** Between which numbers variables are, where that is known. */
  readonly ranges: Map<Variable, Range>;
  /** What locals are known to hold: constants, and sums, which are made again wherever they are taken. */
  #known = new Map<Variable, Expression>();
  /** Blocks that were opened in code which cannot be reached; undefined in code that can. */
  #unreachable: number | undefined;
  #result: Variable | undefined;

  constructor(module: Module, out: Statement[], depth: number, ranges = new Map<Variable, Range>()) {
    this.ranges = ranges;
    this.#module = module;
    this.#out = out;
    this.#depth = depth;
  }

  /** Puts the function's statements in place of a call, and gives the variable that its result is in. */
  call(index: number, given: Expression[], at: number): Variable | undefined {
    if (this.#depth >= DEEPEST) throw refusal(at, "a recursive call is not translated");
    const called = this.#module.functionAt(index);
    const { locals, type, body } = called;
    const prefix = this.#depth === 0 ? "local" : `${index}.local`;
    this.#locals = locals.map((one, n) => ({ name: `${prefix} ${n}`, type: one }));
    for (const [n, variable] of this.#locals.entries())
      this.#set(variable, given[n] ?? constant(variable.type, 0n), at);
    const [resultType] = type.results;
    this.#result = resultType && { name: `result of ${index}`, type: resultType };
    const end: Label = { name: `end of function ${index}` };
    this.#blocks = [this.#block(end, false, [])];
    for (const [n, one] of body.entries()) this.#instruction(one, called, n);
    return this.#result;
  }

  #instruction(one: Instruction, { body }: WasmFunction, n: number): void {
    const { name, at } = one;
    if (this.#unreachable !== undefined) {
      if (/^(block|loop|if)$/.test(name)) this.#unreachable++;
      else if (name === "else" && this.#unreachable === 0) this.#else(at);
      else if (name === "end" && this.#unreachable-- === 0) this.#end(at);
      return;
    }
    if (/^(block|loop|if)$/.test(name)) this.#open(one, body, n);
    else if (name === "else") this.#else(at);
    else if (name === "end") this.#end(at);
    else if (name === "br") this.#branch(this.#target(one), at);
    else if (name === "return") this.#branch(this.#blocks[0], at);
    else if (name === "br_if") this.#branchIf(one);
    else if (name === "call") this.#inline(one);
    else if (name === "drop") this.#pop();
    else if (name === "local.set") this.#set(this.#local(one), this.#pop(), at);
    else if (name === "local.tee") {
      this.#set(this.#local(one), this.#withoutLoad(this.#pop(), at), at);
      this.#push(this.#get(this.#local(one)));
    } else if (ACCESS.exec(name)?.[2] === "store") this.#store(one);
    else this.#push(this.#value(one));
  }

  /** What an instruction makes of values alone. */
  #value(one: Instruction): Expression {
    const { name, at, immediate = 0n } = one;
    if (name === "local.get") return this.#get(this.#local(one));
    if (name.endsWith(".const")) return constant(name.slice(0, 3) as Type, immediate);
    if (name.endsWith(".eqz")) {
      const operand = this.#pop();
      return compare("eq", operand, constant(operand.type, 0n), at);
    }
    if (name === "i32.wrap_i64") return convert("wrap", this.#pop(), at);
    if (name === "i64.extend_i32_s") return convert("extend_s", this.#pop(), at);
    if (name === "i64.extend_i32_u") return convert("extend_u", this.#pop(), at);
    if (name === "select") {
      const [yes, no, condition] = this.#popThree();
      return select(condition, yes, no, at);
    }
    const access = accessOf(name);
    if (access) return { kind: "load", ...access, address: this.#pop(), offset: Number(immediate), at };
    const right = this.#pop();
    const left = this.#pop();
    const [, relation] = RELATION.exec(name) ?? [];
    if (relation) return compare(relation as Relation, left, right, at);
    const [, operator] = OPERATOR.exec(name) ?? [];
    return binary(operator as Operator, left, right, at);
  }

  #open({ name, at, result }: Instruction, body: Instruction[], n: number): void {
    const condition = name === "if" ? this.#pop() : undefined;
    this.#settle(() => true, at);
    const label: Label = { name: `${name} at 0x${at.toString(16)}` };
    const sets = setsIn(body, n).map((index) => this.#locals[index] as Variable);
    const backward = name === "loop";
    const block = this.#block(label, backward, sets);
    if (result) block.result = { name: `result of ${label.name}`, type: result };
    this.#blocks.push(block);
    if (backward) {
      for (const variable of sets) this.#forget(variable);
      this.#out.push({ kind: "label", label });
    }
    if (!condition) return;
    block.skipped = mostWhereFalse(condition, this.ranges);
    if (hasElse(body, n)) block.otherwise = this.#block({ name: `else of ${label.name}` }, false, []);
    this.#branch(block.otherwise ?? block, at, condition, false);
  }

  /** Ends what is done where the condition of the innermost `if` holds, and starts what is done where it does not. */
  #else(at: number): void {
    const block = this.#blocks.at(-1) as Block;
    const otherwise = block.otherwise as Block;
    block.otherwise = undefined;
    if (this.#unreachable === undefined) {
      this.#leave(block, at);
      this.#branch(block, at);
    }
    this.#unreachable = otherwise.branches > 0 ? undefined : 0;
    this.#restore(block);
    this.#learn(block.skipped);
    block.skipped = [];
    this.#out.push({ kind: "label", label: otherwise.label });
  }

  #block(label: Label, backward: boolean, sets: Variable[]): Block {
    const ranges = new Map(this.ranges);
    return { label, backward, height: this.#stack.length, sets, branches: 0, ranges, skipped: [] };
  }

  #end(at: number): void {
    const block = this.#blocks.pop() as Block;
    const fallsThrough = this.#unreachable === undefined;
    if (fallsThrough && this.#blocks.length === 0) this.#return(at);
    if (fallsThrough) this.#leave(block, at);
    this.#unreachable = fallsThrough || block.branches > 0 ? undefined : 0;
    this.#restore(block);
    if (!fallsThrough && block.branches === 1) this.#learn(block.skipped);
    if (!block.backward) this.#out.push({ kind: "label", label: block.label });
    if (block.result) this.#push({ kind: "variable", type: block.result.type, variable: block.result });
  }

  /** Takes the block's result from the operand stack, at one of the places where the block ends. */
  #leave({ result }: Block, at: number): void {
    if (result) this.#out.push({ kind: "set", variable: result, value: this.#pop(), at });
  }

  /** Goes back to what was on the operand stack, and known, at the start of the block, but for what is set inside. */
  #restore({ height, ranges, sets }: Block): void {
    this.#stack.length = height;
    this.ranges.clear();
    for (const [variable, range] of ranges) this.ranges.set(variable, range);
    for (const variable of sets) this.#forget(variable);
  }

  /** @throws TranslationError where a value goes with the branch */
  #target({ at, name, immediate = 0n }: Instruction): Block | undefined {
    const block = this.#blocks.at(-1 - Number(immediate));
    if (block?.result && !block.backward) throw refusal(at, `${name} with a result is not translated`);
    return block;
  }

  #branchIf(one: Instruction): void {
    const condition = this.#pop();
    const block = this.#target(one);
    if (block === this.#blocks[0] && this.#result)
      throw refusal(one.at, "br_if with a result is not translated");
    this.#branch(block, one.at, condition);
  }

  /** Jumps to a block's label: always, or where the condition is as it should be. */
  #branch(block: Block | undefined, at: number, condition?: Expression, when = true): void {
    if (!block) throw refusal(at, "a branch to nowhere");
    if (condition && isConstant(condition)) {
      if ((condition.value !== 0n) !== when) return;
      condition = undefined;
    }
    if (!condition && block === this.#blocks[0]) this.#return(at);
    if (!block.backward) block.branches++;
    if (condition) {
      this.#out.push({
        kind: "branch",
        condition: bounded(condition, this.ranges),
        when,
        to: block.label,
        at,
      });
      if (when) this.#learn(mostWhereFalse(condition, this.ranges));
    } else {
      this.#out.push({ kind: "jump", to: block.label, at });
      this.#unreachable = 0;
    }
  }

  #return(at: number): void {
    if (this.#result) this.#out.push({ kind: "set", variable: this.#result, value: this.#pop(), at });
  }

  #inline({ at, immediate = 0n }: Instruction): void {
    const index = Number(immediate);
    const { parameters } = this.#module.functionAt(index).type;
    const given = parameters.map(() => this.#pop()).reverse();
    this.#settle(() => true, at);
    const variable = new Lowering(this.#module, this.#out, this.#depth + 1, this.ranges).call(
      index,
      given,
      at,
    );
    if (variable) this.#push({ kind: "variable", type: variable.type, variable });
  }

  #store({ name, at, immediate = 0n }: Instruction): void {
    const value = this.#pop();
    const address = this.#pop();
    this.#settle((waiting) => contains(waiting, ({ kind }) => kind === "load"), at);
    const { bytes } = accessOf(name) as { bytes: Width };
    this.#out.push({ kind: "store", bytes, address, offset: Number(immediate), value, at });
  }

  #get(variable: Variable): Expression {
    return this.#known.get(variable) ?? { kind: "variable", type: variable.type, variable };
  }

  #set(variable: Variable, value: Expression, at: number): void {
    this.#settle((waiting) => reads(waiting, variable), at);
    const range = rangeOf(value, this.ranges);
    this.#forget(variable);
    if (range) this.ranges.set(variable, range);
    if (isRemade(value) && !reads(value, variable)) this.#known.set(variable, value);
    this.#out.push({ kind: "set", variable, value, at });
  }

  /** A shifted byte of memory with the byte in a variable of its own, so that it can be shifted once more. */
  #withoutLoad(value: Expression, at: number): Expression {
    if (value.kind !== "binary" || value.operator !== "shl" || !isConstant(value.right)) return value;
    if (value.left.kind !== "load" || value.left.signed) return value;
    const { type, bytes } = value.left;
    const variable: Variable = { name: "loaded", type, bits: 8 * bytes };
    this.#out.push({ kind: "set", variable, value: value.left, at });
    return { ...value, left: { kind: "variable", type, variable } };
  }

  #learn(most: [Variable, bigint][]): void {
    for (const [variable, end] of most) {
      const { least = 0n, most = end } = this.ranges.get(variable) ?? {};
      if (most >= end) this.ranges.set(variable, { least, most: end });
    }
  }

  /** Forgets what a variable holds, and every sum that it is a part of. */
  #forget(variable: Variable): void {
    this.ranges.delete(variable);
    this.#known.delete(variable);
    for (const [other, value] of this.#known) if (reads(value, variable)) this.#known.delete(other);
  }

  /** Takes now, into variables, the waiting values that what comes next could change. */
  #settle(isTouched: (waiting: Expression) => boolean, at: number): void {
    for (const [n, value] of this.#stack.entries()) {
      if (isConstant(value) || !isTouched(value)) continue;
      const variable: Variable = { name: `waiting ${n}`, type: value.type };
      this.#out.push({ kind: "set", variable, value, at });
      this.#stack[n] = { kind: "variable", type: value.type, variable };
    }
  }

  #local({ immediate = 0n }: Instruction): Variable {
    return this.#locals[Number(immediate)] as Variable;
  }

  #push(value: Expression): void {
    this.#stack.push(value);
  }

  /** The module is valid, so the value is there. */
  #pop(): Expression {
    return this.#stack.pop() as Expression;
  }

  #popThree(): [Expression, Expression, Expression] {
    return this.#stack.splice(-3) as [Expression, Expression, Expression];
  }
}

/**
 * Whether the value is a constant, or a sum of variables, which may be shifted. The verifier learns from a branch about
 * what is compared there, and not about a sum that was made of it before: so it is made again, after the branch.
 */
function isRemade(value: Expression): boolean {
  if (value.kind !== "binary") return isConstant(value);
  const isPart = (part: Expression) => part.kind === "variable" || isShifted(part);
  return isShifted(value) || (value.operator === "add" && isPart(value.left) && isPart(value.right));
}

function isShifted(value: Expression): boolean {
  if (value.kind !== "binary" || value.operator !== "shl") return false;
  return value.left.kind === "variable" && isConstant(value.right);
}

/** What a load or store takes of memory; undefined for other instructions. */
function accessOf(name: string): { type: Type; bytes: Width; signed: boolean } | undefined {
  const [, type, , bits, signed] = ACCESS.exec(name) ?? [];
  if (!type) return undefined;
  const bytes = (Number(bits ?? type.slice(1)) / 8) as Width;
  return { type: type as Type, bytes, signed: signed !== undefined };
}

/** Whether the `if` at a place of the body has an `else`. */
function hasElse(body: Instruction[], start: number): boolean {
  for (let n = start, depth = 0; n < body.length; n++) {
    const { name } = body[n] as Instruction;
    if (/^(block|loop|if)$/.test(name)) depth++;
    else if (name === "end" && --depth === 0) return false;
    else if (name === "else" && depth === 1) return true;
  }
  return false;
}

/** The locals that are set in the block which starts at a place of the body. */
function setsIn(body: Instruction[], start: number): number[] {
  const sets = new Set<number>();
  for (let n = start, depth = 0; n < body.length; n++) {
    const { name, immediate = 0n } = body[n] as Instruction;
    if (/^(block|loop|if)$/.test(name)) depth++;
    else if (name === "end" && --depth === 0) break;
    else if (/^local\.(set|tee)$/.test(name)) sets.add(Number(immediate));
  }
  return [...sets];
}
