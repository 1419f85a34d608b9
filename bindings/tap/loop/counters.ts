import type { InvalidReason, PassReason, Responder } from "sixplane";

// What the loop counts, in memory that it shares with the thread that opened the TAP. Only the loop writes;
// a number is written in one piece on every 64-bit machine.

/** Verdicts by what `answerInPlace` returned, negated: 0 to 31. */
const CODES = 32;
export const REPLIES = 32;
export const FORWARDED = 33;
export const BACKLOG = 34;
export const MULTICAST = 35;
export const OVERSIZED = 36;
export const UNSENT = 37;
export const LIMITED = 38;
const COUNTS = 39;

/** The memory of all of them. */
export function sharedCounts(): SharedArrayBuffer {
  return new SharedArrayBuffer(COUNTS * Float64Array.BYTES_PER_ELEMENT);
}

/**
 * What has happened to frames so far, in frames.
 *
 * @example
 * const { received, reply, dropped }: TapCounters = tap.counters();
 * console.log(`${reply} of ${received} answered, ${dropped.backlog} dropped`);
 */
export interface TapCounters {
  /** Frames that came from the kernel. */
  received: number;
  /** Of these, the solicitations that were answered. */
  reply: number;
  /** Of these, what was passed on. */
  pass: number;
  /** Of these, the solicitations that must not be answered. */
  invalid: number;
  /** Of these, by reason, where there were any. */
  reasons: Partial<Record<PassReason | InvalidReason, number>>;
  /** Frames put in the queue for `forward`. */
  forwarded: number;
  /** Frames that the kernel took from `inject`. */
  injected: number;
  /** Frames that went nowhere, by reason. */
  dropped: {
    /** Frames for which the queue had no room, as `forward` was too slow, or that were there at the end. */
    backlog: number;
    /** Multicast withheld by the option "drop". */
    multicast: number;
    /** Frames from the kernel too large for the core's memory, which are neither judged nor forwarded. */
    oversized: number;
    /** Replies that the kernel did not take: out of memory, or the interface is down. */
    unsent: number;
    /** Replies beyond the option `repliesPerSecond`. */
    limited: number;
    /** Frames from `inject` that the kernel did not take. */
    uninjected: number;
  };
}

/** What has become of the frames that were injected, which the loop does not see. */
export interface Injections {
  taken: number;
  refused: number;
}

/**
 * The counts under their names.
 *
 * @param undelivered frames that were in the queue for `forward` when the TAP was closed
 */
export function nameCounts(
  counts: Float64Array,
  undelivered: number,
  injections: Injections,
  responder: Responder,
): TapCounters {
  const count = (index: number) => counts[index] ?? 0;
  const counters: TapCounters = {
    received: count(REPLIES) + count(OVERSIZED),
    reply: count(REPLIES),
    pass: 0,
    invalid: 0,
    reasons: {},
    forwarded: count(FORWARDED) - undelivered,
    injected: injections.taken,
    dropped: {
      backlog: count(BACKLOG) + undelivered,
      multicast: count(MULTICAST),
      oversized: count(OVERSIZED),
      unsent: count(UNSENT),
      limited: count(LIMITED),
      uninjected: injections.refused,
    },
  };
  for (let code = 0; code < CODES; code++) {
    const verdict = responder.verdict(-code);
    if (verdict.kind === "reply" || count(code) === 0) continue;
    counters.received += count(code);
    counters[verdict.kind] += count(code);
    counters.reasons[verdict.reason] = (counters.reasons[verdict.reason] ?? 0) + count(code);
  }
  return counters;
}
