// The program around `respond`: for frames that leave an interface (tc egress). It lets the core judge each frame that
// could be a solicitation, and hands the advertisement to the interface as if it had been received there.

import { parse } from "./code/assembly.ts";
import type { Instruction } from "./code/instruction.ts";
import type { Selected } from "./code/select.ts";

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

const SOLICITATION = 78;
const ADVERTISEMENT = 86;

/** The lengths of which the core is asked. */
export const LENGTHS = { least: BigInt(SOLICITATION), most: BigInt(LONGEST) };

/** The register that holds memory's address while the core's code runs. */
export const BASE = 9;

/** Counters by number. From 0 to 31 they are the core's reasons, without their sign. */
export const COUNTERS = 36;
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

/** Maps by name, and what one of their values is. */
export const MAPS = {
  memory: { entries: 1, bytes: MEMORY + SLACK },
  counters: { entries: COUNTERS, bytes: 8 },
} as const;
export type MapName = keyof typeof MAPS;

/** Bytes of the stack that the program uses for the keys of maps. */
export const STACK = 8;

// Fields of struct __sk_buff, and numbers of linux/pkt_cls.h and linux/bpf.h.
const LENGTH = 0;
const PROTOCOL = 16;
const VLAN_PRESENT = 20;
const IFINDEX = 40;
const DATA = 76;
const DATA_END = 80;
const ETHERTYPE_IPV6 = 0xdd86; // in network order
const TC_ACT_UNSPEC = -1;
const TC_ACT_SHOT = 2;
const BPF_F_INGRESS = 1;
/** What the core returns for a frame that is to be dropped is at most this. */
const INVALID = -16;

const before = ({ notIpv6, tooShort, nextHeader }: Returns) => `
  r6 = r1
  w7 = ${notIpv6}
  r0 = *(u32 *)(r6 + ${PROTOCOL})
  if w0 != ${ETHERTYPE_IPV6} goto judged
  r0 = *(u32 *)(r6 + ${VLAN_PRESENT})
  if w0 != 0 goto judged
  w7 = ${tooShort}
  r8 = *(u32 *)(r6 + ${LENGTH})
  if w8 < ${SOLICITATION} goto judged

  // Most frames are no ICMPv6: of these, two bytes are read in place.
  r1 = *(u32 *)(r6 + ${DATA})
  r2 = *(u32 *)(r6 + ${DATA_END})
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
  *(u32 *)(r10 - 4) = 0
  r1 = map memory
  r2 = r10
  r2 += -4
  call map_lookup_elem
  if r0 == 0 goto pass
  r${BASE} = r0
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
  r0 = *(u32 *)(r6 + ${LENGTH})
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
  r1 = *(u32 *)(r6 + ${IFINDEX})
  w2 = ${BPF_F_INGRESS}
  call redirect
  w8 = w0
  w7 = ${COUNTER.reply}
  goto count

drop:
  w8 = ${TC_ACT_SHOT}
count:
  *(u32 *)(r10 - 4) = r7
  r1 = map counters
  r2 = r10
  r2 += -4
  call map_lookup_elem
  if r0 == 0 goto end
  r1 = *(u64 *)(r0 + 0)
  r1 += 1
  *(u64 *)(r0 + 0) = r1
end:
  w0 = w8
  exit
pass:
  w0 = ${TC_ACT_UNSPEC}
  exit
`;

/** The whole program, with the core's code in the middle. Its last parameter is the frame's length. */
export function around({ parameters, code, result }: Selected, returns: Returns): Instruction[] {
  const length = parameters.at(-1) as number;
  const text = [before(returns), `r${length} = r8`, "core_here:", `r7 = r${result}`, after].join("\n");
  return parse(text).flatMap((one): Instruction[] =>
    one.kind === "label" && one.label.name === "core_here" ? code : [one],
  );
}
