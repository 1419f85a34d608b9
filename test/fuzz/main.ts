// The fuzzer by the minute, from a seed that nobody chose: `npm run fuzz -- --minutes N [--seed S] [--kernel | --ebpf]`.
// It is bundled into dist/fuzz/, from where asconfig.json is as far as from test/fuzz/.
import { parseArgs } from "node:util";
import { RESPONDERS } from "../support/builds.ts";
import { caseOf, seeded } from "./frames.ts";
import { run, Subject } from "./fuzz.ts";

/** Of one seed, so that SEED of the tests has them, too. */
const CASES = 200_000;
const FEWER_CASES = 50_000;
const KERNEL_CASES = 100_000;
const EBPF_CASES = 100_000;

const { minutes, seed: first, kernel, ebpf } = options();
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
let cases = 0;
let seed = first;
try {
  const next = await (kernel ? besideKernel() : ebpf ? besideEbpf() : besideRules());
  do {
    cases += next(seed);
    const rate = Math.round(cases / elapsed());
    console.log(`seed ${seed}: no difference in ${cases} cases so far, ${rate} a second`);
    seed = (seed + 1) >>> 0;
  } while (elapsed() < minutes * 60);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Runs the cases of a seed in every build, and says how many these were. */
function besideRules(): (seed: number) => number {
  const subjects = RESPONDERS.map((build) => new Subject(build));
  return (seed) => {
    let ran = 0;
    for (const subject of subjects) {
      const more = subject.build.reasons ? CASES : FEWER_CASES;
      run(subject, seed, 0, more);
      if (!subject.untouched())
        throw new Error(`seed ${seed}: the ${subject.build.name} build wrote elsewhere`);
      ran += more;
    }
    return ran;
  };
}

/** The same in the full build, beside the Linux kernel, in a network namespace of its own. */
async function besideKernel(): Promise<(seed: number) => number> {
  const { obstacle } = await import("../support/namespace.ts");
  if (obstacle !== undefined) throw new Error(`--kernel needs a TAP in a network namespace: ${obstacle}`);
  const { Trial } = await import("./kernel.ts");
  const trial = new Trial(RESPONDERS[0] as NonNullable<(typeof RESPONDERS)[0]>);
  return (seed) => {
    trial.run(seed, 0, KERNEL_CASES);
    return KERNEL_CASES;
  };
}

/** Every build as WebAssembly, beside its translation in the kernel. */
async function besideEbpf(): Promise<(seed: number) => number> {
  const { noBpf, Twin } = await import("../ebpf/twin.ts");
  if (noBpf !== undefined) throw new Error(`--ebpf needs bpf(2): ${noBpf}`);
  const twins = RESPONDERS.map((build) => new Twin(build));
  return (seed) => {
    for (const twin of twins) {
      for (let index = 0; index < EBPF_CASES; index++) twin.checkCase(caseOf(seeded(seed, index)));
    }
    const refused = twins.reduce((sum, twin) => sum + twin.refused, 0);
    console.log(
      `the kernel's test run took all but ${refused} frames, which were too short or too long for it`,
    );
    return EBPF_CASES * twins.length;
  };
}

function options(): { minutes: number; seed: number; kernel: boolean; ebpf: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string" },
        seed: { type: "string" },
        kernel: { type: "boolean", default: false },
        ebpf: { type: "boolean", default: false },
      },
    });
    const minutes = Number(values.minutes ?? 1);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
    if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, got "${values.minutes}"`);
    if (!/^\d+$/.test(values.seed ?? "0") || seed >= 2 ** 32)
      throw new Error(`--seed must be a whole number below 2 to the power of 32, got "${values.seed}"`);
    if (values.kernel && values.ebpf)
      throw new Error("--kernel and --ebpf are two different comparisons: give one");
    return { minutes, seed, kernel: values.kernel, ebpf: values.ebpf };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}
