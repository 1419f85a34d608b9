// Bounds how many neighbours a peer can make the kernel have (tc ingress, behind the check of the sender): of the addresses that
// its frames name, it may have so many in use, and so many new ones a second. What is counted is as in bindings/fabric/newcomers.ts.

import { parse } from "../code/assembly.ts";
import type { Instruction } from "../code/instruction.ts";
import { count, ETHERTYPE_IPV6, TC_ACT_SHOT, TC_ACT_UNSPEC } from "./memory.ts";
import { countSegments, findSender, NAMED, SENDER } from "./tunnel.ts";

/** Counters by number. */
export const NEWCOMER_COUNTER = {
  /** Passed on to the kernel, in frames of the wire. */
  received: 0,
  /** Dropped: with more new addresses than its peer may name. */
  newAddresses: 1,
} as const;

export interface NewcomerLimits {
  /** New addresses a second, and at once. */
  rate: number;
  /** Addresses after which a generation ends: known are those of two. */
  room: number;
}

const SECOND = 1_000_000_000;

const ETHERTYPE = 12;
const TAG = 4;
const MOST_TAGS = 3;
/** As they lie in memory. */
const IPV4 = 0x0008;
const ARP = 0x0608;
const TAGS = [0x0081, 0xa888, 0x0091];
const TCP = 6;
const UDP = 17;

// On the stack, so many bytes below its end.
const TYPE = 8;
const KEY = 48;
const NAME = 72;
const VALUE = 76;
/** An IPv6 header, whose addresses are where those of others are put, too. */
const HEADER = 120;
const NEXT_HEADER = HEADER - 6;
const SOURCE = HEADER - 8;
const DESTINATION = HEADER - 24;

const load = (offset: number, at: number, bytes: number) => `
  r1 = r6
  r2 = r7
  w2 += ${offset}
  r3 = r10
  r3 += -${at}
  w4 = ${bytes}
  call skb_load_bytes
  if r0 != 0 goto received
`;

/** Addresses of four bytes, behind the ethertype. */
const loadShort = (source: number, destination: number) => `
  *(u64 *)(r10 - ${SOURCE}) = 0
  *(u64 *)(r10 - ${SOURCE - 8}) = 0
  *(u64 *)(r10 - ${DESTINATION}) = 0
  *(u64 *)(r10 - ${DESTINATION - 8}) = 0
  ${load(2 + source, SOURCE, 4)}
  ${load(2 + destination, DESTINATION, 4)}
  *(u8 *)(r10 - ${NAME - NAMED.family}) = 4
  goto source
`;

const name = (address: number) => `
  r1 = *(u64 *)(r10 - ${address})
  *(u64 *)(r10 - ${NAME - NAMED.address}) = r1
  r1 = *(u64 *)(r10 - ${address - 8})
  *(u64 *)(r10 - ${NAME - NAMED.address - 8}) = r1
`;

const whichAddresses = `
  r1 = *(u64 *)(r8 + ${SENDER.node})
  *(u64 *)(r10 - ${NAME}) = r1
  w7 = ${ETHERTYPE}
type:
  ${load(0, TYPE, 2)}
  r0 = *(u16 *)(r10 - ${TYPE})
  if w0 == ${ETHERTYPE_IPV6} goto ipv6
  if w0 == ${IPV4} goto ipv4
  if w0 == ${ARP} goto arp
  ${TAGS.map((tag) => `if w0 == ${tag} goto tag`).join("\n")}
  goto received
tag:
  w7 += ${TAG}
  if w7 <= ${ETHERTYPE + MOST_TAGS * TAG} goto type
  goto received

ipv4:
  ${loadShort(12, 16)}
arp:
  ${loadShort(14, 24)}
ipv6:
  ${load(2, HEADER, 40)}
  *(u8 *)(r10 - ${NAME - NAMED.family}) = 6
  r0 = *(u8 *)(r10 - ${NEXT_HEADER})
  if w0 == ${TCP} goto plain
  if w0 != ${UDP} goto source
plain:
  // To what comes from its own /80 and is no Neighbor Discovery, the answer goes to its one neighbour.
  r1 = *(u64 *)(r10 - ${SOURCE})
  r2 = *(u64 *)(r8 + ${SENDER.prefix})
  if r1 != r2 goto source
  r1 = *(u16 *)(r10 - ${SOURCE - 8})
  r2 = *(u16 *)(r8 + ${SENDER.prefix + 8})
  if w1 == w2 goto destination

source:
  ${name(SOURCE)}
  w9 = 1
  goto admit
destination:
  r0 = *(u8 *)(r10 - ${NAME - NAMED.family})
  if w0 != 6 goto no_group
  r0 = *(u8 *)(r10 - ${DESTINATION})
  if w0 == 255 goto received
no_group:
  ${name(DESTINATION)}
  w9 = 0
  goto admit // a jump, as older verifiers let no loop be closed by going on
`;

/** An address is known if it was named in this generation or the one before; a new one costs a token. */
const admit = ({ rate, room }: NewcomerLimits) => `
admit:
  r1 = map known
  r2 = r10
  r2 += -${NAME}
  call map_lookup_elem
  r1 = *(u32 *)(r8 + ${SENDER.generation})
  if r0 == 0 goto new
  r2 = *(u32 *)(r0 + 0)
  if w2 == w1 goto admitted
  w2 += 1
  if w2 != w1 goto new
  *(u32 *)(r0 + 0) = r1
  goto remember

new:
  call ktime_get_ns
  r1 = *(u64 *)(r8 + ${SENDER.allowed})
  if r1 > r0 goto spend
  r1 = r0
spend:
  r2 = r1
  r2 -= r0
  if r2 > ${SECOND - Math.ceil(SECOND / rate)} goto refused
  r1 += ${Math.ceil(SECOND / rate)}
  *(u64 *)(r8 + ${SENDER.allowed}) = r1
  r1 = *(u32 *)(r8 + ${SENDER.generation})
  *(u32 *)(r10 - ${VALUE}) = r1
  r1 = map known
  r2 = r10
  r2 += -${NAME}
  r3 = r10
  r3 += -${VALUE}
  w4 = 0
  call map_update_elem

remember:
  r1 = *(u32 *)(r8 + ${SENDER.named})
  w1 += 1
  *(u32 *)(r8 + ${SENDER.named}) = r1
  if w1 < ${room} goto admitted
  *(u32 *)(r8 + ${SENDER.named}) = 0
  r1 = *(u32 *)(r8 + ${SENDER.generation})
  w1 += 1
  *(u32 *)(r8 + ${SENDER.generation}) = r1
admitted:
  if w9 == 1 goto destination
`;

/** The whole program. */
export function newcomers(limits: NewcomerLimits): Instruction[] {
  return parse(`
  r6 = r1
  ${findSender(KEY, "local")}
  if r0 == 0 goto refused
  r8 = r0
  ${whichAddresses}
  ${admit(limits)}
received:
  w7 = ${NEWCOMER_COUNTER.received}
  ${countSegments}
  w8 = ${TC_ACT_UNSPEC}
  goto count
refused:
  w7 = ${NEWCOMER_COUNTER.newAddresses}
  w9 = 1
  w8 = ${TC_ACT_SHOT}
count:
  ${count("r9")}
local:
  w0 = ${TC_ACT_UNSPEC}
  exit
`);
}
