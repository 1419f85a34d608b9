// The network namespace in which a test file runs. It goes with the file's process, however that ends.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import koffi from "koffi";
import { isInstalled } from "../../examples/fabric/namespace.js";

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

/** Runs a program that must succeed, and gives what it printed. */
export function run(...words: [string, ...string[]]): string {
  const { status, stdout, stderr, error } = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${words.join(" ")}: ${stderr || stdout}`);
  return stdout;
}
