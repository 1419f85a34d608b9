import { spawnSync } from "node:child_process";
import { ratio, spread } from "../spread.js";
import type { Row } from "./table.ts";

interface Network {
  hosts: number;
  solicitations: { flooded: number; emulated: number };
  counted: { flooded: number; emulated: number } | null;
}

/** What `npm run bench:network` counts and calculates; why not, where there can be no network. */
export function savingsRows(): Row[] | string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bench/network/run.js", "--json"], {
    encoding: "utf8",
  });
  return status === 0 ? (JSON.parse(stdout) as Network[]).filter(isShown).map(row) : stderr.trim();
}

/** All that is counted, and the largest. */
function isShown({ counted }: Network, index: number, all: Network[]): boolean {
  return counted !== null || index === all.length - 1;
}

function row({ hosts, solicitations, counted }: Network): Row {
  const { flooded, emulated } = counted ?? solicitations;
  return {
    name: `${hosts.toLocaleString("en")} hosts, ${counted ? "counted" : "calculated"}`,
    unit: "frames",
    value: spread([emulated]),
    base: `${flooded.toLocaleString("en")} by multicast`,
    ratio: ratio([emulated], [flooded]),
    bar: 0,
  };
}
