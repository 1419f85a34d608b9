// Decoding: what the builds hold is read as another decoder reads it, and what cannot be translated is refused by its place.

import { describe, expect, test } from "vitest";
import wabt from "wabt";
import { decode, textOf } from "../../bindings/ebpf/wasm/decode.ts";
import { nameOf } from "../../bindings/ebpf/wasm/opcodes.ts";
import { BUILDS, RESPONDERS } from "../support/builds.ts";
import { functionModule, wat } from "./modules.ts";

const tools = await wabt();

/** The instructions of a module's functions as wabt writes them, one a line; its labels are numbers again. */
function disassembled(bytes: Uint8Array): string[] {
  const module = tools.readWasm(bytes, {});
  const text = module.toText({ foldExprs: false, inlineExport: false });
  module.destroy();
  return text
    .split("\n")
    .map((line) => line.replace(/;;.*|\(;@\d+;\)/g, "").trim())
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.replace(/(\(result \w+\))?\)*$/, "$1"));
}

describe.each(BUILDS)("the build $name", ({ bytes, module }) => {
  test("is decoded as wabt decodes it", () => {
    const { functionAt } = decode(bytes);
    const ours: string[] = [];
    for (let index = 0; ; index++) {
      try {
        ours.push(...functionAt(index).body.map(textOf).slice(0, -1)); // wabt writes no last end
      } catch {
        break;
      }
    }
    expect(ours).toEqual(disassembled(bytes));
  });

  test("has its functions by name", () => {
    const names = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
    expect([...decode(bytes).exports.keys()]).toEqual(names.map(({ name }) => name));
  });

  test("has each instruction at its place", () => {
    for (const index of decode(bytes).exports.values())
      for (const { at, name } of decode(bytes).functionAt(index).body)
        expect(nameOf(bytes[at] ?? 0)).toBe(name);
  });
});

test("the responders take a configuration, a frame and a length", () => {
  for (const { bytes } of RESPONDERS) {
    const { exports, functionAt } = decode(bytes);
    expect(functionAt(exports.get("respond") ?? -1).type).toEqual({
      parameters: ["i32", "i32", "i32"],
      results: ["i32"],
    });
  }
});

describe("an instruction is refused by its name and place:", () => {
  test.each([
    ["i32.div_u", "(param i32) (result i32)", "local.get 0 i32.const 3 i32.div_u"],
    ["i64.rem_s", "(param i64) (result i64)", "local.get 0 i64.const 3 i64.rem_s"],
    ["i32.clz", "(param i32) (result i32)", "local.get 0 i32.clz"],
    ["memory.grow", "(result i32)", "i32.const 1 memory.grow"],
    ["f32.const", "", "f32.const 1 drop"],
    ["unreachable", "", "unreachable"],
    ["br_table", "(param i32)", "block local.get 0 br_table 0 0 end"],
    ["call_indirect", "", "i32.const 0 call_indirect"],
    ["global.get", "(result i32)", "global.get 0"],
    ["i32.extend8_s", "(param i32) (result i32)", "local.get 0 i32.extend8_s"],
    ["instruction 0xfc", "", "i32.const 0 i32.const 0 i32.const 0 memory.fill"],
  ])("%s", (name, signature, body) => {
    const more = name === "global.get" ? "(global i32 (i32.const 0))" : "";
    const table = name === "call_indirect" ? "(table 1 funcref)" : "";
    const bytes = functionModule(signature, body, more + table);
    // A table is refused with its section, before any function.
    const [what, opcode] = table
      ? ["a table section, which has no counterpart in eBPF", 4]
      : [`${name} is not translated`];
    const message = messageOf(() => decode(bytes).functionAt(0));
    const at = Number(/^byte (0x[0-9a-f]+) of the module: /.exec(message)?.[1]);
    expect(message).toBe(`byte 0x${at.toString(16)} of the module: ${what}`);
    if (opcode !== undefined) expect(bytes[at]).toBe(opcode);
    else expect(nameOf(bytes[at] ?? 0)).toBe(name);
  });

  test.each([
    "block (result f32) f32.const 1 end drop",
    "i32.const 1 if (result f64) f64.const 1 else f64.const 2 end drop",
  ])("%s", (body) => {
    const bytes = functionModule("", body);
    expect(messageOf(() => decode(bytes).functionAt(0))).toMatch(
      /: (block|if) with parameters, or such a result, is not translated$/,
    );
  });
});

describe("a module is refused", () => {
  test.each([
    ['(import "a" "b" (func))', "import"],
    ["(func) (start 0)", "start"],
    ['(memory 1) (data (i32.const 0) "a")', "data"],
  ])("%s", (text, section) => {
    expect(messageOf(() => decode(wat(text)))).toMatch(
      new RegExp(`^byte 0x\\w+ of the module: a ${section} section, which has no counterpart in eBPF$`),
    );
  });

  test("that is none, or is cut off anywhere", () => {
    const { bytes } = RESPONDERS[0] as (typeof RESPONDERS)[0];
    for (let length = 0; length < bytes.length; length++) {
      if (WebAssembly.validate(bytes.slice(0, length))) continue; // a section less
      expect(messageOf(() => decode(bytes.slice(0, length)))).toBe("this is no valid WebAssembly module");
    }
  });

  test("with a function of floats, when that is asked for", () => {
    const module = decode(wat('(func (export "f") (param f32)) (func (export "g"))'));
    expect(module.functionAt(1).body.map(({ name }) => name)).toEqual(["end"]);
    expect(messageOf(() => module.functionAt(0))).toMatch(/: a type that is neither i32 nor i64: 0x7d$/);
    expect(messageOf(() => module.functionAt(2))).toBe("the module has no function 2");
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}
