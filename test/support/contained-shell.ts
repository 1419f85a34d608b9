// Commands of a page, run in one shell that has /etc, /opt, /run and the network to itself.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, type TestContext } from "vitest";
import { COMMAND, folder } from "./command.ts";
import type { ShownCommand } from "./pages.ts";

/** Namespaces of the shell's own. They go away with everything that was started there. */
const CONTAINED = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** What commands write to the machine goes to memory. */
const IN_MEMORY = `
  for folder in /opt /run; do mount -t tmpfs none $folder; done
  cp -a /etc /run/etc
  mount --bind /run/etc /etc
`;

/**
 * Runs the commands one after the other, in one shell, as root, in an empty folder. Each must succeed and print what the page
 * shows.
 *
 * @param setup commands for that shell before the first
 */
export function runContained(commands: ShownCommand[], { skip }: TestContext, setup = ""): void {
  skip(process.getuid?.() !== 0, "it takes root to replace /etc, though in memory");
  skip(spawnSync("unshare", [...CONTAINED, "true"]).status !== 0, "this machine allows no namespaces");
  using files = folder();
  for (const name of ["bin", "here", "out"]) mkdirSync(files.path(name));
  writeFileSync(files.path("bin/sixplane"), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`, {
    mode: 0o755,
  });
  const runs = commands.map(
    ({ command }, n) => `{\n${command}\n} > ${files.path(`out/${n}`)} 2> ${files.path("out/error")}`,
  );
  const script = ["set -e", IN_MEMORY, `cd ${files.path("here")}`, setup, ...runs].join("\n");
  const PATH = `${files.path("bin")}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH, HOME: files.path("here"), LC_ALL: "C.UTF-8" };
  const { status, stderr } = spawnSync("unshare", [...CONTAINED, "sh", "-c", script], {
    env,
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL", // unshare withstands other signals
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
