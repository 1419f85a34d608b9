// Completion in the shells themselves, as somebody who presses Tab has it, and help.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMAND, folder, sixplane } from "../support/command.ts";

const complete = async (...words: string[]) =>
  (await sixplane(["__complete", "--", ...words])).stdout.trimEnd().split("\n");
const values = async (...words: string[]) =>
  (await complete(...words)).flatMap((line) => line.split("\t")[0] || []);

/** A folder with files, and a `sixplane` that completes, and prints all other words that it is given. */
function home() {
  const files = folder();
  mkdirSync(files.path("bin"));
  mkdirSync(files.path("empty/sources"), { recursive: true });
  writeFileSync(files.path("empty/capture.pcap"), "");
  const script = `#!/bin/sh\ncase $1 in completion|__complete) exec ${process.execPath} ${COMMAND} "$@";; esac\nprintf '<%s>' "$@"\necho ' are the words'\n`;
  writeFileSync(files.path("bin/sixplane"), script, { mode: 0o755 });
  return files;
}

/** What a line is completed to, and the words that it has then, but for a slash behind a folder: zsh takes it away. */
const LINES = [
  ["conf", "<config>"],
  ["config dock", "<config><docker>"],
  ["help config dock", "<help><config><docker>"],
  ["config docker --eng", "<config><docker><--engine>"],
  ["emit tiny --format he", "<emit><tiny><--format><header>"],
  ["emit tiny --format=he", "<emit><tiny><--format=header>"],
  ["up --multicast f", "<up><--multicast><forward>"],
  ["emit tiny -o sou", "<emit><tiny><-o><sources>"],
  ["emit tiny --output=sou", "<emit><tiny><--output=sources>"],
  ["answer 8056c2e21c000001 89e92ceee5 cap", "<answer><8056c2e21c000001><89e92ceee5><capture.pcap>"],
  ["up --name cap", "<up><--name><cap>"],
  ["emit tiny -o cap", "<emit><tiny><-o><cap>"],
] as const;

/** Starts an interactive shell on a terminal, types lines with a Tab at their ends, and gives what each line was then. */
async function typed(
  files: { path(name: string): string },
  shell: string,
  setup: string,
  lines: readonly string[],
) {
  const env = {
    ...process.env,
    PATH: `${files.path("bin")}:${process.env["PATH"]}`,
    HOME: files.path(""),
    TERM: "dumb",
  };
  const child = spawn("script", ["-qec", shell, "/dev/null"], { cwd: files.path("empty"), env });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const found: string[] = [];
  const until = async (pattern: RegExp) => {
    for (;;) {
      const [text] = pattern.exec(output) ?? [];
      if (text !== undefined) {
        output = "";
        return text;
      }
      await once(child.stdout, "data");
    }
  };
  child.stdin.write(`${setup}\necho ready | tr a-z A-Z\n`);
  await until(/READY/);
  for (const line of lines) {
    child.stdin.write(`sixplane ${line}\t\n`);
    found.push((await until(/<.*> are the words/)).replace(/\/?> are the words/, ">"));
  }
  child.stdin.end("exit\n");
  await once(child, "close");
  return found;
}

describe("completion", () => {
  const SHELLS = [
    ["bash", "bash --noprofile --norc", "source <(sixplane completion bash)"],
    ["zsh", "zsh -f", "autoload -U compinit; compinit -u; source <(sixplane completion zsh)"],
  ] as const;

  test.for(SHELLS)("in %s completes what is typed", async ([shell, start, setup], { skip }) => {
    skip(spawnSync(shell, ["--version"]).status !== 0, `${shell} is not installed`);
    skip(
      spawnSync("script", ["-qec", "true", "/dev/null"]).status !== 0,
      "there is no script to be a terminal",
    );
    using files = home();
    const found = await typed(
      files,
      start,
      setup,
      LINES.map(([line]) => line),
    );
    expect(found).toEqual(LINES.map(([, words]) => words));
  });

  test("in fish offers what may follow", async ({ skip }) => {
    skip(spawnSync("fish", ["--version"]).status !== 0, "fish is not installed");
    using files = home();
    const env = { ...process.env, PATH: `${files.path("bin")}:${process.env["PATH"]}`, HOME: files.path("") };
    const asked = LINES.map(([line]) => `complete -C 'sixplane ${line}'; echo END`).join("\n");
    const { stdout, stderr } = spawnSync("fish", ["-c", `sixplane completion fish | source\n${asked}`], {
      cwd: files.path("empty"),
      env,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const offers = stdout
      .split("END\n")
      .slice(0, -1)
      .map((text) => (text.split(/[\t\n]/)[0] ?? "").replace(/\/$/, ""));
    for (const [n, [line, words]] of LINES.entries()) {
      const last = /<([^<]*)>$/.exec(words)?.[1] ?? "";
      expect([line, offers[n]]).toEqual([line, line.endsWith(last) ? "" : last]);
    }
  });

  test("comes from the table of commands: it offers what their help lists", async () => {
    const listed = (help: string, heading: string) =>
      (new RegExp(`^${heading}:\n((?: .*\n)+)`, "m").exec(help)?.[1] ?? "").matchAll(
        /^ {2}(?:-\w, )?(\S+)/gm,
      );
    const names = (help: string, heading: string) => Array.from(listed(help, heading), ([, name]) => name);
    const { stdout } = await sixplane(["--help"]);
    const commands = await values("");
    expect(commands.sort()).toEqual(names(stdout, "Commands").sort());
    const check = async (command: string) => {
      const help = (await sixplane(["help", command])).stdout;
      expect((await values(command, "-")).sort()).toEqual(names(help, "Options").sort());
    };
    await Promise.all(commands.map(check));
    const config = (await sixplane(["config", "--help"])).stdout;
    expect((await values("config", "")).sort()).toEqual(names(config, "Commands").sort());
  });
});
