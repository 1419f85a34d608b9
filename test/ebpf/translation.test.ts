// Lowering, selection and allocation: what they make of a function does what WebAssembly does, step by step.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allocate } from "../../bindings/ebpf/code/allocate.ts";
import { format } from "../../bindings/ebpf/code/assembly.ts";
import { FIRST_VIRTUAL, type Instruction, setsOf, usesOf } from "../../bindings/ebpf/code/instruction.ts";
import { type Selected, selectInstructions } from "../../bindings/ebpf/code/select.ts";
import { withoutDead, withoutIdle } from "../../bindings/ebpf/code/tidy.ts";
import { lower } from "../../bindings/ebpf/form/lower.ts";
import { decode } from "../../bindings/ebpf/wasm/decode.ts";
import { execute, MEMORY_ADDRESS } from "./machine.ts";
import { functionModule } from "./modules.ts";

const MEMORY = 256;
const BASE = 9;
/** Two for the operands of an instruction, and one that the other may be needed beside. */
/** From which register on a placed function finds its parameters. */
const PARAMETERS = 6;
const FEW = [0, 1, 2];
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8];

type Type = "i32" | "i64";
type Called = (...given: (number | bigint)[]) => number | bigint;

/** A function both ways: as WebAssembly, and translated up to each step. */
class Twin {
  readonly #call: Called;
  readonly #memory: Uint8Array;
  readonly #steps: { name: string; code: Instruction[] }[];
  readonly #selected: Selected;
  readonly #types: Type[];
  readonly #result: Type;

