// The one table of reasons, in the core's source, and everything that must agree with it.
import { Network, type Verdict } from "sixplane";
import { describe, expect, test } from "vitest";
import { ACTIONS, REASONS as EXPLORER } from "../../examples/explorer/wire/reasons.ts";
import { readText } from "../support/files.ts";
import { TARGET } from "../support/frames.ts";
import { rows } from "./rule-rows.ts";

interface Reason {
  rule: string;
  sentence: string;
  /** As in the core: NotIpv6. */
  constant: string;
  /** As in the library: not-ipv6. */
  name: string;
  number: number;
}

const ROW = /^ {2}\/\*\* ([A-F]\d): (.+) \*\/\n {2}(\w+) = (-\d+),$/gm;
const REASONS: Reason[] = Array.from(
  readText("assembly/reason.ts").matchAll(ROW),
  ([, rule = "", sentence = "", constant = "", number]) => ({
    rule,
    sentence,
    constant,
    name: constant.replace(/\B[A-Z]/g, "-$&").toLowerCase(),
    number: Number(number),
  }),
);

const kind = ({ number }: Reason) => (number > -16 ? "pass" : "invalid");

test("each constant of the core has a rule and a sentence, and numbers of its own", () => {
  const constants = readText("assembly/reason.ts").match(/^ {2}\w+ = -\d+,$/gm);
  expect(REASONS).toHaveLength(constants?.length ?? 0);
  for (const key of ["number", "constant", "rule"] as const) {
    expect(new Set(REASONS.map((reason) => reason[key])).size).toBe(REASONS.length);
  }
});

test("the library gives these names, and no others", () => {
  const responder = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" });
  const verdicts = Array.from({ length: 32 }, (_, code): Verdict => responder.verdict(-code));
  for (const [code, verdict] of verdicts.entries()) {
    const reason = REASONS.find(({ number }) => number === -code);
    expect(verdict).toEqual({ kind: code < 16 ? "pass" : "invalid", reason: reason?.name ?? "unspecified" });
  }
});

test("sixplane.h has these names and numbers", () => {
  const rows = [...readText("bindings/c/sixplane.h").matchAll(/^ {2}X\((\w+), (-\d+), "(.*)"\)/gm)];
  expect(rows.map(([, constant, number, name]) => [constant, Number(number), name])).toEqual(
    REASONS.map(({ name, number }) => [name.replaceAll("-", "_").toUpperCase(), number, name]),
  );
});

test("the page of the core has these rows", () => {
  const page = readText("assembly/README.md");
  const rows = [...page.matchAll(/^\| (\w\d) \| (.+) \| (pass|invalid), `([\w-]+)` \((-\d+)\) \|$/gm)];
  const expected = REASONS.map((reason) => ({ ...reason, kind: kind(reason) }));
  expect(
    rows.map(([, rule, sentence, kind, name, number]) => [rule, sentence, kind, name, Number(number)]),
  ).toEqual(
    expected
      .map(({ rule, sentence, kind, name, number }) => [rule, sentence, kind, name, number])
      .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1)),
  );
});

test("each rule of the page has rows that show it, but A2, which is shown for every length", () => {
  const rules = Array.from(readText("assembly/README.md").matchAll(/^\| ([A-F]\d) \|/gm), ([, rule]) => rule);
  const shown = new Set(rows(TARGET).map(({ rule }) => rule));
  expect(rules.filter((rule) => !shown.has(rule ?? ""))).toEqual(["A2"]);
  expect([...shown].filter((rule) => !rules.includes(rule))).toEqual([]);
});

describe("the explorer", () => {
  test("has these sentences", () => {
    const { emulated, unspecified, ...sentences } = EXPLORER;
    expect(sentences).toEqual(Object.fromEntries(REASONS.map(({ name, sentence }) => [name, sentence])));
    expect(emulated).toContain("another node's address");
    expect(unspecified).toContain("no reasons");
  });

  test("says what happens at each verdict", () => {
    expect(Object.keys(ACTIONS)).toEqual(["reply", "pass", "invalid"]);
  });
});
