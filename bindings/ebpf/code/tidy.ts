// Takes out what does nothing: the verifier refuses a program with instructions that cannot be reached.

import { copiedBy, type Instruction, type Register, successorsOf } from "./instruction.ts";
import { liveAfter } from "./liveness.ts";

/** Without what cannot be reached, and without values that nothing takes, but for the registers needed at the end. */
export function withoutDead(code: Instruction[], atEnd: readonly Register[]): Instruction[] {
  const reached = reachable(code);
  const kept = code.filter((_, at) => reached.has(at));
  const live = liveAfter(kept, atEnd);
  const needed = kept.filter((one, at) => !isValue(one) || live[at]?.has(one.target));
  return needed.length === code.length ? code : withoutDead(needed, atEnd);
}

/** Without jumps to what comes next, copies of a register to itself, and labels to which nothing jumps. */
export function withoutIdle(code: Instruction[]): Instruction[] {
  const busy = withoutIdleSteps(code);
  const targets = new Set(busy.flatMap((one) => ("to" in one ? [one.to] : [])));
  return busy.filter((one) => one.kind !== "label" || targets.has(one.label));
}

function withoutIdleSteps(code: Instruction[]): Instruction[] {
  return code.filter((one, at) => {
    if (one.kind === "jump" || one.kind === "branch") return !labelsFrom(code, at + 1).includes(one.to);
    return !(isValue(one) && copiedBy(one) === one.target);
  });
}

/** An instruction that does no more than to put a value into a register. */
function isValue(one: Instruction): one is Instruction & { target: Register } {
  return one.kind === "alu" || one.kind === "number" || one.kind === "map" || one.kind === "load";
}

function reachable(code: Instruction[]): Set<number> {
  const successors = successorsOf(code);
  const reached = new Set<number>();
  const ahead = [0];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    if (at >= code.length || reached.has(at)) continue;
    reached.add(at);
    ahead.push(...(successors[at] ?? []));
  }
  return reached;
}

/** The labels that stand together from a place on. */
function labelsFrom(code: Instruction[], at: number): unknown[] {
  const one = code[at];
  return one?.kind === "label" ? [one.label, ...labelsFrom(code, at + 1)] : [];
}
