// The body in a folder with the package, and what must come of it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { installed } from "../support/packed-package.ts";
import type { Report } from "./body.ts";
import { bundle } from "./bundle.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export type Folder = ReturnType<typeof installed>;

/** Options of Deno for the package from source, whose dependency comes from our node_modules, not from a registry. */
export const DENO_FROM_SOURCE = ["--config", `${ROOT}/jsr.json`, "--node-modules-dir=manual"];

const MOST_MILLISECONDS = 120_000;

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export async function program(words: string[], cwd: string, env = process.env): Promise<Ended> {
  const [command = "", ...rest] = words;
  const child = spawn(command, rest, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: MOST_MILLISECONDS,
    killSignal: "SIGKILL",
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (out.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (out.stderr += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  return { status, ...out };
}

/** The report that a program printed. */
export function reportOf({ status, stdout, stderr }: Ended): Report {
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** The package, and the body beside it. */
export async function bodyBesidePackage(modules?: "compiled" | "imported"): Promise<Folder> {
  const files = installed();
  await bundle(files.path("body.js"), modules);
  return files;
}
