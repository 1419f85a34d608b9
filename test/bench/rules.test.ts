// What the core and the TAP handler are measured against does what they do, byte for byte: the rules in C and in
// TypeScript, and the derivation in TypeScript.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { derive } from "../../bench/speed/derive.ts";
import { TypeScriptResponder } from "../../bench/speed/responder.ts";
import { BUILDS, Host, NEIGHBOURS, record } from "../support/builds.ts";
import { folder } from "../support/command.ts";
import {
  hex,
  SELF,
  SELF_MAC,
  sllao,
  solicitation,
  solicitedNode,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";

const NO_COMPILER = spawnSync("cc", ["--version"]).error !== undefined;
const SOURCES = ["filter.c", "respond.c"].map((name) =>
  fileURLToPath(new URL(`../../bench/native/${name}`, import.meta.url)),
);
const FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"];
const SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

interface Question {
  record: string;
  frame: Uint8Array;
}

/** What the C program makes of the questions: `result frame`, as `ofCore` writes it. */
function ofC(questions: Question[], flags: string[]): string[] {
  using files = folder();
  execFileSync("cc", [...FLAGS, ...flags, "-o", files.path("filter"), ...SOURCES]);
  const input = questions.flatMap(({ record, frame }) => [
    hex(record),
    Uint8Array.of(frame.length & 0xff, frame.length >> 8),
    frame,
  ]);
  const output = execFileSync(files.path("filter"), { input: Buffer.concat(input), maxBuffer: 1 << 28 });
  let at = 0;
  return questions.map(({ frame }) => {
    const result = output.readInt16LE(at);
    const start = at + 2;
    at = start + (result > 0 ? result : frame.length);
    return `${result} ${toHex(output.subarray(start, at))}`;
  });
}

/** What the TypeScript makes of them, each between bytes that it must leave alone. */
function ofTypeScript(questions: Question[]): string[] {
  return questions.map(({ record, frame }) => {
    const bytes = new Uint8Array(18 + Math.max(86, frame.length) + 4).fill(0xa5);
    bytes.set(frame, 18);
    const code = new TypeScriptResponder(hex(record)).respond(bytes, 18, frame.length);
    const end = 18 + (code > 0 ? code : frame.length);
    expect(bytes.subarray(0, 18).every((byte) => byte === 0xa5)).toBe(true);
    expect(bytes.subarray(Math.max(end, 18 + frame.length)).every((byte) => byte === 0xa5)).toBe(true);
    return `${code} ${toHex(bytes.subarray(18, end))}`;
  });
}

function ofCore(questions: Question[]): string[] {
  const build = BUILDS.find(({ reasons }) => reasons);
  if (!build) throw new Error("there is no build with reasons");
  const host = new Host(build);
  return questions.map((question) => {
    const { code, frame } = host.judge(question.record, question.frame);
    return `${code} ${toHex(frame)}`;
  });
}

const seldom = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, arbitrary);
const node = fc.oneof(
  { weight: 7, arbitrary: fc.uint8Array({ minLength: 5, maxLength: 5 }).map(toHex) },
  fc.constantFrom(SELF, "0000000000", "ff00000001"),
);

/** A solicitation of one of the vectors' networks with, now and then, something wrong with it. */
const question = fc
  .record({
    network: fc.constantFrom("8056c2e21c000001", "8056c2e21c000052", "ff00160016000000"),
    modes: fc.constantFrom(3, 3, 1, 2, 7),
    sixplane: fc.boolean(),
    node,
    suffix: fc.uint8Array({ minLength: 6, maxLength: 6 }).map(toHex),
    source: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(undefined, undefined, UNSPECIFIED) },
      fc.constantFrom(`${"00".repeat(15)}01`, `ff02${"00".repeat(13)}01`, "target"),
    ),
    destination: seldom(fc.constantFrom("target", `ff02${"00".repeat(13)}01`, `ff02${"00".repeat(13)}02`)),
    ethernetDestination: seldom(fc.constantFrom("ffffffffffff", "0211223344ff", "owner")),
    ethernetSource: seldom(fc.constantFrom("000000000000", "333300000001", "owner")),
    options: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      fc
        .array(
          fc.constantFrom(
            sllao(SELF_MAC),
            sllao(SELF_MAC),
            "0e01112233445566",
            `0102${"5a".repeat(14)}`,
            "0100",
            "0503",
            "5a5a5a5a",
          ),
          { maxLength: 3 },
        )
        .map((list) => list.join("")),
    ),
    padding: fc.constantFrom("", "", "00".repeat(4), "a5".repeat(100)),
    spoilt: seldom(
      fc.constantFrom(
        { ethertype: "0800" },
        { versionClassFlow: "40000000" },
        { payloadLength: "0010" },
        { nextHeader: "00" },
        { hopLimit: "40" },
        { type: "88" },
        { code: "01" },
        { checksum: "1234" },
        { reserved: "80000001" },
      ),
    ),
    changes: seldom(fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { minLength: 1, maxLength: 2 })),
    cut: seldom(fc.nat(140)),
  })
  .map(
    ({
      network,
      modes,
      sixplane,
      node,
      suffix,
      spoilt,
      changes,
      cut,
      options,
      padding,
      ...given
    }): Question => {
      const halves = hex(network)
        .slice(0, 4)
        .map((byte, i) => byte ^ (hex(network)[i + 4] ?? 0));
      const target = sixplane ? `fc${toHex(halves)}${node}${suffix}` : `fd${network}9993${node}`;
      const owner = new Network(network).host(node).mac.replaceAll(":", "");
      const names: Record<string, string> = { target, owner };
      const named = Object.entries(given).flatMap(([field, value]) =>
        value === undefined ? [] : [[field, names[value] ?? value]],
      );
      const frame = solicitation({
        target,
        destination: solicitedNode(target),
        padding,
        ...(options === undefined ? {} : { options }),
        ...Object.fromEntries(named),
        ...spoilt,
      });
      for (const [at, value] of changes ?? []) if (at < frame.length) frame[at] = value;
      return { record: record(network, SELF, modes), frame: frame.subarray(0, cut ?? frame.length) };
    },
  );

