// What the bindings allocate per million frames, and what is in use after replies for ever more owners. A program of
// its own, as it takes flags of Node: see memory.ts.
import { readFileSync } from "node:fs";
import { ANSWER, growth, IN_PLACE, KEPT, laps, POOLS } from "./core.ts";
import { FRAMES } from "./frames.ts";
import type { Lap } from "./laps.ts";

const ROUNDS = 5;
/** Laps, that is. */
const MILLION = Math.ceil(1e6 / FRAMES);
const [, , path = ""] = process.argv;
const all = laps(new WebAssembly.Module(readFileSync(path)));

/** Bytes in use, arrays outside of the heap included. */
function usage(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The bytes that the laps allocate; none is collected meanwhile, as the space for new objects is so large. */
function allocated({ prepare, run }: Lap, laps: number): number {
  globalThis.gc?.();
  const before = usage();
  for (let lap = 0; lap < laps; lap++) {
    prepare?.();
    run();
  }
  return usage() - before;
}

/** Less what the measuring itself allocates. */
function perMillion(lap: Lap): number[] {
  return [leastAllocated(lap, MILLION) - leastAllocated(lap, 0)];
}

/** The least of some rounds: in others, the engine allocated for itself. */
function leastAllocated(lap: Lap, laps: number): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => allocated(lap, laps)));
}

/** What is in use when a million replies were given. */
function inUse(lap: Lap): number[] {
  allocated(lap, MILLION);
  globalThis.gc?.();
  return [usage()];
}

const named = (names: string[], of: (lap: Lap) => number[]) =>
  Object.fromEntries(names.map((name) => [name, of(all[name] as Lap)]));
const GARBAGE = [IN_PLACE, ANSWER, KEPT];
named(GARBAGE, perMillion); // the engine compiles for speed, for which it allocates, too
console.log(JSON.stringify({ garbage: named(GARBAGE, perMillion), inUse: named(POOLS.map(growth), inUse) }));
