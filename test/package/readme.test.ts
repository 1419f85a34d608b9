// The README's commands print what it shows, and its code gives what its comments say.
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { initSync, Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { BUILDS } from "../support/builds.ts";
import { COMMAND } from "../support/command.ts";
import { installed } from "../support/packed-package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(`${ROOT}/README.md`, "utf8");

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text = ""]) => text,
  );
}

describe("the README's commands", () => {
  const runs = blocks("console").flatMap((block) => block.split(/^\$ /m).slice(1));
  const shown = runs
    .filter((run) => !/^(npm start|sixplane status)\n/.test(run)) // which take a network, or a service, of their own
    .map((run): [string, string] => {
      const [command = "", ...output] = run.trimEnd().split("\n");
      return [command, `${output.join("\n")}\n`];
    });

  test.each(shown)("%s", (command, output) => {
    expect(command).toMatch(/^sixplane /);
    const words = command.replace(/^sixplane /, `${process.execPath} ${COMMAND} `);
    const { stdout } = spawnSync("sh", ["-c", words], { cwd: ROOT, encoding: "utf8" });
    expect(stdout).toBe(output);
  });

  test("are five", () => expect(shown).toHaveLength(5));
});

describe("the README's code", () => {
  const [code = ""] = blocks("ts");
  const lines = code.split("\n");
  const claims = lines.flatMap((line) => {
    const [, expression, value] = /^(.*?); +\/\/ (["{u].*)$/.exec(line) ?? [];
    return expression && value ? [[expression, value] as [string, string]] : [];
  });
  const setup = lines
    .filter((line) => /^(const|await) /.test(line))
    .map((line) => line.replace(/await init\(\).*/, ""));

  test.each(claims)("%s is %s", (expression, value) => {
    initSync();
    const evaluate = new Function("Network", `${setup.join("\n")}\nreturn [${expression}, ${value}];`);
    const [got, claimed] = evaluate(Network);
    expect(got).toEqual(claimed);
  });

  test("makes fourteen claims", () => expect(claims).toHaveLength(14));
});

test("the README's program for captures keeps the replies that the command line makes", () => {
  using files = installed();
  const program = blocks("ts").find((block) => block.includes('"sixplane/capture"')) ?? "";
  const kernel = `${ROOT}/examples/capture/kernel.pcap`;
  writeFileSync(files.path("main.js"), program);
  copyFileSync(kernel, files.path("kernel.pcap"));
  const run = (...words: string[]) =>
    spawnSync(process.execPath, words, { cwd: files.path(""), encoding: "utf8" });
  const { stdout, stderr } = run("main.js");
  expect(stderr).toBe("");
  const host = ["--network", "8056c2e279e6f8f0", "--node", "89e92ceee5"];
  const answered = run(COMMAND, "answer", ...host, "-o", "expected.pcap", kernel).stdout;
  expect(stdout.trimEnd().split("\n")).toEqual(
    [...answered.matchAll(/^ *\d+ +reply +\S+ +(.*) is at .*$/gm)].map(([, what]) => what),
  );
  expect(readFileSync(files.path("replies.pcap"))).toEqual(readFileSync(files.path("expected.pcap")));
});

test("the README's sizes are those of the builds", () => {
  const rows = [...README.matchAll(/^\| `([\w-]+\.wasm)` \| ([\d,]+) \|/gm)].map(([, name, bytes = ""]) => [
    name,
    bytes,
  ]);
  expect(rows.map(([name]) => name)).toEqual(BUILDS.map(({ name }) => `${name}.wasm`));
  expect(README.replaceAll("\n", " ")).toContain(`WebAssembly module of ${rows[0]?.[1]} bytes`);
  for (const [name, bytes] of rows) {
    expect(statSync(`${ROOT}/dist/${name}`).size.toLocaleString("en")).toBe(bytes);
  }
});
