import type { Responder } from "sixplane";
import { COUNTER } from "../../ebpf/program/respond.ts";

/** What has happened to the frames that an interface sends, where the kernel answers. */
export interface Counters {
  reply: number;
  pass: number;
  invalid: number;
  /** By reason, where there were any. */
  reasons: Record<string, number>;
  /** Solicitations that were passed on unjudged, as they were longer than the program's memory. */
  tooLong: number;
  dropped: { failed: number };
}

const CODES = 32;

/** The program's counters under their names. */
export function countersOf(counts: number[], responder: Responder): Counters {
  const count = (number: number) => counts[number] ?? 0;
  const counters: Counters = {
    reply: count(COUNTER.reply),
    pass: count(COUNTER.tooLong),
    invalid: 0,
    reasons: {},
    tooLong: count(COUNTER.tooLong),
    dropped: { failed: count(COUNTER.failed) },
  };
  for (let code = 0; code < CODES; code++) {
    if (count(code) === 0) continue;
    const verdict = responder.verdict(-code);
    counters[verdict.kind] += count(code);
    counters.reasons[verdict.reason] = count(code);
  }
  return counters;
}
