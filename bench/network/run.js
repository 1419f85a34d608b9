// `npm run bench:network [-- --json] [-- --update]`: counts the solicitations that reach other hosts, and fails where the
// arithmetic gives another number. README.md says how. `--update` keeps the counts in results.json and draws savings.svg.
import { writeFileSync } from "node:fs";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { isInOwnNamespace, obstacle, runInOwnNamespace } from "../../examples/fabric/namespace.js";
import { solicitationsOf } from "./arithmetic.js";
import { count } from "./count.js";
import { plot } from "./plot.js";

const SIZES = [2, 4, 8, 16];

/** @typedef {{ hosts: number } & import("./count.js").Count} Result */

const { json, update } = options();
const lacking = obstacle();
if (lacking) fail(`counting needs ${lacking}`);
else if (isInOwnNamespace) await measure().catch((error) => fail(error.message));
else process.exitCode = await runInOwnNamespace();

async function measure() {
  /** @type {Result[]} */
  const results = [];
  for (const hosts of SIZES) results.push({ hosts, ...(await count(hosts)) });
  if (json) console.log(JSON.stringify(results));
  else console.table(results);
  for (const result of results.filter(isUnexpected)) {
    fail(`of ${result.hosts} hosts, another number was counted than the arithmetic gives`);
  }
  if (update && !process.exitCode) keep(results);
}

/** @param {Result} result */
function isUnexpected({ hosts, ...counted }) {
  const { flooded, emulated } = solicitationsOf(hosts);
  const expected = { flooded, emulated, answered: hosts * (hosts - 1), foreign: flooded };
  return !isDeepStrictEqual(counted, expected);
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
