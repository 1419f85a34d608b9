import { defineConfig } from "vitest/config";

// These fill the kernel's neighbour table, which all network namespaces share, flood the machine with frames, count what few
// frames it must see, or boot a machine.
const ALONE = [
  "test/bench/fabric.test.ts",
  "test/bench/network.test.ts",
  "test/cli/up.test.ts",
  "test/cli/up-life.test.ts",
  "test/config/nspawn.test.ts",
  "test/fabric/!(examples).test.ts",
  "test/firmware/tap.test.ts",
  "test/fuzz/kernel.test.ts",
  "test/tap/*.test.ts",
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: ["test/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: 3, // on two cores: many wait for other programs
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
