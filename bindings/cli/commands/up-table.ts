import { readFileSync } from "node:fs";
import { neighbourTableSize } from "../../fabric/newcomers.ts";
import type { Notices } from "./up-notices.ts";

/** Where the kernel counts: the first is there in the initial network namespace only, the second for root. */
const FILES = ["/proc/net/stat/ndisc_cache", "/proc/1/net/stat/ndisc_cache"];

/** How many looks without a refusal end one event. */
const QUIET_LOOKS = 60;

/** Says when the kernel's table of IPv6 neighbours, which all interfaces share, is full: once until that is over. */
export class TableWatch {
  readonly #notices: Notices;
  #before = refusals();
  #looksToSay = 0;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  look(): void {
    const now = refusals();
    const refused = now - this.#before;
    this.#before = now;
    if (refused > 0 && this.#looksToSay === 0) this.#say(refused);
    this.#looksToSay = refused > 0 ? QUIET_LOOKS : Math.max(0, this.#looksToSay - 1);
  }

  #say(refused: number): void {
    this.#notices.say(
      { event: "neighbour-table-full", refused },
      `the kernel's table of IPv6 neighbours, which all interfaces share, is full: it refused ${refused} entries. ` +
        `Raise net.ipv6.neigh.default.gc_thresh3 (${neighbourTableSize()}), and see whose they are: ip -6 neighbour`,
    );
  }
}

/** How many entries the kernel has refused: the column `table_fulls` of all processors; 0 where it is not to be seen. */
function refusals(): number {
  const [names = [], ...rows] = table();
  const column = names.indexOf("table_fulls");
  return rows.reduce((sum, row) => sum + Number.parseInt(row[column] ?? "0", 16), 0);
}

function table(): string[][] {
  for (const file of FILES) {
    try {
      const lines = readFileSync(file, "latin1").trim().split("\n");
      return lines.map((line) => line.trim().split(/\s+/));
    } catch {} // it is not there, or not for this user
  }
  return [];
}
