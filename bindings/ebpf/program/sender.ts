// The program around `permits` for frames that come out of VXLAN (tc ingress): the peer at the address that sent the
// datagram is the node for which `permits` is asked.

import type { Instruction } from "../code/instruction.ts";
import type { Selected } from "../code/select.ts";
import { BASE, RECORD, TC_ACT_UNSPEC } from "./memory.ts";
import { aroundPermits, PERMIT_COUNTER } from "./permits.ts";
import { findSender, SENDER, TUNNEL_KEY } from "./tunnel.ts";

/** Counters by number. */
export const SENDER_COUNTER = {
  ...PERMIT_COUNTER,
  /** Dropped: no peer has the address. */
  unknownSender: 5,
  /** Dropped: of another VXLAN network. */
  malformed: 6,
} as const;

const KEY = 40;
const MAC = 48;
const NODE = RECORD + 8;
const NO_EXIST = 1;

/** Both ways to a peer, IPv4 and IPv6, end in one state, or the verifier would follow all that comes behind twice. */
const found = (vni: number) => `
  ${findSender(KEY, "local")}
  if r0 == 0 goto stranger
  w7 = ${SENDER_COUNTER.malformed}
  r1 = *(u32 *)(r10 - ${KEY - TUNNEL_KEY.vni})
  if w1 != ${vni} goto drop
  r1 = *(u64 *)(r0 + ${SENDER.node})
  *(u32 *)(r${BASE} + ${NODE}) = r1
  r1 >>= 32
  *(u8 *)(r${BASE} + ${NODE + 4}) = r1
  r8 = r0
  call ktime_get_coarse_ns // to some milliseconds, which is cheaper
  *(u64 *)(r8 + ${SENDER.heard}) = r0
  *(u64 *)(r10 - 24) = 0
  w8 = 0
  goto judge

local:
  w0 = ${TC_ACT_UNSPEC}
  exit

stranger:
  *(u64 *)(r10 - ${MAC}) = 0
  r1 = r6
  w2 = 6
  r3 = r10
  r3 += -${MAC}
  w4 = 6
  call skb_load_bytes
  r1 = map strangers
  r2 = r10
  r2 += -${KEY - TUNNEL_KEY.remote}
  r3 = r10
  r3 += -${MAC}
  w4 = ${NO_EXIST}
  call map_update_elem
  w7 = ${SENDER_COUNTER.unknownSender}
  goto drop

judge:
`;

/**
 * The whole program, with the core's code in the middle.
 *
 * @param vni the VXLAN network's number, 24 bits
 */
export function aroundSender(core: Selected, vni: number): Instruction[] {
  return aroundPermits(core, found(vni));
}