const ofTap = TAP.frames.map((one) => ({ record: record(TAP.network, TAP.self), frame: hex(one.hex) }));
const ofKernel = OWNER_KERNEL.cases.map(({ in_hex }) => ({
  record: record(OWNER_KERNEL.network, OWNER_KERNEL.self),
  frame: hex(in_hex),
}));
const ofZeroTier = REPLIES.map(({ network, self, ns }) => ({
  record: record(network, self),
  frame: hex(ns),
}));

const ofVectors = [...ofTap, ...ofKernel, ...ofZeroTier];

/** That random frames got every verdict there is. */
function expectAllVerdicts(verdicts: string[]): void {
  const codes = new Set(verdicts.map((verdict) => Number.parseInt(verdict, 10)));
  expect([...codes].sort((a, b) => b - a)).toEqual([
    86, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27,
  ]);
}

describe.skipIf(NO_COMPILER)("the C responder gives the core's verdicts and replies", () => {
  test("on every vector", () => {
    expect(ofC(ofVectors, [])).toEqual(ofCore(ofVectors));
    expect(ofC(ofZeroTier, [])).toEqual(REPLIES.map(({ na }) => `86 ${na}`));
  });

  test("on frames made and broken at random, and touches no other memory", () => {
    const questions = fc.sample(question, 10_000);
    const verdicts = ofCore(questions);
    expect(ofC(questions, SANITIZERS)).toEqual(verdicts);
    expectAllVerdicts(verdicts);
  });
});

describe("the TypeScript responder gives the core's verdicts and replies", () => {
  test("on every vector", () => {
    expect(ofTypeScript(ofVectors)).toEqual(ofCore(ofVectors));
    expect(ofTypeScript(ofZeroTier)).toEqual(REPLIES.map(({ na }) => `86 ${na}`));
  });

  test("on frames made and broken at random, and touches no other memory", () => {
    const questions = fc.sample(question, 10_000);
    const verdicts = ofCore(questions);
    expect(ofTypeScript(questions)).toEqual(verdicts);
    expectAllVerdicts(verdicts);
  });
});

const textOf = (address: string) => new ipaddr.IPv6([...hex(address)]).toRFC5952String();

test("the TypeScript derivation gives every vector's addresses and MAC", () => {
  expect(ADDRESSES.map(({ network, node }) => derive(network, node))).toEqual(
    ADDRESSES.map(({ sixplane, rfc4193, mac }) => ({
      sixplane: textOf(sixplane),
      rfc4193: textOf(rfc4193),
      mac: mac.match(/../g)?.join(":"),
    })),
  );
});

describe("the neighbour's MAC in C", () => {
  const NEIGHBOUR = ["neighbour.c", "neighbour-filter.c"].map((name) =>
    fileURLToPath(new URL(`../../bench/native/${name}`, import.meta.url)),
  );

  /** What the C program answers, as `ofCore` says it. */
  function ofC(questions: string[]): string[] {
    using files = folder();
    execFileSync("cc", [...FLAGS, ...SANITIZERS, "-o", files.path("filter"), ...NEIGHBOUR]);
    const output = execFileSync(files.path("filter"), { input: hex(questions.join("")) });
    return questions.map((_, i) => toHex(output.subarray(7 * i, 7 * i + 7)));
  }

  function ofCore(questions: string[]): string[] {
    const [build] = NEIGHBOURS;
    if (!build) throw new Error("there is no such build");
    const host = new Host(build);
    return questions.map((question) => {
      host.bytes.fill(0xa5, 32, 39);
      host.bytes.set(hex(question));
      host.bytes[32] = host.exports.neighbour(0, 16, 33);
      return toHex(host.bytes.slice(32, 39));
    });
  }

  const OTHER = "0123456789";

  test.skipIf(NO_COMPILER)(
    "is the core's for the vectors, in each mode, and for what is one bit beside",
    () => {
      const questions = ADDRESSES.flatMap(({ network, node, sixplane, rfc4193 }, i) =>
        [sixplane, rfc4193].flatMap((address) => {
          const beside = hex(address);
          beside[(i >> 3) % 16] = (beside[(i >> 3) % 16] ?? 0) ^ (1 << (i & 7));
          const records = [record(network, OTHER), record(network, node), record(network, OTHER, i & 7)];
          return records.flatMap((one) => [one + address, one + toHex(beside)]);
        }),
      );
      const answers = ofCore(questions);
      expect(ofC(questions)).toEqual(answers);
      const modes = new Set(answers.map((answer) => answer.slice(0, 2)));
      expect([...modes].sort()).toEqual(["00", "01", "02"]);
    },
  );
});
