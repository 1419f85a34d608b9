// Network namespaces of the tests' own. They go with the processes that are in them, however these end.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import koffi from "koffi";

const CLONE_NEWNET = 0x40000000;

/** Why TAP interfaces cannot be tested here, or undefined where they can. */
export const obstacle = enterNamespace();

/** Whether this is root of the machine, who makes devices and mounts, and not of a namespace of its own. */
export const isRoot =
  process.getuid?.() === 0 && /^ *0 +0 +4294967295$/m.test(readFileSync("/proc/self/uid_map", "utf8"));

/**
 * Takes this thread, and with it all threads and processes that it starts from now on, into a network
 * namespace of its own. Each test file runs in its own process.
 */
function enterNamespace(): string | undefined {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "no access to /dev/net/tun";
  }
  const missing = ["ip", "nsenter", "unshare"].find((name) => !isInstalled(name));
  if (missing) return `no ${missing}`;
  const unshare = koffi.load(null).func("unshare", "int", ["int"]);
  if (unshare(CLONE_NEWNET) !== 0) return "network namespaces need root, or unshare -Urn";
  run("ip", "link", "set", "lo", "up");
  return undefined;
}

/** Whether there is such a program, and where not, why a test is skipped. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Runs a program that must succeed, and gives what it printed. */
export function run(...words: [string, ...string[]]): string {
  const { status, stdout, stderr, error } = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${words.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** A further namespace, for as long as it is not disposed of and this process lives. */
export class Namespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<Namespace> {
    const holder = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout as Readable, "data");
    return new Namespace(holder);
  }

  /** A process in it, by which `ip link set … netns` finds it. */
  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** The words of a command that runs there. */
  words(...words: string[]): [string, ...string[]] {
    return ["nsenter", `--target=${this.pid}`, "--net", "--", ...words];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await gone;
  }
}
