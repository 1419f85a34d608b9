// The command line as a process.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

export function start(words: string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [COMMAND, ...words], { env: { ...process.env, ...env } });
}

/** Runs `sixplane` to its end. */
export async function sixplane(
  words: string[],
  input: Uint8Array | string = "",
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  return ended(start(words, env), input);
}

export async function ended(
  child: ChildProcessWithoutNullStreams,
  input: Uint8Array | string = "",
): Promise<Run> {
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (out.stdout += chunk));
  child.stderr.on("data", (chunk) => (out.stderr += chunk));
  child.stdin.on("error", () => {}); // a command that fails early does not read on
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...out };
}

/** A folder for one test's files, gone after it. */
export function folder(): { path(name: string): string; [Symbol.dispose](): void } {
  const root = mkdtempSync(join(tmpdir(), "sixplane-"));
  return {
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}
