// The pages of targets: their commands are run as they stand there.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, type TestContext } from "vitest";
import { COMMAND, folder } from "../support/command.ts";

export const TARGETS = fileURLToPath(new URL("../../bindings/cli/config/targets", import.meta.url));

/** Namespaces of its own, which go with all that was started there. */
const CONTAINED = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** What commands write to the machine goes to memory. */
const IN_MEMORY = `
  for folder in /opt /run; do mount -t tmpfs none $folder; done
  cp -a /etc /run/etc
  mount --bind /run/etc /etc
`;

export interface Shown {
  command: string;
  /** What the page shows below the command; undefined where it shows nothing, as in a block of `sh`. */
  output: string | undefined;
}

/** The commands of a page, from all its blocks of `console` and `sh`. */
export function commandsOf(target: string): Shown[] {
  const page = readFileSync(`${TARGETS}/${target}.md`, "utf8");
  const blocks = Array.from(page.matchAll(/^```(console|sh)\n(.*?)^```$/gms));
  return blocks.flatMap(([, language, text = ""]) =>
    language === "sh" ? [{ command: text, output: undefined }] : text.split(/^\$ /m).slice(1).map(shown),
  );
}

/** A command goes on in the next line behind a backslash. */
function shown(text: string): Shown {
  const [command = ""] = /^(?:.*\\\n)*.*\n/.exec(text) ?? [];
  const output = text.slice(command.length);
  return { command, output: output.trimEnd() };
}

/**
 * Runs the commands of a page, one after the other, in one shell, which is root, has /etc and /run to itself,
 * no network but its own, and a folder of its own to be in. Each must succeed, and print what the page shows.
 *
 * @param setup for that shell, before the first
 */
export function runPage(target: string, { skip }: TestContext, setup = ""): void {
  skip(process.getuid?.() !== 0, "files of the machine's take root, even where they are in memory");
  skip(spawnSync("unshare", [...CONTAINED, "true"]).status !== 0, "this machine allows no namespaces");
  using files = folder();
  for (const name of ["bin", "here", "out"]) mkdirSync(files.path(name));
  writeFileSync(files.path("bin/sixplane"), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`, {
    mode: 0o755,
  });
  const commands = commandsOf(target);
  const runs = commands.map(
    ({ command }, n) => `{\n${command}\n} > ${files.path(`out/${n}`)} 2> ${files.path("out/error")}`,
  );
  const script = [`set -e`, IN_MEMORY, `cd ${files.path("here")}`, setup, ...runs].join("\n");
  const PATH = `${files.path("bin")}:${process.env.PATH}`;
  const env = { ...process.env, PATH, HOME: files.path("here"), LC_ALL: "C.UTF-8" };
  const { status, stderr } = spawnSync("unshare", [...CONTAINED, "sh", "-c", script], {
    env,
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL", // unshare holds out against others
  });
  const read = (name: string) => {
    try {
      return readFileSync(files.path(`out/${name}`), "utf8").trimEnd();
    } catch {
      return undefined;
    }
  };
  const said = commands.map(({ command, output }, n) => ({
    command,
    output: output === undefined ? undefined : read(`${n}`),
  }));
  const failure = status === 0 ? "" : `status ${status}: ${stderr}${read("error")}`;
  expect({ said, failure }).toEqual({ said: commands, failure: "" });
}
