// `npm run bench:network [-- --json] [-- --update]`: solicitations that reach other hosts until each of them has talked
// to each other, by arithmetic and, up to 64 hosts, counted; README.md says how. It fails where the two differ.
// `--update` keeps the results in results.json and draws them in savings.svg.
import { writeFileSync } from "node:fs";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { isInOwnNamespace, obstacle, runInOwnNamespace } from "../../examples/fabric/namespace.js";
import { solicitationsOf } from "./arithmetic.js";
import { count } from "./count.js";
import { plot } from "./plot.js";

const SIZES = [...Array.from({ length: 19 }, (_, power) => 2 ** (power + 1)), 1_000_000];
const MOST_COUNTED = 64;

/**
 * @typedef {object} Result
 * @property {number} hosts
 * @property {{ flooded: number, snooped: number, emulated: number }} solicitations by arithmetic
 * @property {import("./count.js").Count | null} counted
 */

const { json, update } = options();
const why = obstacle("bridge");
if (why) fail(`it needs ${why}`);
else if (isInOwnNamespace) await measure();
else process.exitCode = await runInOwnNamespace();

async function measure() {
  /** @type {Result[]} */
  const results = [];
  try {
    for (const hosts of SIZES) {
      const counted = hosts <= MOST_COUNTED ? await count(hosts) : null;
      results.push({ hosts, solicitations: solicitationsOf(hosts), counted });
    }
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
    return;
  }
  if (json) console.log(JSON.stringify(results));
  else print(results);
  const unexpected = results.filter(isUnexpected);
  for (const { hosts } of unexpected)
    fail(`of ${hosts} hosts, another number was counted than the arithmetic gives`);
  if (update && unexpected.length === 0) keep(results);
}

/** @param {Result} result */
function isUnexpected({ hosts, solicitations: { flooded, emulated }, counted }) {
  const pairs = (hosts * (hosts - 1)) / 2; // snooped there: no two of these hosts have the low 24 bits in common
  const expected = { flooded, snooped: pairs, snooped6plane: flooded };
  const withTaps = { emulated, answered: 2 * pairs, emulatedRfc4193: emulated, foreign: flooded };
  return counted !== null && !isDeepStrictEqual(counted, { ...expected, ...withTaps });
}

/** @param {Result[]} results */
function print(results) {
  /** @param {(string | number)[]} cells */
  const line = (...cells) =>
    console.log(cells.map((cell) => cell.toLocaleString("en").padStart(27)).join(""));
  line("hosts", "flooded", "snooped", "emulated", "");
  for (const { hosts, solicitations, counted } of results) {
    const { flooded, snooped, emulated } = counted ?? solicitations;
    line(hosts, flooded, Math.round(snooped), emulated, counted ? "counted" : "arithmetic");
  }
}

/** @param {Result[]} results */
function keep(results) {
  writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(new URL("savings.svg", import.meta.url), plot(results));
}

function options() {
  try {
    const flag = /** @type {const} */ ({ type: "boolean", default: false });
    return parseArgs({ options: { json: flag, update: flag } }).values;
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/** @param {string} text */
function fail(text) {
  console.error(`bench:network: ${text}`);
  process.exitCode = 1;
}
