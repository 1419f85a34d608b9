// What the translated builds do in the kernel is what they do as WebAssembly: verdict, reason, reply, and the frame left alone.
import { describe, expect, test } from "vitest";
import { LONGEST } from "../../bindings/ebpf/program/memory.ts";
import { COUNTER } from "../../bindings/ebpf/program/respond.ts";
import { caseOf, seeded } from "../fuzz/frames.ts";
import { RESPONDERS, record } from "../support/builds.ts";
import {
  hex,
  NETWORK,
  SELF,
  SELF_MAC,
  sllao,
  solicitation,
  TARGET,
  TARGET_RFC4193,
} from "../support/frames.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";
import { noBpf, Twin } from "./twin.ts";

const SEED = 20261127;
const MUTANTS = 5_000;
const SIXPLANE = 1;
/** Solicitations with a MAC and 0 to 19 more options of 8 bytes fit into memory. */
const FIT = 20;

describe.skipIf(noBpf).each(RESPONDERS)(
  `the $name build in the kernel${noBpf ? `: ${noBpf}` : ""}`,
  (build) => {
    test("answers and passes on every vector as in WebAssembly", () => {
      using twin = new Twin(build);
      for (const { network, self, ns } of REPLIES)
        for (const modes of [1, 2, 3, 7]) twin.check(record(network, self, modes), hex(ns));
      for (const { hex: text } of TAP.frames) twin.check(record(TAP.network, TAP.self), hex(text));
      expect(twin.refused).toBe(0);
      expect(twin.compared.get(COUNTER.reply)).toBeGreaterThanOrEqual(240);
    });

    test("does with the owner kernel's 83 cases as in WebAssembly", () => {
      using twin = new Twin(build);
      expect(OWNER_KERNEL.cases).toHaveLength(83);
      for (const { in_hex } of OWNER_KERNEL.cases)
        twin.check(record(OWNER_KERNEL.network, OWNER_KERNEL.self), hex(in_hex));
      expect(twin.refused).toBe(0);
      if (build.modes & SIXPLANE) expect(twin.compared.get(COUNTER.reply)).toBeGreaterThan(10);
      if (build.reasons) expect(twin.compared.size).toBeGreaterThan(16);
    });

    test(`does with ${MUTANTS} mutants as in WebAssembly`, () => {
      using twin = new Twin(build);
      for (let index = 0; index < MUTANTS; index++) twin.checkCase(caseOf(seeded(SEED, index)));
      expect(twin.refused).toBeLessThan(MUTANTS / 20);
      if (build.reasons)
        for (const reason of [...range(1, 10), ...range(17, 27)])
          expect([...twin.compared.keys()]).toContain(reason);
    });

    test("judges a frame of any length up to its memory's, and from there on by what fits", () => {
      using twin = new Twin(build);
      const target = build.modes & SIXPLANE ? TARGET : TARGET_RFC4193;
      for (let length = 78; length <= LONGEST + 300; length++) {
        const padding = "5a".repeat(length - 78);
        twin.check(record(NETWORK, SELF), solicitation({ target, options: "", padding }));
      }
      const options = (count: number) => `${sllao(SELF_MAC)}${"0e01a1b2c3d4e5f6".repeat(count)}`;
      for (let count = 0; count < 60; count++)
        twin.check(record(NETWORK, SELF), solicitation({ target, options: options(count) }));
      expect(twin.compared.get(COUNTER.tooLong)).toBe(build.rules ? 60 - FIT : undefined);
      expect(twin.refused).toBe(0);
    });
  },
);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}
