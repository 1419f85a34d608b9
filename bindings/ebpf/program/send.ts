// The programs that send a frame into VXLAN (tc egress, behind the responder): to the peer whose MAC it is for, or to all.

import { parse } from "../code/assembly.ts";
import type { Instruction } from "../code/instruction.ts";
import { add, count, SKB, TC_ACT_OK, TC_ACT_SHOT, TC_ACT_UNSPEC } from "./memory.ts";
import { countSegments, getTunnelKey, MOST_COPIES, PLACE, TUNNEL_KEY } from "./tunnel.ts";

/** Counters by number. */
export const SEND_COUNTER = {
  /** In frames of the wire; one to several peers counts once for each. */
  sent: 0,
  /** Dropped: to a MAC that is no peer's. */
  unknownDestination: 1,
  /** Dropped: the kernel gave no memory. */
  failed: 2,
  /** Dropped: for all, which is not wanted, or too many. */
  withheld: 3,
  /** Dropped: for all, where there is nobody. */
  nobody: 4,
} as const;

const EINVAL = 22;
const MAC = 8;
const KEY = 48;
const NUMBER = 12;

/**
 * Lets the copies through that `send` has made, so that no other program judges them once more. They are the frames to
 * groups that are told already where to go.
 */
export function copies(): Instruction[] {
  return parse(`
  r6 = r1
  r1 = *(u32 *)(r6 + ${SKB.data})
  r2 = *(u32 *)(r6 + ${SKB.dataEnd})
  r3 = r1
  r3 += 1
  if r3 > r2 goto next
  r0 = *(u8 *)(r1 + 0)
  w0 &= 1
  if w0 == 0 goto next
  ${getTunnelKey(KEY, 0)}
  if r0 == -${EINVAL} goto next
  w0 = ${TC_ACT_OK}
  exit
next:
  w0 = ${TC_ACT_UNSPEC}
  exit
`);
}

/** Tells the frame to go to the place in register 7. */
const setPlace = `
  r1 = r6
  r2 = r7
  w3 = ${TUNNEL_KEY.bytes}
  r4 = *(u32 *)(r7 + ${PLACE.flags})
  call skb_set_tunnel_key
`;

/** To some milliseconds, which is cheaper: it is compared with seconds. */
const setTime = `
  call ktime_get_coarse_ns
  *(u64 *)(r7 + ${PLACE.sent}) = r0
`;

/** The frame itself stays here: what goes are copies. */
const toAll = `
  r8 = 0
  r9 = 0
copy:
  *(u32 *)(r10 - ${NUMBER}) = r8
  r1 = map everybody
  r2 = r10
  r2 += -${NUMBER}
  call map_lookup_elem
  if r0 == 0 goto copied
  r7 = r0
  r0 = *(u32 *)(r7 + ${PLACE.flags})
  if w0 == 0 goto copied
  ${setTime}
  ${setPlace}
  if r0 != 0 goto copy_failed
  r1 = r6
  r2 = *(u32 *)(r6 + ${SKB.ifindex})
  w3 = 0
  call clone_redirect
  if r0 != 0 goto copy_failed
  r9 += 1
  goto copy_next
copy_failed:
  w7 = ${SEND_COUNTER.failed}
  ${add("1", "copy_next")}
  r8 += 1
  if r8 < ${MOST_COPIES} goto copy
copied:
  w7 = ${SEND_COUNTER.sent}
  if r8 != 0 goto drop
  w9 = 1
  w7 = ${SEND_COUNTER.nobody}
  *(u32 *)(r10 - ${NUMBER}) = 0
  r1 = map everybody
  r2 = r10
  r2 += -${NUMBER}
  call map_lookup_elem
  if r0 == 0 goto drop
  r0 = *(u64 *)(r0 + ${PLACE.sent})
  if r0 == 0 goto drop
  w7 = ${SEND_COUNTER.withheld}
`;

/** The whole program. Frames to groups go to those that are in the map `everybody`. */
export function send(): Instruction[] {
  return parse(`
  r6 = r1
  *(u64 *)(r10 - ${MAC}) = 0
  w2 = 0
  r3 = r10
  r3 += -${MAC}
  w4 = 6
  call skb_load_bytes
  w7 = ${SEND_COUNTER.failed}
  w9 = 1
  if r0 != 0 goto drop
  r0 = *(u8 *)(r10 - ${MAC})
  w0 &= 1
  if w0 != 0 goto group

  r1 = map peers
  r2 = r10
  r2 += -${MAC}
  call map_lookup_elem
  w7 = ${SEND_COUNTER.unknownDestination}
  if r0 == 0 goto drop
  r7 = r0
  ${setTime}
  ${setPlace}
  w7 = ${SEND_COUNTER.failed}
  if r0 != 0 goto drop
  w7 = ${SEND_COUNTER.sent}
  ${countSegments}
  w8 = ${TC_ACT_UNSPEC}
  goto count

group:
  ${toAll}
drop:
  w8 = ${TC_ACT_SHOT}
count:
  ${count("r9")}
`);
}
