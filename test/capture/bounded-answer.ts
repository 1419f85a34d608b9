// `sixplane answer` in a thread of its own, with little memory, over a capture in a file.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { COMMAND, folder } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";

/** What JavaScript may hold, in MiB: about twice what the command takes for a capture of nothing. */
const HEAP = 24;

export interface Answered {
  status: number;
  /** What it says to stderr, with the file's name left out. */
  says: string;
  /** A line for each frame. */
  lines: { index: number; verdict: string; reply?: string }[];
  /** How many packets were skipped. */
  skipped: number;
  /** The file of replies, where there is one. */
  replies: Uint8Array | undefined;
  /** The names of all files that it made. */
  made: string[];
}

/** @throws the thread's error where it takes more memory than it may, or fails in a way that nobody planned */
export async function answer(capture: Uint8Array): Promise<Answered> {
  using files = folder();
  const path = files.path("capture");
  const output = files.path("replies");
  writeFileSync(path, capture);
  const { status, stdout, stderr } = await inThread(path, output);
  const lines = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const skipped: { packets: number }[] = lines.at(-1)?.skipped ?? [];
  return {
    status,
    says: stderr.replaceAll(`${path}: `, ""),
    lines: lines.filter((line) => !line.skipped),
    skipped: skipped.reduce((sum, { packets }) => sum + packets, 0),
    replies: existsSync(output) ? readFileSync(output) : undefined,
    made: readdirSync(files.path("")).filter((name) => name !== "capture"),
  };
}

async function inThread(path: string, output: string) {
  const words = ["answer", "--network", NETWORK, "--node", SELF, "--json", path, "-o", output];
  const thread = new Worker(COMMAND, {
    argv: words,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP },
  });
  const out = { stdout: "", stderr: "" };
  thread.stdout.on("data", (chunk) => (out.stdout += chunk));
  thread.stderr.on("data", (chunk) => (out.stderr += chunk));
  const status = await new Promise<number>((resolve, reject) => {
    thread.once("error", reject);
    thread.once("exit", resolve);
  });
  return { status, ...out };
}
