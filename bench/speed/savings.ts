import { spawnSync } from "node:child_process";
import { solicitationsOf } from "../network/arithmetic.js";
import { type Row, row } from "./table.ts";

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
    ...counts.map((count) => counted(count.hosts, "counted", count.flooded, count.emulated)),
    counted(MANY, "calculated", flooded, emulated),
  ];
}

function counted(hosts: number, how: string, flooded: number, emulated: number): Row {
  return row({
    name: `${hosts.toLocaleString("en")} hosts, ${how}`,
    unit: "frames",
    values: [emulated],
    base: `${flooded.toLocaleString("en")} by multicast`,
    bases: [flooded],
    bar: 0,
  });
}
