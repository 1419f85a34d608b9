// Answers a second on an interface: a handler, and a program of C that asks as fast as it may.
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Network } from "sixplane";

/** The interface. */
export const NAME = "sixplane0";
export const NETWORK = "8056c2e21c000001";
export const NODE = "89e92ceee5";
const HOST = new Network(NETWORK).host(NODE);
const SECONDS = 1.25; // after two seconds of the load's that do not count
const START_SECONDS = 10;
const DROP_ANSWERS = `
  table ip6 answers {
    chain dropped { type filter hook prerouting priority raw; iifname ${NAME} drop; }
  }`;
export const PINNED = ["0", "1"].every((core) => spawnSync("taskset", ["-c", core, "true"]).status === 0);

/** @typedef {{ name: string, command: string[] }} Side what is started with the interface's name, network and node */

/**
 * Answers of one handler on an interface that comes and goes with it: how many a second, and what each takes of a processor,
 * asking included, in seconds.
 *
 * @param {Side} side
 * @param {string} load the program that asks
 * @param {number} window
 * @param {AbortSignal} signal
 * @param {{ core?: number, words?: string[] }} options the core that the load is on, where the handler is on the first; and further
 *   words for the load
 */
export function rateOf(side, load, window, signal, { core = 1, words = [] } = {}) {
  return withInterface(side, signal, async () => {
    execFileSync("nft", [DROP_ANSWERS]); // the same for all: the kernel shall not work on the answers
    try {
      const all = [load, NAME, NETWORK, NODE, `${SECONDS}`, `${window}`, ...words];
      const [asker = "", ...asking] = pinned(core, all);
      const before = busySeconds();
      const start = performance.now();
      const { stdout } = await promisify(execFile)(asker, asking, { signal });
      const busy = (busySeconds() - before) / ((performance.now() - start) / 1000);
      const { answered, wrong, seconds } = JSON.parse(stdout);
      if (wrong > 0) throw new Error(`${side.name} gave ${wrong} wrong answers`);
      const rate = answered / seconds;
      return { rate, cpu: busy / rate };
    } finally {
      spawnSync("nft", ["delete", "table", "ip6", "answers"]);
    }
  });
}

/**
 * How long the first packet to a neighbour takes until it leaves, in microseconds, with one handler.
 *
 * @param {Side} side
 * @param {string} first the program that sends
 * @param {AbortSignal} signal
 */
export function firstOf(side, first, signal) {
  return withInterface(side, signal, async () => {
    execFileSync("ip", ["address", "replace", `${HOST.sixplane.address}/40`, "dev", NAME, "nodad"]);
    const [program = "", ...words] = pinned(1, [first, NAME, NETWORK, NODE]);
    const { stdout } = await promisify(execFile)(program, words, { signal });
    return Number(stdout);
  });
}

/**
 * Has the handler's interface up, with the node's MAC, until the promise is settled.
 *
 * @template Result
 * @param {Side} side
 * @param {AbortSignal} signal
 * @param {() => Promise<Result>} use
 */
async function withInterface({ name, command }, signal, use) {
  const [program = "", ...rest] = pinned(0, [...command, NAME, NETWORK, NODE]);
  const handler = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"], signal });
  const ended = new Promise((resolve) => handler.once("close", resolve));
  try {
    await ready(handler, name);
    execFileSync("ip", ["link", "set", NAME, "address", HOST.mac, "up"]);
    return await use();
  } finally {
    handler.kill("SIGTERM");
    const patience = setTimeout(() => handler.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(patience);
  }
}

/** Seconds that all processors have worked since the machine's start: proc_stat(5). */
export function busySeconds() {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, soft = 0] = line.split(/ +/).slice(1).map(Number);
  return (user + nice + system + interrupt + soft) / 100;
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
