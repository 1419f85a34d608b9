// A million cases and more, the same each time unless SEED says otherwise.
import { describe, expect, test } from "vitest";
import { RESPONDERS } from "../support/builds.ts";
import { caseOf, listed, recorded, seeded } from "./frames.ts";
import { Difference, run, Subject } from "./fuzz.ts";
import { REASONS } from "./oracle.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const CASES = 1_000_000;
/** For builds that are the full one with less in it. */
const FEWER_CASES = 200_000;

/** What must be answered often, each for a rule of its own or for a way through the core. */
const KINDS = [
  "6plane",
  "rfc4193",
  "duplicate address detection",
  "probe",
  "no option",
  "two options",
  "padding",
  "MAC of 32",
  "checksum of zero",
  "modes that there are not",
];

describe.each(RESPONDERS)("the $name build", (build) => {
  const subject = new Subject(build);
  const cases = build.reasons ? CASES : FEWER_CASES;
  const share = (what: number | string) => (subject.counts.get(what) ?? 0) / cases;

  test(`does what the oracle says, ${cases.toLocaleString("en")} times from seed ${SEED}`, () => {
    run(subject, SEED, 0, cases);
    expect(subject.untouched()).toBe(true);
  });

  test("replied in every way, and often", () => {
    expect(share(86)).toBeGreaterThan(build.modes === 3 ? 0.15 : 0.08);
    const rare = KINDS.filter((kind) => !(share(kind) > 0.002));
    const lacks = ["6plane", "rfc4193"].filter((_, i) => !(build.modes & (1 << i)));
    expect(rare).toEqual(build.rules ? lacks : ["probe"]);
  });

  test("was silent for every reason, and often", () => {
    const reasons = build.reasons ? Object.entries(REASONS) : Object.entries({ pass: 0 });
    if (!build.reasons && build.rules) reasons.push(["invalid", -16]);
    const rare = reasons.filter(([, number]) => !(share(number) > 0.01));
    expect(rare).toEqual([]);
    expect([...subject.counts.keys()].filter((one) => Number(one) <= 0)).toHaveLength(reasons.length);
  });
});

describe("a case", () => {
  test("is the same whenever it is made, and made of its list of draws", () => {
    for (let index = 0; index < 2_000; index++) {
      const { draw, list } = recorded(seeded(SEED, index));
      const one = caseOf(draw);
      caseOf(seeded(SEED + 1, index));
      expect(caseOf(seeded(SEED, index))).toEqual(one);
      expect(caseOf(listed(list))).toEqual(one);
    }
  });

  test("is a plain solicitation where nothing was drawn", () => {
    const { frame } = caseOf(listed([]));
    expect(frame).toHaveLength(78);
    const [build] = RESPONDERS;
    const subject = new Subject(build as NonNullable<typeof build>);
    subject.check(caseOf(listed([])));
    expect(subject.counts.get(86)).toBe(1);
  });

  test("that fails is told by seed, bytes and both verdicts, and shrunk", () => {
    const [full] = RESPONDERS;
    // Taken for a build without reasons, the full one is wrong about every frame that it does not answer.
    const wrong = { ...(full as NonNullable<typeof full>), reasons: false };
    const act = () => run(new Subject(wrong), 7, 0, 100);
    expect(act).toThrow(Difference);
    expect(act).toThrow(/^seed 7, case \d+: the sixplane build gives another verdict/);
    expect(act).toThrow(/network {2}[0-9a-f]{16}, node [0-9a-f]{10}, modes \d+\n {2}frame {4}[0-9a-f]*\n/);
    expect(act).toThrow(/oracle {3}(0|-16)\n {2}core {5}-\d+\n\nshrunk: the sixplane build gives/);
    expect(act).toThrow(/shrunk: .*network {2}0{16}, node 0{10}, modes/s);
  });
});
