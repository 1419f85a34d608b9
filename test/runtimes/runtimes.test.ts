// Every runtime runs the body, on the package as it is installed, and passes all of it.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { noChromium } from "../support/chromium.ts";
import { DENO } from "../support/kernel.ts";
import { FILES, type Report } from "./body.ts";
import { nodeOf } from "./node.ts";
import { bodyBesidePackage, DENO_FROM_SOURCE, program, ROOT, reportOf } from "./runtime.ts";
import { Site } from "./site.ts";
import { workerd } from "./workerd.ts";

const RUN = 'import { run } from "./body.js";';
const PRINT = "console.log(JSON.stringify(await run()));";
const [deno = ""] = DENO;

describe("all tests pass", { timeout: 180_000 }, () => {
  /** The tests of the same files as Vitest lists them. */
  let expected: string[];

  beforeAll(async () => {
    const paths = Object.keys(FILES).map((name) => `test/${name}.test.ts`);
    const vitest = `${ROOT}/node_modules/vitest/vitest.mjs`;
    const { stdout } = await program([process.execPath, vitest, "list", ...paths, "--json"], ROOT);
    const listed: { name: string; file: string }[] = JSON.parse(stdout);
    expected = listed
      .map(({ name, file }) => `${relative(`${ROOT}/test`, file).replace(".test.ts", "")} > ${name}`)
      .sort();
    expect(new Set(listed.map(({ file }) => file)).size).toBe(paths.length);
  });

  function expectAll({ passed, failed }: Report): void {
    expect(failed).toEqual({});
    expect(passed.sort()).toEqual(expected);
  }

  /** Runs the body by a program that takes a module's path. */
  async function passIn(words: string[]): Promise<void> {
    using files = await bodyBesidePackage();
    writeFileSync(files.path("main.js"), `${RUN} ${PRINT}`);
    expectAll(reportOf(await program([...words, "main.js"], files.path(""))));
  }

  test.each(["20", "22", "24", "26"])("in Node %s", async (major) => {
    const node = nodeOf(major);
    expect((await program([node, "--version"], ROOT)).stdout).toMatch(new RegExp(`^v${major}\\.`));
    await passIn([node]);
  });

  test("in Bun", () => passIn([createRequire(import.meta.url).resolve("bun/bin/bun.exe"), "run"]));

  // The tests' colours ask for variables of the environment.
  test("in Deno", () => passIn([deno, "run", "--no-lock", "--node-modules-dir=manual", "--allow-env"]));

  test("in Deno, from source", () => passIn([deno, "run", "--no-lock", "--allow-env", ...DENO_FROM_SOURCE]));

  test("in workerd", async () => {
    using files = await bodyBesidePackage("imported");
    writeFileSync(files.path("worker.js"), `${RUN} export default { async test() { ${PRINT} } };`);
    expectAll(reportOf(await workerd(files, "worker.js")));
  });

  test("in Chromium", async ({ skip }) => {
    skip(noChromium !== undefined, noChromium);
    using files = await bodyBesidePackage();
    await using site = await Site.open(files.path(""), ISOLATED);
    writeFileSync(files.path("index.html"), PAGE);
    const { page, complaints } = await site.page("/index.html");
    const report = await page.evaluate(() => (globalThis as unknown as { report: Promise<Report> }).report);
    expect(complaints).toEqual([]);
    expectAll(report);
  });
});

const PAGE = `<!doctype html>
<link rel="icon" href="data:," />
<script type="importmap">{ "imports": {
  "sixplane": "/node_modules/sixplane/dist/index.js",
  "sixplane/capture": "/node_modules/sixplane/dist/capture.js"
} }</script>
<script type="module">import { run } from "/body.js"; globalThis.report = run();</script>`;

/** Pages of their own process, which alone share memory. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
