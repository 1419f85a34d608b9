// Minutes of full load through the kernel's path, while a peer comes and goes: what is lost, and what grows.
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { overSixplane } from "./hosts.js";
import { packets } from "./streams.js";

/** @typedef {import("../../examples/fabric/host.js").Host} Host */
/** @typedef {{ sent: number, received: number, dropped: Record<string, number> }} Counters */

/** More than arrive. */
const PACKETS_PER_SECOND = 400_000;
const FLAP_MILLISECONDS = 1000;
/** Until both hosts have counted all. */
const SETTLE_MILLISECONDS = 2000;
const MEBIBYTE = 1 << 20;
const PAGE = 4096;

/**
 * Prints what came of it.
 *
 * @param {string} folder for a file of peers
 * @param {number} minutes
 */
export async function endure(folder, minutes) {
  const file = `${folder}/flapping`;
  writeFileSync(file, "");
  const way = await overSixplane(["--datapath", "kernel", "--peers", file]);
  const over = new AbortController();
  try {
    await packets(way, PACKETS_PER_SECOND, 2); // what is made once is made then
    const before = await Promise.all(way.hosts.map(countersOf));
    const memory = way.hosts.map(memoryOf);
    const flapped = flap(way.hosts, file, over.signal);
    const { received } = await packets(way, PACKETS_PER_SECOND, minutes * 60);
    over.abort();
    const flaps = await flapped;
    await delay(SETTLE_MILLISECONDS);
    const after = await Promise.all(way.hosts.map(countersOf));
    const rate = Math.round(received).toLocaleString("en");
    console.log(
      `${minutes} minutes of full load: ${rate} packets a second, and a third peer that came or went ${flaps} times`,
    );
    const more = (/** @type {(counters: Counters) => number} */ of) =>
      after.map((counters, n) => of(counters) - of(/** @type {Counters} */ (before[n])));
    const [sent = 0] = more((counters) => counters.sent);
    const [, arrived = 0] = more((counters) => counters.received);
    const dropped = more((counters) => total(counters.dropped)).reduce((sum, one) => sum + one, 0);
    console.log(
      `  ${sent.toLocaleString("en")} frames sent, ${arrived.toLocaleString("en")} received, ${dropped} dropped and counted`,
    );
    for (const [n, host] of way.hosts.entries()) {
      const grown = (memoryOf(host) - (memory[n] ?? 0)) / MEBIBYTE;
      console.log(`  sixplane on host ${host.names.node} has ${grown.toFixed(1)} MiB more memory`);
    }
  } finally {
    over.abort();
    await way.close();
  }
}

/** The next counters of a host. @param {Host} host @returns {Promise<Counters>} */
async function countersOf(host) {
  for (;;) {
    const { fabric } = await host.line();
    if (fabric) return fabric; // other lines tell of peers
  }
}

/**
 * Has a peer come and go, until it is over.
 *
 * @param {Host[]} hosts
 * @param {string} file of peers
 * @param {AbortSignal} signal
 * @returns how often
 */
async function flap(hosts, file, signal) {
  let count = 0;
  while (!signal.aborted) {
    writeFileSync(file, count % 2 === 0 ? "1122334455@192.0.2.77\n" : "");
    for (const host of hosts) host.process.kill("SIGHUP");
    count++;
    await delay(FLAP_MILLISECONDS, undefined, { signal }).catch(() => {});
  }
  return count;
}

/** Bytes of memory that a host's process has: proc_pid_statm(5). @param {Host} host */
function memoryOf(host) {
  const [, resident = 0] = readFileSync(`/proc/${host.process.pid}/statm`, "utf8").split(" ").map(Number);
  return resident * PAGE;
}

/** @param {Record<string, number>} counters */
function total(counters) {
  return Object.values(counters).reduce((sum, one) => sum + one, 0);
}
