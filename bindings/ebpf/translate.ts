// Translates a build of the core to an eBPF program: decode, lower, select, allocate, encode.

import { allocate } from "./code/allocate.ts";
import { type Encoded, encode } from "./code/encode.ts";
import type { Instruction } from "./code/instruction.ts";
import { selectInstructions } from "./code/select.ts";
import { withoutDead, withoutIdle } from "./code/tidy.ts";
import { TranslationError } from "./error.ts";
import { lower } from "./form/lower.ts";
import { around, BASE, FRAME, LENGTHS, MEMORY, RECORD, type Returns, STACK } from "./program.ts";
import { decode, type Module } from "./wasm/decode.ts";

export interface Program extends Encoded {
  code: Instruction[];
  module: Module;
}

/** The machine's registers. */
const REGISTERS = [0, 1, 2, 3, 4, 5, 7, 8, 6, 9];

/**
 * Translates a module's `respond` to a program for tc egress.
 *
 * @throws TranslationError where the module has no such function, or one that cannot be translated
 */
export function translate(wasm: Uint8Array<ArrayBuffer>): Program {
  const module = decode(wasm);
  const index = module.exports.get("respond");
  if (index === undefined) throw new TranslationError("the module exports no function respond");
  const routine = lower(module, index, [BigInt(RECORD), BigInt(FRAME), LENGTHS]);
  const selected = selectInstructions(routine, { base: BASE, bytes: MEMORY });
  const whole = around(selected, returnsOf(wasm));
  const { code } = allocate(withoutDead(whole, []), REGISTERS, STACK);
  const tidy = withoutIdle(code);
  return { ...encode(tidy), code: tidy, module };
}

/** What the core says to frames that the program does not show it: asked here, once. */
function returnsOf(wasm: Uint8Array<ArrayBuffer>): Returns {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const respond = exports["respond"] as (config: number, frame: number, length: number) => number;
  const bytes = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  const said = (length: number, ...fields: [at: number, value: number][]) => {
    bytes.fill(0);
    for (const [at, value] of fields) bytes[FRAME + at] = value;
    return respond(RECORD, FRAME, length);
  };
  const ipv6: [number, number][] = [
    [12, 0x86],
    [13, 0xdd],
    [14, 0x60],
  ];
  return { notIpv6: said(78), tooShort: said(77, ...ipv6), nextHeader: said(78, ...ipv6) };
}
