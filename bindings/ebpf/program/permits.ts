// The program around `permits`: for frames that come in on an interface (tc ingress) behind which one node is, that of the
// config record. It drops what the node may not have sent.

import type { Instruction } from "../code/instruction.ts";
import type { Selected } from "../code/select.ts";
import {
  BASE,
  count,
  ETHERTYPE_IPV6,
  FRAME,
  findMemory,
  LONGEST,
  SKB,
  TC_ACT_SHOT,
  TC_ACT_UNSPEC,
  withCore,
} from "./memory.ts";

const ETHERNET_HEADER = 14;
const HEADERS = 54;
const PAYLOAD_LENGTH = FRAME + 18;
/** What fits of a packet's payload, up to a multiple of 8 bytes, as options are. */
const SHORTENED = (LONGEST - HEADERS) & ~7;

/** The lengths of which the core is asked. */
export const PERMITS_LENGTHS = { least: BigInt(ETHERNET_HEADER), most: BigInt(LONGEST) };

/** Counters by number; below 3 they are what the core returned. */
export const PERMIT_COUNTER = {
  /** Dropped: it says something about another node, or cannot be parsed. */
  refused: 0,
  /** Permitted by its headers. */
  permitted: 1,
  /** Permitted, as a message of Neighbor Discovery that was looked at. */
  permittedWhole: 2,
  /** Dropped: a message of Neighbor Discovery that is longer than memory, and good by what was seen of it. */
  tooLong: 3,
  /** Dropped: the kernel did not give its bytes. */
  failed: 4,
} as const;

const start = `
  r6 = r1
  ${findMemory("none")}
`;

/** Of a packet that goes on behind memory, the core is told that it ends there: what the rest holds is no header. */
const before = `
  w7 = ${PERMIT_COUNTER.failed}
  r8 = *(u32 *)(r6 + ${SKB.length})
  if w8 < ${ETHERNET_HEADER} goto drop
  if w8 <= ${LONGEST} goto fits
  w8 = ${LONGEST}
fits:
  r1 = r6
  w2 = 0
  r3 = r${BASE}
  r3 += ${FRAME}
  w4 = w8
  call skb_load_bytes
  if w0 != 0 goto drop

  *(u32 *)(r10 - 8) = 0
  r1 = *(u32 *)(r6 + ${SKB.length})
  if w1 <= ${LONGEST} goto ask
  r0 = *(u16 *)(r${BASE} + ${FRAME + 12})
  if w0 != ${ETHERTYPE_IPV6} goto ask
  r2 = *(u8 *)(r${BASE} + ${PAYLOAD_LENGTH})
  w2 <<= 8
  r3 = *(u8 *)(r${BASE} + ${PAYLOAD_LENGTH + 1})
  w2 |= w3
  w2 += ${HEADERS}
  if w2 > w1 goto ask
  if w2 <= ${LONGEST} goto ask
  *(u8 *)(r${BASE} + ${PAYLOAD_LENGTH}) = 0
  *(u8 *)(r${BASE} + ${PAYLOAD_LENGTH + 1}) = ${SHORTENED}
  *(u32 *)(r10 - 8) = 1
ask:
`;

const after = `
  if w7 == ${PERMIT_COUNTER.refused} goto drop
  if w7 != ${PERMIT_COUNTER.permittedWhole} goto pass
  r0 = *(u32 *)(r10 - 8)
  if w0 == 0 goto pass
  w7 = ${PERMIT_COUNTER.tooLong}
drop:
  w8 = ${TC_ACT_SHOT}
  goto count
pass:
  w8 = ${TC_ACT_UNSPEC}
count:
  ${count()}
`;

/** Without memory, which every processor has, nothing can be judged. */
const none = `
none:
  w0 = ${TC_ACT_SHOT}
  exit
`;

/**
 * The whole program, with the core's code in the middle.
 *
 * @param found text that puts the node into the record, where it is not always the same; its ways to the label
 *   `drop` have a counter's number in register 7
 */
export function aroundPermits(core: Selected, found = ""): Instruction[] {
  return withCore(`${start}${found}${before}\ncore_here:\n${after}${none}`, core);
}
