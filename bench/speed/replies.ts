// Rounds of the C program and of an engine, by turns, and what they say of each other.

import { ratio, spread } from "../spread.js";
import {
  ANSWER,
  COPIED,
  DERIVE_BYTES,
  DERIVE_TEXT,
  DERIVE_TYPESCRIPT,
  growth,
  IN_PLACE,
  POOLS,
  REPLY,
  TYPESCRIPT_REPLY,
} from "./core.ts";
import type { Engine } from "./engines.ts";
import { PASSED } from "./frames.ts";
import { PERMITS_REPLY, permittedByBindings, permittedInCore, SENDERS } from "./senders.ts";
import { misses, type Row, row } from "./table.ts";

const ROUNDS = 5;
/** While a bar is missed, rounds go on up to this many: a shared machine can be slow for many seconds. */
const MOST_ROUNDS = 25;
/** Node 20 takes 1.01 to 1.22 of C, by the processor. */
const REPLY_BAR = 1.4;
const PASSES = Object.keys(PASSED);
const [ONE_OWNER = "", ...MORE_OWNERS] = POOLS.map(growth);

/** A reply, which is measured in every engine. */
export const IN_ALL = [REPLY, TYPESCRIPT_REPLY];
/** What is measured in Node alone. */
export const IN_NODE = [
  ...IN_ALL,
  COPIED,
  IN_PLACE,
  ANSWER,
  ...PASSES,
  ONE_OWNER,
  ...MORE_OWNERS,
  DERIVE_BYTES,
  DERIVE_TEXT,
  DERIVE_TYPESCRIPT,
];
/** What is measured in a round of its own, so that it does not take time from the others. */
export const IN_SENDERS = [
  PERMITS_REPLY,
  ...Object.keys(SENDERS).flatMap((kind) => [permittedInCore(kind), permittedByBindings(kind)]),
];

/** The nanoseconds of each round, by name. */
export type Rounds = (name: string) => number[];
const C = "reply, C at gcc -O2";

/** Times the C program and the engine by turns, and makes tables of the rounds. */
export async function timed<Tables extends Record<string, Row[]>>(
  engine: Engine,
  names: string[],
  ofC: () => number,
  tablesOf: (of: Rounds) => Tables,
): Promise<Tables> {
  const all: Record<string, number>[] = [];
  for (;;) {
    all.push({ [C]: ofC(), ...(await engine.round(names)) });
    if (all.length < ROUNDS) continue;
    const tables = tablesOf((name) => all.map((round) => round[name] ?? Number.NaN));
    if (all.length === MOST_ROUNDS || !Object.values(tables).flat().some(misses)) return tables;
  }
}

/** The core beside C, and TypeScript beside the core. */
export function replyRows(engine: string, of: Rounds): Row[] {
  return [
    nanoseconds(`core in place, ${engine}`, of(REPLY), "C", of(C), REPLY_BAR),
    nanoseconds(`TypeScript, ${engine}`, of(TYPESCRIPT_REPLY), "the core", of(REPLY)),
  ];
}

export function cRow(of: Rounds): Row {
  return nanoseconds("C, gcc -O2", of(C), "C", of(C));
}

export function passRows(of: Rounds): Row[] {
  return PASSES.map((name) => nanoseconds(name, of(name), "a reply", of(REPLY), 1 / 3));
}

export function bindingsRows(of: Rounds): Row[] {
  // Both copy the frame to where the core answers it, so what they differ by is what the bindings add.
  const added = of(IN_PLACE).map((time, round) => time - (of(COPIED)[round] ?? Number.NaN));
  const inPlace = of(REPLY).map((time, round) => time + (added[round] ?? Number.NaN));
  const [reply, copied, copiedToResponder] = [REPLY, COPIED, IN_PLACE].map((name) => Math.min(...of(name)));
  const best = 1 + ((copiedToResponder ?? Number.NaN) - (copied ?? Number.NaN)) / (reply ?? Number.NaN);
  return [
    nanoseconds(ANSWER, of(ANSWER), "in place", of(REPLY), 2.5),
    { ...nanoseconds(IN_PLACE, inPlace, "in place", of(REPLY), 1.2), best },
  ];
}

/** The check of a frame's sender, beside a reply, and through the bindings beside the core. */
export function senderRows(of: Rounds): Row[] {
  return Object.entries(SENDERS).flatMap(([kind, bar]) => [
    nanoseconds(permittedInCore(kind), of(permittedInCore(kind)), "a reply", of(PERMITS_REPLY), bar),
    nanoseconds(
      permittedByBindings(kind),
      of(permittedByBindings(kind)),
      "the core",
      of(permittedInCore(kind)),
    ),
  ]);
}

export function growthRows(of: Rounds): Row[] {
  return [
    nanoseconds(ONE_OWNER, of(ONE_OWNER), "itself", of(ONE_OWNER)),
    ...MORE_OWNERS.map((name) => nanoseconds(name, of(name), "1 owner", of(ONE_OWNER), 1.1)),
  ];
}

export function derivationRows(of: Rounds): Row[] {
  return [DERIVE_BYTES, DERIVE_TEXT, DERIVE_TYPESCRIPT].map((name) => ({
    name,
    unit: "a second",
    value: spread(of(name).map((nanoseconds) => 1e9 / nanoseconds)),
    base: "TypeScript",
    ratio: ratio(of(DERIVE_TYPESCRIPT), of(name)),
    best: Math.min(...of(DERIVE_TYPESCRIPT)) / Math.min(...of(name)),
  }));
}

function nanoseconds(name: string, values: number[], base: string, bases: number[], bar?: number): Row {
  return row({ name, unit: "ns", values, base, bases, bar });
}
