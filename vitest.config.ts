import { defineConfig } from "vitest/config";

// These fill the kernel's neighbour table, which all network namespaces share, flood the machine with frames, or
// measure times.
const ALONE = [
  "test/bench/**/*.test.ts",
  "test/cli/up*.test.ts",
  "test/fabric/**/*.test.ts",
  "test/firmware/tap.test.ts",
  "test/fuzz/kernel.test.ts",
  "test/tap/**/*.test.ts",
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
          maxWorkers: 2,
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
