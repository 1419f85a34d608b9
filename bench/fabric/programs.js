// What each program of the fabric takes for a frame, as the kernel itself measures it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const SETTING = "/proc/sys/kernel/bpf_stats_enabled";
const NAMES = ["copies", "respond", "send", "sender", "newcomers"];

/**
 * Nanoseconds a run of each program, while something happens.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Record<string, number>>}
 */
export async function costs(work) {
  const before = readFileSync(SETTING, "utf8").trim();
  writeFileSync(SETTING, "1");
  try {
    const earlier = totals();
    await work();
    const later = totals();
    return Object.fromEntries(
      NAMES.map((name) => {
        const [from, to] = [earlier[name], later[name]];
        return [name, (to.time - from.time) / (to.runs - from.runs)];
      }),
    );
  } finally {
    writeFileSync(SETTING, before);
  }
}

/** @returns {any} time in ns and runs, of all programs of that name */
function totals() {
  const all = JSON.parse(execFileSync("bpftool", ["-j", "prog", "list"], { encoding: "utf8" }));
  return Object.fromEntries(
    NAMES.map((name) => {
      const own = all.filter((/** @type {any} */ program) => program.name === name);
      const sum = (/** @type {string} */ key) =>
        own.reduce((/** @type {number} */ total, /** @type {any} */ one) => total + (one[key] ?? 0), 0);
      return [name, { time: sum("run_time_ns"), runs: sum("run_cnt") }];
    }),
  );
}
