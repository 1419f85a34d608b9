// The fuzzer by the minute, from a seed that nobody chose: `npm run fuzz -- --minutes N [--seed S]`. It is bundled
// into dist/, from where asconfig.json is as far as from test/.
import { parseArgs } from "node:util";
import { RESPONDERS } from "../builds.ts";
import { run, Subject } from "./fuzz.ts";

/** Of one seed, so that SEED of the test has them, too. */
const CASES = 200_000;
const FEWER_CASES = 50_000;

const { minutes, seed: first } = options();
const subjects = RESPONDERS.map((build) => new Subject(build));
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
let cases = 0;
let seed = first;
try {
  do {
    for (const subject of subjects) {
      const more = subject.build.reasons ? CASES : FEWER_CASES;
      run(subject, seed, 0, more);
      if (!subject.untouched())
        throw new Error(`seed ${seed}: the ${subject.build.name} build wrote elsewhere`);
      cases += more;
    }
    const rate = Math.round(cases / elapsed());
    console.log(`seed ${seed}: no difference in ${cases} cases so far, ${rate} a second`);
    seed = (seed + 1) >>> 0;
  } while (elapsed() < minutes * 60);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function options(): { minutes: number; seed: number } {
  try {
    const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
    const minutes = Number(values.minutes ?? 1);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
    if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, got "${values.minutes}"`);
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
      throw new Error(`--seed must be a number below 2 to the power of 32, got "${values.seed}"`);
    return { minutes, seed };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}
