// Encoding: the bytes are those that clang makes of the same text, and what is placed in registers is right.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allocate } from "../../bindings/ebpf/code/allocate.ts";
import { format, parse } from "../../bindings/ebpf/code/assembly.ts";
import { encode } from "../../bindings/ebpf/code/encode.ts";
import { type Operation, successorsOf } from "../../bindings/ebpf/code/instruction.ts";
import { withoutDead, withoutIdle } from "../../bindings/ebpf/code/tidy.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import { RESPONDERS } from "../support/builds.ts";
import { folder } from "../support/command.ts";
import { execute } from "./machine.ts";

const noClang = spawnSync("clang", ["--version"]).status === 0 ? undefined : "no clang";

/** The bytes of a program's section as LLVM assembles the text. */
function assembled(text: string): Uint8Array {
  using files = folder();
  writeFileSync(files.path("program.s"), `${text}\n`);
  const object = files.path("program.o");
  execFileSync("clang", ["--target=bpf", "-mcpu=v3", "-c", files.path("program.s"), "-o", object]);
  const sections = execFileSync("readelf", ["-SW", object], { encoding: "utf8" });
  const [, at = "", size = ""] = / \.text +PROGBITS +\w+ (\w+) (\w+)/.exec(sections) ?? [];
  const start = Number.parseInt(at, 16);
  return new Uint8Array(readFileSync(object).subarray(start, start + Number.parseInt(size, 16)));
}

/** The program as LLVM reads it: its helpers are numbers, its labels have names of their own, and a map is 0. */
function forLlvm(code: readonly Operation[]): string {
  const names = new Map(code.filter((one) => one.kind === "label").map(({ label }, n) => [label, `L${n}`]));
  const HELPERS: Record<string, number> = {
    map_lookup_elem: 1,
    skb_store_bytes: 9,
    redirect: 23,
    skb_load_bytes: 26,
    skb_change_tail: 38,
  };
  return code
    .map((one) => format(one, (label) => names.get(label) ?? label.name))
    .map((line) =>
      line.replace(/map \w+/, "0 ll").replace(/^call (\w+)/, (_, name) => `call ${HELPERS[name]}`),
    )
    .join("\n");
}

const EVERY_KIND = `
  start:
  ${["=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "s>>="].flatMap((sign) => [`r1 ${sign} r2`, `w3 ${sign} w4`, `r5 ${sign} 7`, `w6 ${sign} 9`]).join("\n")}
  r1 = -2147483648
  w1 = -1
  r2 = -81985529216486896 ll
  r3 = 4294967295 ll
  ${[8, 16, 32, 64].flatMap((bits) => [`r1 = *(u${bits} *)(r2 + 32767)`, `*(u${bits} *)(r10 - 512) = r9`, `r1 = *(u${bits} *)(r2 - 8)`]).join("\n")}
  ${["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"].flatMap((sign) => [`if r1 ${sign} r2 goto start`, `if w3 ${sign} w4 goto end`, `if r5 ${sign} -7 goto end`, `if w6 ${sign} 9 goto start`]).join("\n")}
  goto start
  call skb_store_bytes
  end:
  exit`;

/** What this assembler does not know before its fourth version: stores of numbers, and jumps that ask for common bits. */
const NEWER = /^\*\(u\d+ \*\)\(r\d+ [+-] \d+\) = -?\d+$|^if \w+ & /;
const IDLE = [0xbf, 0, 0, 0, 0, 0, 0, 0];

/** Bytes of the code, and of what LLVM makes of it, with `r0 = r0` for what it does not know. */
function bothWays(code: Operation[]): [Uint8Array, Uint8Array] {
  const lines = forLlvm(code).split("\n");
  const theirs = assembled(lines.map((line) => (NEWER.test(line) ? "r0 = r0" : line)).join("\n"));
  const { bytes, places, relocations } = encode(code);
  for (const [n, line] of lines.entries()) if (NEWER.test(line)) bytes.set(IDLE, 8 * (places[n] ?? 0));
  for (const { at } of relocations) bytes[8 * at + 1] = (bytes[8 * at + 1] ?? 0) & 0x0f; // a map, not a number
  return [bytes, theirs];
}

