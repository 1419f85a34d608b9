// The fabric's data paths beside what the kernel does by itself: throughput, small packets, many peers, and answers.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isInOwnNamespace, obstacle, runInOwnNamespace } from "../../examples/fabric/namespace.js";
import { ratio, spread } from "../spread.js";
import { compile, firstOf, rateOf, source } from "../tap/answers.js";
import { endure } from "./endure.js";
import { overSixplane, WAYS } from "./hosts.js";
import { costs } from "./programs.js";
import { packets, stream } from "./streams.js";

const ROUNDS = 3;
const SECONDS = 2;
const PACKETS_PER_SECOND = 100_000;
const PEERS = [10, 10_000];
const KERNEL = "sixplane up, kernel";
const STATIC = "VXLAN, static neighbours";
/** Of VXLAN with static neighbours. With less even in its best round, the benchmark fails. */
const LEAST_RATIO = 0.7;

/** With `--minutes N`, full load for so long instead. */
const { values } = parseArgs({ options: { minutes: { type: "string" } } });
const MINUTES = values.minutes === undefined ? undefined : Number(values.minutes);

/** @typedef {import("../spread.js").Spread} Spread */

const why = obstacle("bpftool", "bridge", "cc", "iperf3", "nft");
if (why) fail(`this benchmark needs ${why}`);
else if (process.getuid?.() !== 0) fail("this benchmark needs root, as eBPF does");
else if (MINUTES !== undefined && !(MINUTES > 0))
  fail(`--minutes must be a number above 0, got ${JSON.stringify(values.minutes)}`);
else if (isInOwnNamespace) await measure();
else process.exitCode = await runInOwnNamespace();

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "sixplane-bench-"));
  try {
    if (MINUTES !== undefined) {
      await endure(folder, MINUTES);
      return;
    }
    printWays(await compareWays());
    await printPeers(folder);
    await printAnswers(folder);
    await printFirst(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Round by round, each way in turn: what else the machine does then falls on all. */
async function compareWays() {
  /** @type {Record<string, { streams: number[], received: number[], busy: number[] }>} */
  const results = Object.fromEntries(
    Object.keys(WAYS).map((name) => [name, { streams: [], received: [], busy: [] }]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, open] of Object.entries(WAYS)) {
      const way = await open();
      const result = results[name];
      try {
        result?.streams.push(await stream(way, SECONDS));
        const small = await packets(way, PACKETS_PER_SECOND, SECONDS);
        result?.received.push(small.received);
        result?.busy.push(small.busy);
      } finally {
        await way.close();
      }
    }
  }
  return results;
}

/** @param {Awaited<ReturnType<typeof compareWays>>} results */
function printWays(results) {
  const base = results[STATIC]?.streams ?? [];
  console.log(`one TCP stream between containers of two hosts, median of ${ROUNDS} (least to most)`);
  for (const [name, { streams }] of Object.entries(results)) {
    const gigabits = shown(spread(streams), (rate) => (rate / 1e9).toFixed(2));
    console.log(`  ${name.padEnd(26)} ${gigabits} Gbit/s  ${shown(ratio(streams, base), two)} of static`);
  }
  console.log(`packets of UDP, 64 bytes each, ${PACKETS_PER_SECOND.toLocaleString("en")} a second wanted`);
  for (const [name, { received, busy }] of Object.entries(results)) {
    const arrived = shown(spread(received), whole);
    console.log(`  ${name.padEnd(26)} ${arrived} arrive  ${shown(spread(busy), two)} processors busy`);
  }
  if (ratio(results[KERNEL]?.streams ?? [], base).most < LEAST_RATIO)
    fail(`less than ${LEAST_RATIO} of what static neighbours carry`);
}

/** @param {string} folder */
async function printPeers(folder) {
  console.log("what the kernel's path takes of a frame, in ns, with so many peers");
  for (const count of PEERS) {
    const file = join(folder, `peers-${count}`);
    const lines = Array.from({ length: count }, (_, n) => {
      const node = (0x1000000000 + n).toString(16);
      return `${node}@198.18.${n >> 8}.${n & 255}\n`;
    });
    writeFileSync(file, lines.join(""));
    const way = await overSixplane(["--datapath", "kernel", "--multicast", "drop", "--peers", file]);
    try {
      const taken = await costs(() => packets(way, PACKETS_PER_SECOND, SECONDS));
      const text = Object.entries(taken).map(([name, ns]) => `${name} ${ns.toFixed(0)}`);
      console.log(`  ${count.toLocaleString("en").padStart(6)} peers  ${text.join(", ")}`);
    } finally {
      await way.close();
    }
  }
}

/** @param {string} folder */
async function printAnswers(folder) {
  const load = compile(folder, "load");
  const sides = sidesIn(folder);
  const { signal } = new AbortController();
  console.log(
    `solicitations answered, by a C program on a TAP and by the kernel on a veth, median of ${ROUNDS} (least to most)`,
  );
  for (const [mode, window] of /** @type {[string, number][]} */ ([
    ["as fast as they come", 0],
    ["one after the other", 1],
  ])) {
    /** @type {Record<keyof typeof sides, { rate: number, cpu: number }[]>} */
    const answers = { C: [], kernel: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of /** @type {const} */ (["C", "kernel"]))
        answers[side].push(await rateOf(sides[side], load, window, signal, { words: ["tc"] }));
    }
    const { C: c, kernel } = answers;
    const of = (/** @type {typeof c} */ all, /** @type {"rate" | "cpu"} */ key) => all.map((one) => one[key]);
    console.log(`  ${mode}`);
    for (const [name, all] of Object.entries(answers)) {
      const each = shown(spread(of(all, "rate").map((rate) => 1e6 / rate)), two);
      console.log(`    ${name.padEnd(8)} ${shown(spread(of(all, "rate")), whole)} a second, ${each} us each`);
    }
    console.log(
      `    answers of the kernel's to C's  ${shown(ratio(of(kernel, "rate"), of(c, "rate")), two)}`,
    );
    console.log(`    processor for an answer         ${shown(ratio(of(kernel, "cpu"), of(c, "cpu")), two)}`);
  }
}

/** @param {string} folder */
async function printFirst(folder) {
  const first = compile(folder, "first");
  const sides = Object.entries(sidesIn(folder));
  const { signal } = new AbortController();
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(sides.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, side] of sides) times[name]?.push(await firstOf(side, first, signal));
  }
  console.log(`the first packet to a neighbour, until it leaves, median of ${ROUNDS} (least to most)`);
  for (const [name, all] of Object.entries(times))
    console.log(`  ${name.padEnd(8)} ${shown(spread(all), one)} us`);
}

/**
 * What answers: a C program on a TAP, and the kernel on a veth.
 *
 * @param {string} folder
 * @returns {Record<"C" | "kernel", import("../tap/answers.js").Side>}
 */
function sidesIn(folder) {
  return {
    C: { name: "responder.c", command: [compile(folder, "responder")] },
    kernel: { name: "attach", command: [process.execPath, source("../fabric/attached.js")] },
  };
}

/** @param {number} value */
function one(value) {
  return value.toFixed(1);
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString("en");
}

/** @param {number} value */
function two(value) {
  return value.toFixed(2);
}

/**
 * @param {Spread} spread
 * @param {(value: number) => string} text
 */
function shown({ median, least, most }, text) {
  return `${text(median).padStart(7)} (${text(least)} to ${text(most)})`;
}

/** @param {string} message */
function fail(message) {
  console.error(`bench:fabric: ${message}`);
  process.exitCode = 1;
}
