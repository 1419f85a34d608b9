// An eBPF machine in plain code that shares nothing with the encoder: it runs lists of operations, with registers as many as
// they name.

import type { Condition, Operation, Register, Source } from "../../bindings/ebpf/code/instruction.ts";
import type { Label } from "../../bindings/ebpf/form/form.ts";

const STACK = 512;
const FRAME_POINTER = 10;
/** Where memory and stack are, for programs. */
export const MEMORY_ADDRESS = 0x7f00_0000_0000n;
const STACK_ADDRESS = 0x7e00_0000_0000n;
const MOST_STEPS = 100_000;

/** Runs to the end of the list, and gives the registers. @throws where a register is read that holds nothing */
export function execute(
  code: readonly Operation[],
  given: Iterable<[Register, bigint]>,
  memory: Uint8Array = new Uint8Array(0),
): Map<Register, bigint> {
  const registers = new Map(given);
  registers.set(FRAME_POINTER, STACK_ADDRESS + BigInt(STACK));
  const stack = new Uint8Array(STACK);
  const read = (register: Register) => {
    const value = registers.get(register);
    if (value === undefined) throw new Error(`register ${register} holds nothing`);
    return value;
  };
  const numberOf = (source: Source) =>
    "register" in source ? read(source.register) : BigInt.asUintN(64, BigInt(source.value));
  const at = (base: Register, offset: number, bytes: number): DataView => {
    const address = read(base) + BigInt(offset);
    const [whole, from] = address >= MEMORY_ADDRESS ? [memory, MEMORY_ADDRESS] : [stack, STACK_ADDRESS];
    return new DataView(whole.buffer, whole.byteOffset + Number(address - from), bytes);
  };
  const place = (label: Label) => {
    const found = code.findIndex((one) => one.kind === "label" && one.label === label);
    if (found < 0) throw new Error(`there is no label ${label.name}`);
    return found;
  };
  let steps = 0;
  for (let next = 0; next < code.length; ) {
    if (steps++ > MOST_STEPS) throw new Error("it does not end");
    const one = code[next++] as Operation;
    switch (one.kind) {
      case "label":
        break;
      case "exit":
        return registers;
      case "jump":
        next = place(one.to);
        break;
      case "branch": {
        const bits = one.wide ? 64 : 32;
        if (holds(one.condition, bits, read(one.left), numberOf(one.right))) next = place(one.to);
        break;
      }
      case "alu": {
        const left = one.operator === "mov" ? 0n : read(one.target);
        const bits = one.wide ? 64 : 32;
        registers.set(one.target, calculated(one.operator, bits, left, numberOf(one.source)));
        break;
      }
      case "number":
        registers.set(one.target, BigInt.asUintN(64, one.value));
        break;
      case "load": {
        const view = at(one.base, one.offset, one.bytes);
        const value = {
          1: () => view.getUint8(0),
          2: () => view.getUint16(0, true),
          4: () => view.getUint32(0, true),
        };
        registers.set(one.target, one.bytes === 8 ? view.getBigUint64(0, true) : BigInt(value[one.bytes]()));
        break;
      }
      case "store": {
        const view = at(one.base, one.offset, one.bytes);
        const value = numberOf(one.source);
        for (let n = 0; n < one.bytes; n++) view.setUint8(n, Number((value >> BigInt(8 * n)) & 0xffn));
        break;
      }
      default:
        throw new Error(`${one.kind} is not for this machine`);
    }
  }
  return registers;
}

function calculated(operator: string, bits: number, a: bigint, b: bigint): bigint {
  const [left, right] = [BigInt.asUintN(bits, a), BigInt.asUintN(bits, b)];
  const by = () => {
    if (right >= BigInt(bits)) throw new Error(`a shift by ${right} of ${bits} bits`);
    return right;
  };
  const RESULTS: Record<string, () => bigint> = {
    mov: () => right,
    add: () => left + right,
    sub: () => left - right,
    mul: () => left * right,
    and: () => left & right,
    or: () => left | right,
    xor: () => left ^ right,
    lsh: () => left << by(),
    rsh: () => left >> by(),
    arsh: () => BigInt.asIntN(bits, left) >> by(),
  };
  return BigInt.asUintN(bits, RESULTS[operator]?.() ?? 0n);
}

function holds(condition: Condition, bits: number, a: bigint, b: bigint): boolean {
  const signed = condition.endsWith("_s");
  const [left, right] = [a, b].map((one) =>
    signed ? BigInt.asIntN(bits, one) : BigInt.asUintN(bits, one),
  ) as [bigint, bigint];
  switch (condition.slice(0, 2)) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "lt":
      return left < right;
    case "gt":
      return left > right;
    case "le":
      return left <= right;
    case "ge":
      return left >= right;
    default:
      return (left & right) !== 0n;
  }
}
