// The TAP handler next to a C program that does the same: answers per second on the same kind of interface,
// under the same load, in pairs. Everything happens in a network namespace of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInOwnNamespace, obstacle, runInOwnNamespace } from "../../examples/fabric/namespace.js";
import { ratio, spread } from "../spread.js";
import { compile, rateOf, source } from "./answers.js";

const PAIRS = 3;
/** Of the C program's answers per second under full load. With less even in its best pair, the benchmark fails. */
const LEAST_RATIO = 0.75;
/** Load and handler on one core together are what the machine disturbs least. */
const MODES = [
  { mode: "one core", window: 0, core: 0 },
  { mode: "two cores", window: 0, core: 1 },
  { mode: "64 outstanding", window: 64, core: 1 },
];
/** @type {NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM"];
const json = process.argv.includes("--json");

/** @typedef {import("../spread.js").Spread} Spread */
/** @typedef {import("./answers.js").Side} Side */

const interrupted = new AbortController();
const why = obstacle("cc", "nft");
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
    for (const { mode, window, core } of MODES)
      results.push({ mode, ...(await compare(sides, load, window, core)) });
    if (json) console.log(JSON.stringify({ answers: results }));
    else print(results);
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
 * @param {number} core of the load
 */
async function compare(sides, load, window, core) {
  /** @type {{ c: number, sixplane: number }[]} */
  const pairs = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const rates = { c: 0, sixplane: 0 };
    /** @type {("c" | "sixplane")[]} */
    const order = pair % 2 === 0 ? ["c", "sixplane"] : ["sixplane", "c"];
    for (const side of order) {
      const { rate } = await rateOf(sides[side], load, window, interrupted.signal, { core });
      rates[side] = rate;
    }
    pairs.push(rates);
  }
  const ofC = pairs.map(({ c }) => c);
  const ofSixplane = pairs.map(({ sixplane }) => sixplane);
  return { c: spread(ofC), sixplane: spread(ofSixplane), ratio: ratio(ofSixplane, ofC) };
}

/**
 * @param {{ mode: string, c: Spread, sixplane: Spread, ratio: Spread }[]} results
 */
function print(results) {
  console.log(`answers per second, median of ${PAIRS} pairs (least to most)`);
  for (const { mode, c, sixplane, ratio } of results) {
    console.log(`${mode.padEnd(14)}  C         ${shown(c, (rate) => Math.round(rate).toLocaleString("en"))}`);
    console.log(
      `${"".padEnd(14)}  sixplane  ${shown(sixplane, (rate) => Math.round(rate).toLocaleString("en"))}`,
    );
    console.log(`${"".padEnd(14)}  ratio     ${shown(ratio, (value) => value.toFixed(3))}`);
  }
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
