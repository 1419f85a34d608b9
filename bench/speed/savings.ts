import { spawnSync } from "node:child_process";
import { solicitationsOf } from "../network/arithmetic.js";
import { ratio, spread } from "../spread.js";
import type { Row } from "./table.ts";

const MANY = 1_000_000;

/** What `npm run bench:network` counts, and what is calculated for a million hosts; why not, where it cannot count. */
export function savingsRows(): Row[] | string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bench/network/run.js", "--json"], {
    encoding: "utf8",
  });
  if (status !== 0) return stderr.trim();
  const counts = JSON.parse(stdout) as { hosts: number; flooded: number; emulated: number }[];
  const { flooded, emulated } = solicitationsOf(MANY);
  return [
    ...counts.map((count) => row(count.hosts, "counted", count.flooded, count.emulated)),
    row(MANY, "calculated", flooded, emulated),
  ];
}

function row(hosts: number, how: string, flooded: number, emulated: number): Row {
  return {
    name: `${hosts.toLocaleString("en")} hosts, ${how}`,
    unit: "frames",
    value: spread([emulated]),
    base: `${flooded.toLocaleString("en")} by multicast`,
    ratio: ratio([emulated], [flooded]),
    bar: 0,
  };
}
