// What runs the core on a chip, beside C: every engine answers what it is asked, and the core's C is no dearer.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type OnChip, onChip } from "../../bench/engines/chip.ts";
import { BUILDS, enginesOf } from "../../bench/engines/engines.ts";
import { onHost } from "../../bench/engines/host.ts";
import { noChip, noHost } from "../firmware/tools.ts";
import { folder } from "../support/command.ts";

const files = folder();
afterAll(() => files[Symbol.dispose]());

/** At most so many times the instructions of C, or of the first engine where there is no C. */
const INSTRUCTIONS: Record<string, number> = { wasm2c: 1.2, "wasm2c, unchecked": 0.8, flat: 0.8 };
/** The same of the flash. */
const FLASH: Record<string, number> = { wasm2c: 1.4, "wasm2c, unchecked": 1.2, flat: 1 };

describe.each(BUILDS)("%s", (build) => {
  const engines = enginesOf(build);

  test("takes on a Cortex-M3 what it may", async ({ skip }) => {
    skip(noChip !== undefined, noChip);
    const costs: Record<string, OnChip> = {};
    for (const engine of engines) costs[engine.name] = await onChip(build, engine, files.path(""));
    const [first] = Object.values(costs);
    if (!first) throw new Error("there is no engine");
    for (const [name, { flash, ram, instructions }] of Object.entries(costs)) {
      expect(instructions, name).toBeGreaterThan(50);
      expect(instructions / first.instructions, name).toBeLessThanOrEqual(INSTRUCTIONS[name] ?? 16);
      expect(flash / first.flash, name).toBeLessThanOrEqual(FLASH[name] ?? 120);
      expect(ram, name).toBeLessThanOrEqual(name === "wasm3" ? 6144 : 28);
    }
    expect(Object.keys(costs)).toHaveLength(build === "tiny" ? 4 : 5);
  });

  describe("on this machine", () => {
    beforeEach(({ skip }) => {
      skip(noHost !== undefined, noHost);
      skip(process.arch !== "x64", "the flat form finds no low addresses here");
    });

    test.each(engines)("is answered by $name", (engine) => {
      expect(onHost(build, engine, files.path(""))()).toBeGreaterThan(1);
    });
  });
});
