// How long one thing takes, in any runtime: laps over many frames, of which only the lap itself is timed.
import { Bench } from "tinybench";

export interface Lap {
  /** What is done, often enough for a clock to see it. */
  run: () => void;
  /** What one lap does so many times. */
  times: number;
  /** Undoes what a lap did; not timed. */
  prepare?: () => void;
}

/** So many laps make a sample: the clock of browsers only moves every 5 microseconds. */
const LAPS = 16;
/** Shared by all that a round times: Chromium took half a second until it ran the core at its full speed. */
const WARMUP_MILLISECONDS = 600;
const MILLISECONDS = 60;

/** The median time of each, in nanoseconds, from one round of a benchmark. */
export async function medians(laps: Record<string, Lap>): Promise<Record<string, number>> {
  const warmupTime = WARMUP_MILLISECONDS / Object.keys(laps).length;
  const bench = new Bench({ time: MILLISECONDS, warmupTime, iterations: 8 });
  for (const [name, lap] of Object.entries(laps)) {
    bench.add(name, () => {
      const milliseconds = sample(lap);
      return {
        overriddenDuration: milliseconds / (LAPS * lap.times),
        overriddenIterationCost: milliseconds,
      };
    });
  }
  await bench.run();
  return Object.fromEntries(
    bench.tasks.map(({ name, result }) => {
      if (result.state !== "completed")
        throw new Error(`${name} did not complete: ${JSON.stringify(result)}`);
      return [name, result.latency.p50 * 1e6];
    }),
  );
}

/** The milliseconds of some laps. */
function sample({ run, prepare }: Lap): number {
  let milliseconds = 0;
  for (let lap = 0; lap < LAPS; lap++) {
    prepare?.();
    const start = performance.now();
    run();
    milliseconds += performance.now() - start;
  }
  return milliseconds;
}
