// The program around `respond`: for frames that leave an interface (tc egress). It lets the core judge each frame that
// could be a solicitation, and hands the advertisement to the interface as if it had been received there.

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

const SOLICITATION = 78;
const ADVERTISEMENT = 86;

/** The lengths of which the core is asked. */
export const RESPOND_LENGTHS = { least: BigInt(SOLICITATION), most: BigInt(LONGEST) };

/** Counters by number. From 0 to 31 they are the core's reasons, without their sign. */
export const COUNTER = {
  /** Answered. */
  reply: 32,
  /** Passed on, as it is longer than memory, and not good by what was seen of it. */
  tooLong: 33,
  /** Dropped, as the kernel had no room for the advertisement. */
  failed: 34,
} as const;

/** What the core returns for frames of which the program knows that without asking. */
export interface Returns {
  notIpv6: number;
  tooShort: number;
  nextHeader: number;
}

const BPF_F_INGRESS = 1;
/** What the core returns for a frame that is to be dropped is at most this. */
const INVALID = -16;

const before = ({ notIpv6, tooShort, nextHeader }: Returns) => `
  r6 = r1
  w7 = ${notIpv6}
  r0 = *(u32 *)(r6 + ${SKB.protocol})
  if w0 != ${ETHERTYPE_IPV6} goto judged
  r0 = *(u32 *)(r6 + ${SKB.vlanPresent})
  if w0 != 0 goto judged
  w7 = ${tooShort}
  r8 = *(u32 *)(r6 + ${SKB.length})
  if w8 < ${SOLICITATION} goto judged

  // Most frames are no ICMPv6: of these, two bytes are read in place.
  r1 = *(u32 *)(r6 + ${SKB.data})
  r2 = *(u32 *)(r6 + ${SKB.dataEnd})
  r3 = r1
  r3 += ${SOLICITATION}
  if r3 > r2 goto copy
  r0 = *(u8 *)(r1 + 20)
  if w0 == 58 goto copy
  r0 = *(u8 *)(r1 + 14)
  w0 >>= 4
  if w0 != 6 goto copy
  w7 = ${nextHeader}
  goto judged

copy:
  ${findMemory("pass")}
  if w8 <= ${LONGEST} goto fits
  w8 = ${LONGEST}
fits:
  r1 = r6
  w2 = 0
  r3 = r${BASE}
  r3 += ${FRAME}
  w4 = w8
  call skb_load_bytes
  w7 = ${COUNTER.failed}
  if w0 != 0 goto drop
`;

const after = `
  if w7 s> 0 goto reply
  if w7 s> ${INVALID} goto judged
  r0 = *(u32 *)(r6 + ${SKB.length})
  if w0 <= ${LONGEST} goto judged
  w7 = ${COUNTER.tooLong}
  w8 = ${TC_ACT_UNSPEC}
  goto count

judged:
  w8 = ${TC_ACT_UNSPEC}
  if w7 s> ${INVALID} goto reason
  w8 = ${TC_ACT_SHOT}
reason:
  w0 = 0
  w0 -= w7
  w7 = w0
  goto count

reply:
  r1 = r6
  w2 = ${ADVERTISEMENT}
  w3 = 0
  call skb_change_tail
  w7 = ${COUNTER.failed}
  if w0 != 0 goto drop
  r1 = r6
  w2 = 0
  r3 = r${BASE}
  r3 += ${FRAME}
  w4 = ${ADVERTISEMENT}
  w5 = 0
  call skb_store_bytes
  if w0 != 0 goto drop
  r1 = *(u32 *)(r6 + ${SKB.ifindex})
  w2 = ${BPF_F_INGRESS}
  call redirect
  w8 = w0
  w7 = ${COUNTER.reply}
  goto count

drop:
  w8 = ${TC_ACT_SHOT}
count:
  ${count()}
pass:
  w0 = ${TC_ACT_UNSPEC}
  exit
`;

/** The whole program, with the core's code in the middle. */
export function aroundRespond(core: Selected, returns: Returns): Instruction[] {
  return withCore(`${before(returns)}\ncore_here:\n${after}`, core);
}
