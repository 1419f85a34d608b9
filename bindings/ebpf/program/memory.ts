// What the programs around the core share: memory, maps, numbers of the kernel's, and how the core gets into them.

import { parse } from "../code/assembly.ts";
import type { Instruction } from "../code/instruction.ts";
import type { Selected } from "../code/select.ts";

/** Where the config record lies in memory; the frame comes right behind it. */
export const RECORD = 0;
export const RECORD_BYTES = 16;
export const FRAME = 16;
/** Bytes of memory, which the verifier must be able to follow: of 1,024 it finds no end. */
export const MEMORY = 256;
/** How far the widest access may reach beyond a masked address. */
export const SLACK = 8;
/** The longest frame that has room. Of a longer one, the core is shown as much. */
export const LONGEST = MEMORY - FRAME;

/** The register that holds memory's address while the core's code runs. */
export const BASE = 9;

/** How many counters there are: what each counts, the program says. */
export const COUNTERS = 36;

/** Maps by name, and what one of their values is. */
export const MAPS = {
  memory: { kind: "processors", entries: 1, bytes: MEMORY + SLACK },
  counters: { kind: "processors", entries: COUNTERS, bytes: 8 },
} as const;
export type MapName = keyof typeof MAPS;

/** Bytes of the stack that a program uses by itself, for the keys of maps and the like. */
export const STACK = 48;

/** Fields of struct __sk_buff, by their places. */
export const SKB = {
  length: 0,
  protocol: 16,
  vlanPresent: 20,
  ifindex: 40,
  data: 76,
  dataEnd: 80,
  segments: 164,
} as const;

/** What a program says of a frame, of linux/pkt_cls.h: the next one judges it, it goes on without that, it is dropped. */
export const TC_ACT_UNSPEC = -1;
export const TC_ACT_OK = 0;
export const TC_ACT_SHOT = 2;

/** 86dd, as it lies in memory. */
export const ETHERTYPE_IPV6 = 0xdd86;

/** Finds memory, of which each processor has one; goes to the label where there is none. */
export const findMemory = (otherwise: string) => `
  *(u32 *)(r10 - 4) = 0
  r1 = map memory
  r2 = r10
  r2 += -4
  call map_lookup_elem
  if r0 == 0 goto ${otherwise}
  r${BASE} = r0
`;

/**
 * Adds to the counter whose number is in register 7.
 *
 * @param amount a number, or a register
 * @param next the label behind it
 */
export const add = (amount: "1" | "r9", next: string) => `
  *(u32 *)(r10 - 4) = r7
  r1 = map counters
  r2 = r10
  r2 += -4
  call map_lookup_elem
  if r0 == 0 goto ${next}
  r1 = *(u64 *)(r0 + 0)
  r1 += ${amount}
  *(u64 *)(r0 + 0) = r1
${next}:
`;

/** Adds to that counter, and ends with what register 8 says of the frame. */
export const count = (amount: "1" | "r9" = "1") => `
  ${add(amount, "end")}
  w0 = w8
  exit
`;

/** A program's text with the core's code in the place of `core_here:`. The core's last parameter is the frame's length. */
export function withCore(text: string, { parameters, code, result }: Selected): Instruction[] {
  const length = parameters.at(-1) as number;
  const around = text.replace("core_here:", `r${length} = r8\ncore_here:\nr7 = r${result}`);
  return parse(around).flatMap((one): Instruction[] =>
    one.kind === "label" && one.label.name === "core_here" ? code : [one],
  );
}
