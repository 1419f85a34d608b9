// Translates a build of the core to an eBPF program: decode, lower, select, allocate, encode.

import { allocate } from "./code/allocate.ts";
import { type Encoded, encode } from "./code/encode.ts";
import type { Instruction } from "./code/instruction.ts";
import { type Selected, selectInstructions } from "./code/select.ts";
import { withoutDead, withoutIdle } from "./code/tidy.ts";
import { TranslationError } from "./error.ts";
import { lower } from "./form/lower.ts";
import { BASE, FRAME, MEMORY, RECORD, STACK } from "./program/memory.ts";
import { aroundPermits, PERMITS_LENGTHS } from "./program/permits.ts";
import { aroundRespond, RESPOND_LENGTHS, type Returns } from "./program/respond.ts";
import { aroundSender } from "./program/sender.ts";
import { decode, type Module } from "./wasm/decode.ts";

export interface Program extends Encoded {
  /** The function that it was made of. */
  name: Translated;
  code: Instruction[];
  module: Module;
}

/** The machine's registers. */
const REGISTERS = [0, 1, 2, 3, 4, 5, 7, 8, 6, 9];

/** What of the core can be translated: `respond` to a program for tc egress, `permits` to one for tc ingress. */
export type Translated = "respond" | "permits";

/**
 * Translates a function of a module to a program.
 *
 * @param name by default, `respond` where the module has that
 * @param vni of the VXLAN network out of which the frames come that `permits` judges: then the node is that of the peer
 *   at the address that sent them, and else the record's
 * @throws TranslationError where the module has no such function, or one that cannot be translated
 */
export function translate(wasm: Uint8Array<ArrayBuffer>, name?: Translated, vni?: number): Program {
  const module = decode(wasm);
  const chosen = name ?? (module.exports.has("respond") ? "respond" : "permits");
  const index = module.exports.get(chosen);
  if (index === undefined) {
    const lacks = name ? `no function ${name}` : "neither respond nor permits";
    throw new TranslationError(`the module exports ${lacks}`);
  }
  const lengths = chosen === "respond" ? RESPOND_LENGTHS : PERMITS_LENGTHS;
  const routine = lower(module, index, [BigInt(RECORD), BigInt(FRAME), lengths]);
  const selected = selectInstructions(routine, { base: BASE, bytes: MEMORY });
  const whole = chosen === "respond" ? aroundRespond(selected, returnsOf(wasm)) : around(selected, vni);
  const { code } = allocate(withoutDead(whole, []), REGISTERS, STACK);
  const tidy = withoutIdle(code);
  return { ...encode(tidy), name: chosen, code: tidy, module };
}

function around(permits: Selected, vni: number | undefined): Instruction[] {
  return vni === undefined ? aroundPermits(permits) : aroundSender(permits, vni);
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
