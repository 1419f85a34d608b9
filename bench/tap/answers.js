// Answers a second on an interface: a handler, and a program of C that asks as fast as it may.
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Network } from "sixplane";

/** The interface. */
export const NAME = "sixplane0";
export const NETWORK = "8056c2e21c000001";
export const NODE = "89e92ceee5";
const SECONDS = 1.25; // after a second of the load's that does not count
const START_SECONDS = 10;
const DROP_ANSWERS = `
  table ip6 answers {
    chain dropped { type filter hook prerouting priority raw; iifname ${NAME} drop; }
  }`;
export const PINNED = ["0", "1"].every((core) => spawnSync("taskset", ["-c", core, "true"]).status === 0);

/** @typedef {{ name: string, command: string[] }} Side what is started with the interface's name, network and node */

/**
 * Answers per second of one handler on an interface that comes and goes with it.
 *
 * @param {Side} side
 * @param {string} load the program that asks
 * @param {number} window
 * @param {AbortSignal} signal
 * @param {number} core which the load is on; the handler is on the first
 */
export async function rateOf({ name, command }, load, window, signal, core = 1) {
  const [program = "", ...rest] = pinned(0, [...command, NAME, NETWORK, NODE]);
  const handler = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"], signal });
  const ended = new Promise((resolve) => handler.once("close", resolve));
  try {
    await ready(handler, name);
    // The same for both: an interface that is up, with the node's MAC, whose answers the kernel drops at once.
    execFileSync("ip", ["link", "set", NAME, "address", new Network(NETWORK).host(NODE).mac, "up"]);
    execFileSync("nft", [DROP_ANSWERS]);
    const [asker = "", ...asking] = pinned(core, [load, NAME, NETWORK, NODE, `${SECONDS}`, `${window}`]);
    const { stdout } = await promisify(execFile)(asker, asking, { signal });
    const { answered, wrong, seconds } = JSON.parse(stdout);
    if (wrong > 0) throw new Error(`${name} gave ${wrong} wrong answers`);
    return answered / seconds;
  } finally {
    handler.kill("SIGTERM");
    const patience = setTimeout(() => handler.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(patience);
    spawnSync("nft", ["delete", "table", "ip6", "answers"]);
  }
}

/**
 * Until the handler says that its interface is there.
 *
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} handler
 * @param {string} name
 */
function ready(handler, name) {
  return new Promise((resolve, reject) => {
    const refuse = () => {
      clearTimeout(patience);
      reject(new Error(`${name} did not open its interface`));
    };
    const patience = setTimeout(refuse, START_SECONDS * 1000);
    handler.once("error", refuse);
    handler.once("close", refuse);
    handler.stdout.once("data", () => {
      clearTimeout(patience);
      resolve(undefined);
    });
  });
}

/**
 * The command on one core, where there are two and a program for it: load and handler then share none.
 *
 * @param {number} core
 * @param {string[]} command
 */
function pinned(core, command) {
  return PINNED ? ["taskset", "-c", `${core}`, ...command] : command;
}

/**
 * @param {string} folder
 * @param {string} program
 */
export function compile(folder, program) {
  const output = join(folder, program);
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...flags, "-o", output, source(`${program}.c`), source("../native/respond.c")], {
    stdio: "inherit",
  });
  return output;
}

/** @param {string} name */
export function source(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}
