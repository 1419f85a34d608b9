// The TAP handler next to a C program that does the same: answers per second on the same kind of interface,
// under the same load, in pairs. Everything happens in a network namespace of its own.
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Network } from "sixplane";
import { isInOwnNamespace, obstacle, runInOwnNamespace } from "../../examples/fabric/namespace.js";
import { ratio, spread } from "../spread.js";
import { throughputs } from "./throughput.js";

const NAME = "sixplane0";
const NETWORK = "8056c2e21c000001";
const NODE = "89e92ceee5";
const PAIRS = 5;
/** Of the C program's answers per second under full load. With less even in its best pair, the benchmark fails. */
const LEAST_RATIO = 0.75;
const SECONDS = 1.25; // after a second of the load's that does not count
const START_SECONDS = 10;
const MODES = [
  { mode: "saturated", window: 0 },
  { mode: "64 outstanding", window: 64 },
];
/** @type {NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM"];
const DROP_ANSWERS = `
  table ip6 answers {
    chain dropped { type filter hook prerouting priority raw; iifname ${NAME} drop; }
  }`;
const PINNED = ["0", "1"].every((core) => spawnSync("taskset", ["-c", core, "true"]).status === 0);
const json = process.argv.includes("--json");

/** @typedef {import("../spread.js").Spread} Spread */
/** @typedef {{ name: string, command: string[] }} Side */

const interrupted = new AbortController();
const why = obstacle("cc", "iperf3", "nft");
if (why) fail(`this benchmark needs ${why}`);
else if (isInOwnNamespace) await measure();
else process.exitCode = await runInOwnNamespace();

async function measure() {
  for (const signal of SIGNALS) process.on(signal, () => interrupted.abort());
  const folder = mkdtempSync(join(tmpdir(), "sixplane-bench-"));
  try {
    const sides = {
      c: { name: "responder.c", command: [compile(folder, "responder")] },
      sixplane: { name: "handler.js", command: [process.execPath, source("handler.js")] },
    };
    const load = compile(folder, "load");
    const results = [];
    for (const { mode, window } of MODES) results.push({ mode, ...(await compare(sides, load, window)) });
    interrupted.signal.throwIfAborted();
    const iperf3 = await throughputs();
    if (json) console.log(JSON.stringify({ answers: results, iperf3 }));
    else print(results, iperf3);
    const [saturated] = results;
    if (saturated && saturated.ratio.most < LEAST_RATIO)
      fail(`less than ${LEAST_RATIO} of the C program's answers`);
  } catch (error) {
    if (interrupted.signal.aborted) fail("interrupted");
    else fail(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Pairs of runs one right after the other, each side the first in turn: what else the machine does meanwhile
 * then falls on both.
 *
 * @param {{ c: Side, sixplane: Side }} sides
 * @param {string} load
 * @param {number} window
 */
async function compare(sides, load, window) {
  /** @type {{ c: number, sixplane: number }[]} */
  const pairs = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const rates = { c: 0, sixplane: 0 };
    /** @type {("c" | "sixplane")[]} */
    const order = pair % 2 === 0 ? ["c", "sixplane"] : ["sixplane", "c"];
    for (const side of order) rates[side] = await rateOf(sides[side], load, window);
    pairs.push(rates);
  }
  const ofC = pairs.map(({ c }) => c);
  const ofSixplane = pairs.map(({ sixplane }) => sixplane);
  return { c: spread(ofC), sixplane: spread(ofSixplane), ratio: ratio(ofSixplane, ofC) };
}

/**
 * Answers per second of one handler on an interface that comes and goes with it.
 *
 * @param {Side} side
 * @param {string} load
 * @param {number} window
 */
async function rateOf({ name, command }, load, window) {
  const [program = "", ...rest] = pinned(0, [...command, NAME, NETWORK, NODE]);
  const { signal } = interrupted;
  const handler = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"], signal });
  const ended = new Promise((resolve) => handler.once("close", resolve));
  try {
    await ready(handler, name);
    // The same for both: an interface that is up, with the node's MAC, whose answers the kernel drops at once.
    execFileSync("ip", ["link", "set", NAME, "address", new Network(NETWORK).host(NODE).mac, "up"]);
    execFileSync("nft", [DROP_ANSWERS]);
    const [asker = "", ...asking] = pinned(1, [load, NAME, NETWORK, NODE, `${SECONDS}`, `${window}`]);
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
function compile(folder, program) {
  const output = join(folder, program);
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...flags, "-o", output, source(`${program}.c`), source("../native/respond.c")], {
    stdio: "inherit",
  });
  return output;
}

/** @param {string} name */
function source(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * @param {{ mode: string, c: Spread, sixplane: Spread, ratio: Spread }[]} results
 * @param {{ fabric: number, veth: number }} iperf3
 */
function print(results, iperf3) {
  console.log(`answers per second, median of ${PAIRS} pairs (least to most)`);
  for (const { mode, c, sixplane, ratio } of results) {
    console.log(`${mode.padEnd(14)}  C         ${shown(c, (rate) => Math.round(rate).toLocaleString("en"))}`);
    console.log(
      `${"".padEnd(14)}  sixplane  ${shown(sixplane, (rate) => Math.round(rate).toLocaleString("en"))}`,
    );
    console.log(`${"".padEnd(14)}  ratio     ${shown(ratio, (value) => value.toFixed(3))}`);
  }
  const gigabits = (/** @type {number} */ rate) => `${(rate / 1e9).toFixed(2)} Gbit/s`.padStart(13);
  console.log("iperf3, one TCP connection");
  console.log(`  between containers on two hosts  ${gigabits(iperf3.fabric)}`);
  console.log(`  over a veth pair                 ${gigabits(iperf3.veth)}`);
}

/**
 * @param {Spread} spread
 * @param {(value: number) => string} text
 */
function shown({ median, least, most }, text) {
  return `${text(median).padStart(9)}  (${text(least)} to ${text(most)})`;
}

/** @param {string} message */
function fail(message) {
  console.error(`bench:tap: ${message}`);
  process.exitCode = 1;
}