describe("as LLVM", () => {
  test("encodes every kind of instruction", ({ skip }) => {
    skip(noClang !== undefined, noClang);
    const [ours, theirs] = bothWays(parse(EVERY_KIND));
    expect(ours).toEqual(theirs);
  });

  for (const { name, bytes } of RESPONDERS) {
    test(`encodes the build ${name}`, ({ skip }) => {
      skip(noClang !== undefined, noClang);
      const [ours, theirs] = bothWays(translate(bytes).code);
      expect(ours).toEqual(theirs);
    });
  }

  test.each([
    // opcode, registers, offset, immediate: RFC 9669, §4.3 and §5.2
    ["*(u8 *)(r1 + 2) = 3", [0x72, 0x01, 2, 0, 3, 0, 0, 0]],
    ["*(u64 *)(r10 - 8) = -1", [0x7a, 0x0a, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["if r1 & r2 goto end", [0x4d, 0x21, 0, 0, 0, 0, 0, 0]],
    ["if w3 & 7 goto end", [0x46, 0x03, 0, 0, 7, 0, 0, 0]],
  ])("or, where it does not know it, as the RFC: %s", (line, bytes) => {
    expect([...encode(parse(`${line}\nend:`)).bytes]).toEqual(bytes);
  });
});

describe("text", () => {
  test("of every kind is read as it is written", () => {
    const lines = parse(`${EVERY_KIND}\nr1 = map counters\n*(u32 *)(r1 + 4) = -5`).map((one) => format(one));
    expect(parse(lines.join("\n")).map((one) => format(one))).toEqual(lines);
    expect(lines).toContain("*(u32 *)(r1 + 4) = -5");
  });

  test.each([
    ["r1 := 5", '":=" must be one of =, +=, -=, *=, &=, |=, ^=, <<=, >>=, s>>='],
    ["r1 = five", '"five" is neither a register nor a number'],
    [
      "call me",
      '"me" must be one of map_lookup_elem, map_update_elem, ktime_get_ns, skb_store_bytes, clone_redirect, ' +
        "skb_get_tunnel_key, skb_set_tunnel_key, redirect, skb_load_bytes, skb_change_tail, ktime_get_coarse_ns",
    ],
    ["jump", '"jump" is no eBPF instruction'],
  ])("%s is refused", (line, message) => expect(() => parse(line)).toThrow(message));
});

describe("what does nothing is taken out:", () => {
  const tidy = (text: string, atEnd: number[] = []) =>
    withoutIdle(withoutDead(parse(text), atEnd)).map((one) => format(one));

  test("code behind a jump, and what only that code takes", () => {
    const text = "r1 = 5\n goto end\n r2 = r1\n *(u8 *)(r10 - 1) = r2\n end:\n r0 = 1\n exit";
    expect(tidy(text)).toEqual(["r0 = 1", "exit"]);
  });

  test("values that nothing takes, one after the other", () => {
    expect(tidy("r1 = *(u8 *)(r10 - 1)\n r2 = r1\n r2 += 1\n r0 = 1\n exit")).toEqual(["r0 = 1", "exit"]);
  });

  test("a copy to itself, a jump to the next instruction and its label, but not the clearing of a half", () => {
    expect(tidy("r1 = r1\n w1 = w1\n if r1 == 0 goto a\n b:\n a:\n goto c\n c:\n r0 = r1\n exit")).toEqual([
      "w1 = w1",
      "r0 = r1",
      "exit",
    ]);
  });

  test("but nothing that a loop takes in its next turn", () => {
    const loop = "r1 = 0\n again:\n r0 = r1\n r1 = 5\n if r0 != 5 goto again\n exit";
    expect(tidy(loop)).toEqual(loop.split("\n").map((line) => line.trim()));
  });
});

describe("registers", () => {
  /** As many values at a time as asked for, and their sum. */
  const sum = (count: number) => {
    const virtual = Array.from({ length: count }, (_, n) => 16 + n);
    const set = virtual.map((one, n) => `r${one} = ${10 ** n}`);
    const add = virtual.map((one) => `r0 += r${one}`);
    return parse([...set, "r0 = 0", ...add, "exit"].join("\n"));
  };

  test.each([
    [4, 5, 0],
    [5, 5, 8],
    [9, 5, 40],
    [9, 3, 56],
  ])("for %i values at a time, of %i, take %i bytes of the stack", (values, registers, bytes) => {
    const free = Array.from({ length: registers }, (_, n) => n);
    const { code, stack } = allocate(sum(values), free, 8);
    expect(stack - 8).toBe(bytes);
    expect(execute(code, []).get(0)).toBe(BigInt("1".repeat(values)));
  });

  test("that a call takes hold nothing across it", () => {
    const { code } = allocate(
      parse("r16 = r6\n r1 = r6\n w2 = 1\n call redirect\n r0 = r16\n exit"),
      [0, 1, 2, 7],
    );
    expect(code.map((one) => format(one))[0]).toBe("r7 = r6");
  });

  test("are the same for both sides of a copy where that is possible", () => {
    const { code } = allocate(parse("r16 = r6\n r17 = r16\n r17 += 1\n r0 = r17\n exit"), [0, 1, 2]);
    expect(code.map((one) => format(one))).toEqual(["r0 = r6", "r0 = r0", "r0 += 1", "r0 = r0", "exit"]);
  });

  test("too few for one instruction are an error", () => {
    expect(() => allocate(sum(3), [0])).toThrow("1 registers are too few");
  });
});

test("a jump to a label that there is not is an error", () => {
  expect(() => successorsOf(parse("goto nowhere"))).toThrow("there is no label nowhere");
});
