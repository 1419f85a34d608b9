// The tests that every runtime runs: the vectors, the rules, and the package as its users call it.
import { startTests, type Task, type VitestRunner } from "@vitest/runner";

/** What became of the tests, by their full names; a failure with its message. */
export interface Report {
  passed: string[];
  failed: Record<string, string>;
}

// Loading comes first: the others start with the core loaded.
export const FILES: Record<string, () => Promise<unknown>> = {
  "sixplane/loading": () => import("../sixplane/loading.test.ts"),
  "sixplane/api": () => import("../sixplane/api.test.ts"),
  "core/rules": () => import("../core/rules.test.ts"),
  "core/vectors": () => import("../core/vectors.test.ts"),
  "sixplane/sender": () => import("../sixplane/sender.test.ts"),
  "sixplane/values": () => import("../sixplane/values.test.ts"),
  "sixplane/text": () => import("../sixplane/text.test.ts"),
  "capture/api": () => import("../capture/api.test.ts"),
};

/** Runs one file of tests after the other. */
export async function run(): Promise<Report> {
  const report: Report = { passed: [], failed: {} };
  for (const name in FILES) {
    for (const file of await startTests([name], runner)) collect(file, name, report);
  }
  return report;
}

const runner: VitestRunner = {
  importFile: (name) => FILES[name]?.(),
  config: {
    root: "/",
    name: undefined,
    allowOnly: false,
    testNamePattern: undefined,
    setupFiles: [],
    passWithNoTests: false,
    sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
    maxConcurrency: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
    chaiConfig: undefined,
  },
};

function collect(task: Task, name: string, report: Report): void {
  const errors = task.result?.errors?.map(({ message, stack }) => stack ?? message) ?? [];
  if (task.type === "suite") for (const one of task.tasks) collect(one, `${name} > ${one.name}`, report);
  if (errors.length > 0) report.failed[name] = errors.join("\n");
  else if (task.type === "test" && task.result?.state === "pass") report.passed.push(name);
  else if (task.type === "test") report.failed[name] = `not run: ${task.result?.state ?? task.mode}`;
}
