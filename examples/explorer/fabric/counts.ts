// What it takes for every host of a fabric to know every other one's MAC.
//
// A pair of hosts takes one resolution: whoever is asked learns the asker's MAC from the question
// (RFC 4861 §7.2.3). The question is flooded: each host but the asker gets a copy. One answer comes back.

/** A solicitation with a source link-layer address, and an advertisement with a target's, in bytes. */
const FRAME = 86n;

export interface Counts {
  /** Pairs of hosts. */
  pairs: bigint;
  /** Copies of questions that hosts get. */
  questions: bigint;
  /** Answers that hosts get. */
  answers: bigint;
  /** What of both crosses the fabric, in frames and in bytes. */
  frames: bigint;
  bytes: bigint;
  /** Answers that hosts give themselves by emulation: each asks for each other, and no frame crosses the fabric. */
  emulated: bigint;
}

/** @param hosts two or more */
export function countAll(hosts: number): Counts {
  const all = BigInt(hosts);
  const pairs = (all * (all - 1n)) / 2n;
  return count(hosts, pairs);
}

/** The same for so many pairs of all. */
export function count(hosts: number, pairs: bigint): Counts {
  const questions = pairs * (BigInt(hosts) - 1n);
  const frames = questions + pairs;
  return { pairs, questions, answers: pairs, frames, bytes: frames * FRAME, emulated: 2n * pairs };
}
