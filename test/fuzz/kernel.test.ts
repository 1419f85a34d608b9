// A hundred thousand cases against the Linux kernel, the same each time unless SEED says otherwise.
import { beforeEach, describe, expect, test } from "vitest";
import { BUILDS } from "../support/builds.ts";
import { expectNoInterface } from "../support/kernel.ts";
import { obstacle } from "../support/namespace.ts";
import { EXCEPTIONS } from "./exceptions.ts";
import { Difference } from "./fuzz.ts";
import { Trial } from "./kernel.ts";
import { REASONS } from "./oracle.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const CASES = 100_000;

function trialOf(name: string): Trial {
  const build = BUILDS.find((one) => one.name === name);
  if (!build) throw new Error(`there is no build ${name}`);
  return new Trial(build);
}

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

describe("the full build", () => {
  const trial = trialOf("sixplane");
  const rare = (share: number, what: string, names: string[]) =>
    names.filter((name) => !((trial.counts.get(`${what}: ${name}`) ?? 0) > share * CASES));

  test(`does what the owner's kernel does, ${CASES.toLocaleString("en")} times from seed ${SEED}`, () => {
    trial.run(SEED, 0, CASES);
    expectNoInterface();
  }, 180_000);

  test("answered when the kernel did, with the same bytes, and often", () =>
    expect(rare(0.01, "both answered", ["the asker", "all nodes"])).toEqual([]));

  test("was silent for every reason when the kernel was, and often", () =>
    expect(rare(0.005, "both silent", Object.keys(REASONS))).toEqual([]));

  test("needed every exception", () => {
    const names = EXCEPTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(rare(0.0001, "exception", names)).toEqual([]);
  });
});

test("a case that fails is told by seed, bytes and what both did, and shrunk", () => {
  // It calls no frame invalid.
  const act = () => trialOf("tiny").run(7, 0, 1_000);
  expect(act).toThrow(Difference);
  expect(act).toThrow(/^seed 7, case \d+: the owner's kernel does something else/);
  expect(act).toThrow(/network {2}[0-9a-f]{16}, node [0-9a-f]{10}, modes \d+\n {2}frame {4}[0-9a-f]*\n/);
  expect(act).toThrow(/should {3}[0-9a-f]{172}\n {2}kernel {3}silent\n\nshrunk: the owner's kernel does/);
  expect(act).toThrow(/shrunk: .*node 0{10}, modes/s);
  expectNoInterface();
});
