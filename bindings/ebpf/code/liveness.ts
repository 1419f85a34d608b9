// Which registers hold what is still needed, behind each instruction.

import { type Operation, type Register, setsOf, successorsOf, usesOf } from "./instruction.ts";

/**
 * For each instruction, the registers whose values an instruction after it takes.
 *
 * @param atEnd registers that are needed where the list ends
 */
export function liveAfter(code: readonly Operation[], atEnd: readonly Register[] = []): Set<Register>[] {
  const successors = successorsOf(code);
  const before: Set<Register>[] = code.map(() => new Set());
  const after: Set<Register>[] = code.map(() => new Set());
  before.push(new Set(atEnd));
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = code.length - 1; at >= 0; at--) {
      const one = code[at] as Operation;
      const live = new Set((successors[at] ?? []).flatMap((next) => [...(before[next] ?? [])]));
      after[at] = new Set(live);
      for (const register of setsOf(one)) live.delete(register);
      for (const register of usesOf(one)) live.add(register);
      if (live.size !== before[at]?.size) changed = true; // sets only grow
      before[at] = live;
    }
  }
  return after;
}
