// `npm run bench:engines [-- --json]`: what a call of the core costs on a Cortex-M3 and on this machine, by what runs it,
// beside the same rules written in C; bench/README.md says how.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Spread, spread } from "../spread.js";
import { type OnChip, onChip } from "./chip.ts";
import { BUILDS, type Build, enginesOf } from "./engines.ts";
import { onHost } from "./host.ts";

const ROUNDS = 25;

interface Row extends OnChip {
  build: Build;
  engine: string;
  nanoseconds: Spread;
}

const { json } = options();
const folder = mkdtempSync(join(tmpdir(), "sixplane-engines-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
try {
  if (process.arch !== "x64")
    throw new Error(`the flat form is timed on x64 alone, and this is ${process.arch}`);
  const rows: Row[] = [];
  for (const build of BUILDS) rows.push(...(await measure(build)));
  if (json) console.log(JSON.stringify(rows));
  else print(rows);
} catch (error) {
  console.error(`bench:engines: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

/** All engines by turns, so that what else the machine does falls on each. */
async function measure(build: Build): Promise<Row[]> {
  const engines = enginesOf(build);
  const timers = engines.map((engine) => onHost(build, engine, folder));
  const rounds = Array.from({ length: ROUNDS }, () => timers.map((time) => time()));
  const rows: Row[] = [];
  for (const [i, engine] of engines.entries()) {
    const nanoseconds = spread(rounds.map((round) => round[i] ?? Number.NaN));
    rows.push({ build, engine: engine.name, ...(await onChip(build, engine, folder)), nanoseconds });
  }
  return rows;
}

function print(rows: Row[]): void {
  const line = (cells: string[]) =>
    console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(i ? 19 : 11) : cell.padStart(16))).join(""));
  line(["build", "engine", "bytes of flash", "bytes of RAM", "instructions", "ns here, least", "median"]);
  const number = (value: number) => value.toLocaleString("en");
  for (const { build, engine, flash, ram, instructions, nanoseconds } of rows) {
    const { median, least } = nanoseconds;
    const times = [least, median].map((time) => time.toFixed(1));
    line([build, engine, number(flash), number(ram), number(instructions), ...times]);
  }
}

function options(): { json: boolean } {
  try {
    return parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
  } catch (error) {
    console.error(`bench:engines: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}