  constructor(bytes: Uint8Array<ArrayBuffer>, known: Parameters<typeof lower>[2] = []) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#call = exports["f"] as Called;
    this.#memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
    const module = decode(bytes);
    const index = module.exports.get("f") ?? -1;
    const { type } = module.functionAt(index);
    this.#types = type.parameters;
    this.#result = type.results[0] ?? "i32";
    this.#selected = selectInstructions(lower(module, index, known), { base: BASE, bytes: MEMORY });
    const { code, parameters, result } = this.#selected;
    const tidy = withoutDead(code, [result]);
    this.#steps = [
      { name: "selected", code },
      { name: "without what is dead", code: tidy },
      { name: "in nine registers", code: placed(tidy, parameters, result, ALL) },
      { name: "in three registers", code: placed(tidy, parameters, result, FEW) },
    ];
  }

  /** How many parameters it has. */
  get takes(): number {
    return this.#types.length;
  }

  /** Runs it on the values and, as its memory, the bytes. */
  compare(given: bigint[], bytes: Uint8Array = new Uint8Array(MEMORY)): void {
    this.#memory.set(bytes);
    const result = this.#call(...given.map((one, n) => (this.#types[n] === "i32" ? Number(one) : one)));
    const said = BigInt.asUintN(this.#result === "i32" ? 32 : 64, BigInt(result));
    for (const { name, code } of this.#steps) {
      const memory = new Uint8Array(MEMORY + 8);
      memory.set(bytes);
      const isPlaced = name.startsWith("in ");
      const registers = given.map((one, n): [number, bigint] => [
        isPlaced ? PARAMETERS + n : (this.#selected.parameters[n] ?? 0),
        BigInt.asUintN(this.#types[n] === "i32" ? 32 : 64, one),
      ]);
      const after = execute(code, [...registers, [BASE, MEMORY_ADDRESS]], memory);
      const does = after.get(isPlaced ? 0 : this.#selected.result);
      if (does === said && Buffer.compare(memory.subarray(0, MEMORY), this.#memory.subarray(0, MEMORY)) === 0)
        continue;
      const text = code.map((one) => format(one)).join("\n");
      throw new Error(`${name}, of ${given}: ${does} is not ${said}, or memory differs:\n${text}`);
    }
  }
}

/** The code in these registers, with the result in register 0. */
function placed(code: Instruction[], parameters: number[], result: number, free: number[]): Instruction[] {
  const copy = (target: number, register: number): Instruction => ({
    kind: "alu",
    operator: "mov",
    wide: true,
    target,
    source: { register },
  });
  const given = parameters.map((one, n) => copy(one, PARAMETERS + n));
  const whole: Instruction[] = [...given, ...code, copy(0, result), { kind: "exit" }];
  const done = withoutIdle(allocate(withoutDead(whole, []), free).code);
  for (const one of done)
    for (const register of [...setsOf(one), ...usesOf(one)]) expect(register).toBeLessThan(FIRST_VIRTUAL);
  return done;
}

/** Numbers at which something changes, and some between. */
const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  31n,
  32n,
  63n,
  64n,
  127n,
  128n,
  255n,
  256n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
]
  .flatMap((one) => [one, ~one])
  .concat(0xffff_ffff_0000_0000n, 0x0123_4567_89ab_cdefn, -0x8000_0000_0000_0000n);

const PAIRS = NUMBERS.flatMap((left) => NUMBERS.map((right) => [left, right]));
const OPERATORS = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u"];
const RELATIONS = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const ROTATIONS = ["rotl", "rotr"];

describe.each(["i32", "i64"] as Type[])("of %s", (type) => {
  const SIZED = PAIRS.map((pair) =>
    pair.map((one) => (type === "i32" ? BigInt.asIntN(32, one) : BigInt.asIntN(64, one))),
  );

  test.each([...OPERATORS, ...RELATIONS])("%s of two variables, and of each with a constant", (operator) => {
    const result = RELATIONS.includes(operator) ? "i32" : type;
    const both = functionModule(
      `(param ${type} ${type}) (result ${result})`,
      `local.get 0 local.get 1 ${type}.${operator}`,
    );
    const twin = new Twin(both);
    for (const pair of SIZED) twin.compare(pair);
    for (const number of NUMBERS.map((one) => BigInt.asIntN(type === "i32" ? 32 : 64, one))) {
      const right = `local.get 0 ${type}.const ${number} ${type}.${operator}`;
      const left = `${type}.const ${number} local.get 0 ${type}.${operator}`;
      for (const body of [right, left]) {
        const withConstant = new Twin(functionModule(`(param ${type}) (result ${result})`, body));
        for (const other of [0n, 1n, -1n, 8n, 0x8000_0000n, number])
          withConstant.compare([BigInt.asIntN(type === "i32" ? 32 : 64, other)]);
      }
    }
  });

  test.each(ROTATIONS)("%s by constants", (operator) => {
    for (const by of [0, 1, 8, 16, 31, 32, 33, 63, 64, 200]) {
      const body = `local.get 0 ${type}.const ${by} ${type}.${operator}`;
      const twin = new Twin(functionModule(`(param ${type}) (result ${type})`, body));
      for (const [value = 0n] of SIZED) twin.compare([value]);
    }
  });

  test("eqz, alone and twice", () => {
    for (const more of ["", "i32.eqz"]) {
      const twin = new Twin(
        functionModule(`(param ${type}) (result i32)`, `local.get 0 ${type}.eqz ${more}`),
      );
      for (const [value = 0n] of SIZED) twin.compare([value]);
    }
  });

  test("select", () => {
    const body = "local.get 0 local.get 1 local.get 2 select";
    const twin = new Twin(functionModule(`(param ${type} ${type} i32) (result ${type})`, body));
    for (const pair of SIZED.slice(0, 50))
      for (const condition of [0n, 1n, -1n]) twin.compare([...pair, condition]);
  });

  const widths =
    type === "i32" ? ["", "8_s", "8_u", "16_s", "16_u"] : ["", "8_s", "8_u", "16_s", "16_u", "32_s", "32_u"];
  const bytes = Uint8Array.from({ length: MEMORY }, (_, n) => (n * 37 + (n >> 3)) ^ 0x80);

  test.each(widths)("load%s from a constant address, and from a variable one with an offset", (width) => {
    const near = new Twin(functionModule(`(result ${type})`, `i32.const 130 ${type}.load${width} offset=5`));
    near.compare([], bytes);
    const far = new Twin(
      functionModule(`(param i32) (result ${type})`, `local.get 0 ${type}.load${width} offset=40`),
    );
    for (const at of [0n, 1n, 77n, 208n]) far.compare([at], bytes);
  });

  test.each(["", "8", "16", ...(type === "i64" ? ["32"] : [])])(
    "store%s of a variable and of constants",
    (width) => {
      const body = `local.get 0 local.get 1 ${type}.store${width} offset=3 i32.const 0`;
      const twin = new Twin(functionModule(`(param i32 ${type}) (result i32)`, body));
      for (const [value = 0n] of SIZED) twin.compare([60n, value], bytes);
      for (const number of NUMBERS) {
        const constant = BigInt.asIntN(type === "i32" ? 32 : 64, number);
        const fixed = `i32.const 9 ${type}.const ${constant} ${type}.store${width} offset=3 i32.const 0`;
        new Twin(functionModule("(result i32)", fixed)).compare([], bytes);
      }
    },
  );
});

test.each(["i64.extend_i32_s", "i64.extend_i32_u", "i32.wrap_i64"])("%s", (name) => {
  const [to = "", from = ""] = [name.slice(0, 3), name.endsWith("i64") ? "i64" : "i32"];
  const bits = from === "i64" ? 64 : 32;
  const twin = new Twin(functionModule(`(param ${from}) (result ${to})`, `local.get 0 ${name}`));
  for (const number of NUMBERS) {
    twin.compare([BigInt.asIntN(bits, number)]);
    const body = `${from}.const ${BigInt.asIntN(bits, number)} ${name}`;
    new Twin(functionModule(`(result ${to})`, body)).compare([]);
  }
});

describe("the order of things:", () => {
  const ROWS: [name: string, signature: string, body: string, more?: string][] = [
    [
      "a local taken before it is set",
      "(param i32) (result i32)",
      "local.get 0 i32.const 5 local.set 0 local.get 0 i32.sub",
    ],
    [
      "a local teed on the other side",
      "(param i32) (result i32)",
      "local.get 0 local.get 0 i32.const 1 i32.add local.tee 0 i32.mul local.get 0 i32.sub",
    ],
    [
      "a local set to what is made of it last",
      "(param i32) (result i32)",
      "i32.const 100 local.get 0 i32.sub local.set 0 local.get 0",
    ],
    [
      "a local set to a choice between itself and more",
      "(param i32) (result i32)",
      "i32.const 7 local.get 0 local.get 0 i32.const 3 i32.gt_s select local.set 0 local.get 0",
    ],
    [
      "a local set to a question about itself",
      "(param i32) (result i32)",
      "local.get 0 i32.const 2 i32.eq local.set 0 local.get 0",
    ],
    [
      "a load before a store to the same place",
      "(param i32) (result i32)",
      "i32.const 8 i32.load i32.const 8 local.get 0 i32.store i32.const 8 i32.load i32.sub",
    ],
    [
      "a value that waits beside a block",
      "(param i32) (result i32)",
      "local.get 0 block local.get 0 br_if 0 i32.const 9 local.set 0 end local.get 0 i32.add",
    ],
    [
      "a value that waits beside a loop",
      "(param i32) (result i32)",
      "local.get 0 loop local.get 0 i32.const 1 i32.add local.tee 0 i32.const 12 i32.lt_u br_if 0 end local.get 0 i32.sub",
    ],
    [
      "a loop left from inside",
      "(param i32) (result i32)",
      "block loop local.get 0 i32.const 9 i32.gt_u br_if 1 local.get 0 i32.const 3 i32.add local.set 0 br 0 end end local.get 0",
    ],
    [
      "an if that is left by a return",
      "(param i32) (result i32)",
      "local.get 0 if i32.const 3 return end i32.const 4",
    ],
    [
      "an if whose end only its beginning reaches",
      "(param i32) (result i32)",
      "local.get 0 if block br 0 end i32.const 3 return end local.get 0 i32.const 4 i32.or",
    ],
    [
      "code that cannot be reached, with blocks",
      "(param i32) (result i32)",
      "block br 0 block loop i32.const 1 local.set 0 end end end local.get 0",
    ],
    [
      "a constant that one way changes",
      "(param i32) (result i32) (local i32)",
      "i32.const 5 local.set 1 local.get 0 if i32.const 6 local.set 1 end local.get 1",
    ],
    [
      "a constant that a loop changes",
      "(param i32) (result i32) (local i32)",
      "i32.const 5 local.set 1 loop local.get 1 i32.const 1 i32.add local.tee 1 local.get 0 i32.const 15 i32.and i32.lt_u br_if 0 end local.get 1",
    ],
    [
      "a sum one of whose parts changes",
      "(param i32 i32) (result i32) (local i32)",
      "local.get 0 local.get 1 i32.add local.set 2 local.get 0 i32.const 3 i32.shl local.set 0 local.get 2 local.get 0 i32.xor",
    ],
    [
      "a sum one of whose parts one way changes",
      "(param i32 i32) (result i32) (local i32)",
      "local.get 0 local.get 1 i32.add local.set 2 local.get 0 if i32.const 40 local.set 1 end local.get 2",
    ],
    [
      "a branch that is never taken, and one that always is",
      "(param i32) (result i32)",
      "block i32.const 0 br_if 0 block i32.const 1 br_if 0 i32.const 77 local.set 0 end i32.const 2 local.get 0 i32.add local.set 0 end local.get 0",
    ],
    [
      "a call, and one more",
      "(param i32) (result i32)",
      "local.get 0 call $g local.get 0 i32.const 1 i32.add call $g i32.sub",
      "(func $g (param i32) (result i32) (local i32) local.get 0 if i32.const 3 return end local.get 1 i32.const 9 i32.add local.tee 1)",
    ],
    [
      "a call without a result, that writes",
      "(param i32) (result i32)",
      "i32.const 0 i32.load local.get 0 call $g i32.const 0 i32.load i32.sub",
      "(func $g (param i32) i32.const 0 local.get 0 i32.store)",
    ],
    [
      "a byte that is shifted, and asked whether it is 0",
      "(param i32) (result i32) (local i32)",
      "local.get 0 i32.load8_u offset=1 i32.const 3 i32.shl local.tee 1 i32.eqz if i32.const 1 return end local.get 1 local.get 0 i32.add",
    ],
    [
      "what a branch says of a number, where it leads",
      "(param i32 i32) (result i32)",
      "block local.get 0 i32.const 3 i32.gt_u br_if 0 end local.get 1 local.get 0 i32.gt_u if i32.const 7 return end i32.const 8",
    ],
    [
      "what a branch says of a number, where it does not lead",
      "(param i32 i32) (result i32)",
      "block local.get 0 i32.const 3 i32.gt_u br_if 0 local.get 1 local.get 0 i32.gt_u if i32.const 7 return end end i32.const 8",
    ],
    [
      "what an if says of a number, where only its beginning leads to its end",
      "(param i32 i32) (result i32)",
      "local.get 0 i32.const 3 i32.ge_u if i32.const 6 return end local.get 1 local.get 0 i32.lt_u if i32.const 7 return end i32.const 8",
    ],
    [
      "what an if says of a number, where its inside leads to its end, too",
      "(param i32 i32) (result i32)",
      "local.get 0 i32.const 3 i32.ge_u if local.get 1 br_if 0 i32.const 6 return end local.get 1 local.get 0 i32.lt_u if i32.const 7 return end i32.const 8",
    ],
    [
      "what an if says of a number that it sets",
      "(param i32 i32) (result i32)",
      "local.get 0 i32.const 3 i32.gt_u if i32.const 1000 local.set 0 end local.get 1 local.get 0 i32.le_u if i32.const 7 return end i32.const 8",
    ],
    [
      "an if with else, each of which sets what the other may",
      "(param i32 i32) (result i32) (local i32)",
      "i32.const 5 local.set 2 local.get 0 if local.get 1 local.set 2 else local.get 2 i32.const 1 i32.add local.set 1 end local.get 2 local.get 1 i32.sub",
    ],
    [
      "an if with else and a result, beside a value that waits",
      "(param i32 i32) (result i32)",
      "local.get 1 local.get 0 i32.const 3 i32.and if (result i32) local.get 0 i32.const 7 local.set 0 else local.get 1 i32.const 3 i32.mul end i32.sub local.get 0 i32.xor",
    ],
    [
      "an if with else and a wide result in one of the same kind",
      "(param i32 i32) (result i32)",
      "local.get 0 if (result i64) local.get 1 if (result i64) i64.const 0x123456789 else i64.const 3 end i64.const 1 i64.add else i64.const 0x7000000000 end i64.const 4 i64.shr_u i32.wrap_i64",
    ],
    [
      "an if whose one part returns, and an else whose end alone is reached",
      "(param i32 i32) (result i32)",
      "local.get 0 if i32.const 3 return else local.get 1 local.set 0 end local.get 0 local.get 1 i32.add",
    ],
    [
      "an else that returns",
      "(param i32 i32) (result i32)",
      "local.get 0 if (result i32) local.get 1 else i32.const 3 return end local.get 0 i32.add",
    ],
    [
      "an if both of whose parts return",
      "(param i32) (result i32)",
      "local.get 0 if i32.const 3 return else i32.const 4 return end i32.const 5",
    ],
    [
      "an if with else whose condition is known, either way",
      "(param i32) (result i32)",
      "i32.const 1 if (result i32) local.get 0 else i32.const 9 end i32.const 0 if (result i32) i32.const 9 else local.get 0 i32.const 2 i32.add end i32.sub",
    ],
    [
      "an if with else in code that cannot be reached",
      "(param i32) (result i32)",
      "block br 0 local.get 0 if i32.const 1 local.set 0 else i32.const 2 local.set 0 end end local.get 0",
    ],
    [
      "a branch out of an else, and a block with a result",
      "(param i32 i32) (result i32)",
      "block (result i32) block local.get 0 if local.get 1 local.set 0 else local.get 1 i32.const 3 i32.gt_u br_if 1 i32.const 8 local.set 0 end end local.get 0 end i32.const 1 i32.add",
    ],
    [
      "what an if says of a number, in its else",
      "(param i32 i32) (result i32)",
      "local.get 0 i32.const 3 i32.ge_u if i32.const 6 local.set 0 else local.get 1 local.get 0 i32.lt_u if i32.const 7 return end end local.get 1 local.get 0 i32.le_u if i32.const 5 return end i32.const 8",
    ],
    [
      "sums and differences that wrap",
      "(param i32 i32) (result i32) (local i32)",
      "i32.const 9 i32.load8_u i32.const 6 i32.sub local.set 2 local.get 0 local.get 2 i32.gt_u if i32.const 7 return end i32.const 9 i32.load8_u i32.const -2 i32.add local.set 2 local.get 1 local.get 2 i32.ge_u",
    ],
    [
      "two bytes whose shift may lose bits",
      "(param i32) (result i32) (local i32)",
      "local.get 0 i32.load16_u offset=1 i32.const 28 i32.shl local.tee 1 i32.eqz if i32.const 1 return end local.get 1",
    ],
  ];

  test.each(ROWS)("%s", (_, signature, body, more = "") => {
    const twin = new Twin(functionModule(signature, body, more));
    for (const first of [0n, 1n, 2n, 3n, 4n, 8n, 100n, 200n])
      for (const second of [0n, 1n, 3n, 4n, 50n, 300n, -3n])
        twin.compare(
          [first, second].slice(0, twin.takes),
          Uint8Array.from({ length: MEMORY }, (_, n) => n % 5),
        );
  });

  test("parameters that are known", () => {
    const body = "local.get 0 local.get 1 i32.add i32.load8_u offset=4 local.get 0 i32.mul";
    const twin = new Twin(functionModule("(param i32 i32) (result i32)", body), [17n, undefined]);
    for (const second of [0n, 1n, 200n])
      twin.compare(
        [17n, second],
        Uint8Array.from({ length: MEMORY }, (_, n) => n),
      );
  });
});

test("a parameter between two numbers, and a loop up to it", () => {
  const body =
    "local.get 1 i32.const 10 i32.sub local.set 2 loop local.get 0 i32.const 3 i32.add local.tee 0 local.get 2 i32.lt_u br_if 0 end local.get 0";
  const bytes = functionModule("(param i32 i32) (result i32) (local i32)", body);
  const twin = new Twin(bytes, [undefined, { least: 10n, most: 40n }]);
  for (const first of [0n, 5n, 29n, 30n, 31n, 100n])
    for (const second of [10n, 11n, 25n, 40n]) twin.compare([first, second]);
  // Of the end that is known, the verifier hears.
  const { code } = selectInstructions(lower(decode(bytes), 0, [undefined, { least: 10n, most: 40n }]), {
    base: BASE,
    bytes: MEMORY,
  });
  expect(code.map((one) => format(one)).filter((line) => /^if w\d+ > 30 goto/.test(line))).toHaveLength(1);
});

/** Conditions of comparisons, numbers and each other, as text. */
const CONDITION = fc.letrec<{ value: string; condition: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("local.get 0", "local.get 1", "local.get 2"),
    fc.integer({ min: -9, max: 9 }).map((one) => `i32.const ${one}`),
    tie("condition"),
    fc
      .tuple(tie("value"), tie("value"), fc.constantFrom("and", "or", "xor", "add", "shl"))
      .map(([left, right, operator]) => `${left} ${right} i32.${operator}`),
    fc.tuple(tie("value"), tie("value"), tie("condition")).map((parts) => `${parts.join(" ")} select`),
    fc.tuple(fc.constantFrom(0, 1, 2), tie("value")).map(([local, value]) => `${value} local.tee ${local}`),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(tie("value"), tie("value"), fc.constantFrom(...RELATIONS))
      .map(([left, right, relation]) => `${left} ${right} i32.${relation}`),
    fc
      .tuple(tie("condition"), tie("value"), fc.constantFrom("and", "or"))
      .map(([left, right, operator]) => `${left} ${right} i32.${operator}`),
    tie("value").map((value) => `${value} i32.eqz`),
  ),
})).condition;

test("any condition, as a jump and as a value", () => {
  const small = fc.constantFrom(0n, 1n, 2n, -1n, 3n, 8n);
  fc.assert(
    fc.property(
      CONDITION,
      fc.array(fc.tuple(small, small, small), { minLength: 3, maxLength: 8 }),
      (condition, rows) => {
        const signature = "(param i32 i32 i32) (result i32)";
        const jump = new Twin(
          functionModule(signature, `${condition} if i32.const 7 return end local.get 0`),
        );
        const value = new Twin(functionModule(signature, `${condition} local.get 1 i32.xor`));
        for (const row of rows) {
          jump.compare(row);
          value.compare(row);
        }
      },
    ),
    { numRuns: 400 },
  );
});
