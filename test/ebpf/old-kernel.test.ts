// Debian's own kernel, 6.1: its verifier lets every build run, which then does what it does as WebAssembly.
import { expect, test } from "vitest";
import { RESPONDERS } from "../support/builds.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";
import { noMachine, runInMachine } from "./old-kernel.ts";
import { MUTANTS } from "./old-kernel-mutants.ts";

test.skipIf(noMachine)(
  `loads and compares every build in Linux 6.1${noMachine ? `: ${noMachine}` : ""}`,
  async () => {
    const said = await runInMachine("test/ebpf/old-kernel-main.ts");
    const rows = said.split("\n").map((line) => JSON.parse(line));
    expect(rows.map(({ build }) => build)).toEqual(RESPONDERS.map(({ name }) => name));
    for (const { kernel, verified, compared, refused } of rows) {
      expect(kernel).toMatch(/^6\.1\./);
      expect(verified).toBeLessThan(200_000); // of a million: there is room for rules to come
      expect(compared + refused).toBe(
        REPLIES.length + OWNER_KERNEL.cases.length + TAP.frames.length + MUTANTS,
      );
      expect(refused).toBeLessThan(MUTANTS / 10);
    }
  },
  150_000,
);
