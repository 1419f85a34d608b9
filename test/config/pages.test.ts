// Every target has its page, its example, and tests that run the commands of the page.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { COMMAND, sixplane } from "../support/command.ts";
import { commandsOfTarget, TARGETS } from "./page.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = readdirSync(TARGETS)
  .filter((name) => name.endsWith(".ts") && name !== "index.ts")
  .map((name) => name.slice(0, -".ts".length));

test("the modules are the targets", async () => {
  const { stdout } = await sixplane(["config", "--list", "--json"]);
  const targets: { name: string; summary: string }[] = JSON.parse(stdout);
  expect(targets.map(({ name }) => name)).toEqual(MODULES);
  const lines = (await sixplane(["config", "--list"])).stdout.trimEnd().split("\n");
  for (const [n, { name, summary }] of targets.entries())
    expect(lines[n]).toMatch(new RegExp(`^${name} +${summary}$`));
  expect(await sixplane(["config"])).toEqual(await sixplane(["config", "--list"]));
});

describe.each(MODULES)("%s", (name) => {
  test("has a page that the list links, and whose commands its own tests run", () => {
    expect(commandsOfTarget(name)).not.toEqual([]);
    expect(readFileSync(`${ROOT}/bindings/cli/config/README.md`, "utf8")).toContain(`(targets/${name}.md)`);
    const tests = readFileSync(`${ROOT}/test/config/${name}.test.ts`, "utf8");
    expect(tests).toContain(`runPage("${name}", `);
  });

  test("has help with an example that works", async () => {
    const { stdout } = await sixplane(["config", name, "--help"]);
    const [, example = ""] = /\nExample:\n {2}(.+)\n$/.exec(stdout) ?? [];
    expect(example).toContain(`sixplane config ${name}`);
    const script = `sixplane() { ${process.execPath} ${COMMAND} "$@"; }\n${example}`;
    expect(spawnSync("sh", ["-c", script], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});

test("--help says where --subnet may be repeated", async () => {
  const repeated: string[] = [];
  const taken: string[] = [];
  for (const name of MODULES) {
    const help = (await sixplane(["config", name, "--help"])).stdout.replace(/\s+/g, " ");
    if (!help.includes("--subnet <name>")) continue;
    if (help.includes("by a name; may be repeated")) repeated.push(name);
    const [, words = ""] = /Example: sixplane (config [^|]+)/.exec(help) ?? [];
    const { stderr } = await sixplane([...words.trim().split(" "), "--subnet", "one", "--subnet", "other"]);
    if (stderr === "") taken.push(name);
    else expect(stderr).toMatch(`sixplane: ${name} takes one --subnet, not `);
  }
  expect(repeated).toEqual(["docker", "facts"]);
  expect(taken).toEqual(repeated);
});

test("nothing but the command line knows of targets", () => {
  const others = readdirSync(`${ROOT}/bindings`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("cli/"))
    .map((path) => readFileSync(`${ROOT}/bindings/${path}`, "utf8"));
  expect(others.length).toBeGreaterThan(20);
  for (const source of others) expect(source).not.toMatch(/from ".*\bcli\//);
});
