// `npm run bench [-- --json] [-- --complete]`: what a verdict costs, beside C and beside plain TypeScript, all of it
// from one run; bench/README.md says how. It fails where a ratio misses its bar, and with --complete where a runtime
// is missing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Engine, engines } from "./engines.ts";
import { garbageRows, inUseRows, memory } from "./memory.ts";
import { native } from "./native.ts";
import {
  bindingsRows,
  cRow,
  derivationRows,
  growthRows,
  IN_ALL,
  IN_NODE,
  IN_SENDERS,
  passRows,
  replyRows,
  senderRows,
  timed,
} from "./replies.ts";
import { savingsRows } from "./savings.ts";
import { startRows } from "./start.ts";
import { misses, print, type Row } from "./table.ts";

const { json, complete } = options();
const folder = mkdtempSync(join(tmpdir(), "sixplane-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
try {
  const { present, missing } = await engines();
  try {
    const tables = await measure(present, native(folder));
    const savings = savingsRows();
    if (typeof savings === "string") missing.push(savings);
    else tables["Solicitations that reach other hosts, with emulation"] = savings;
    report(tables, missing);
  } finally {
    for (const engine of present) await engine[Symbol.asyncDispose]();
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function report(tables: Record<string, Row[]>, missing: string[]): void {
  if (json) console.log(JSON.stringify(tables));
  else for (const [title, rows] of Object.entries(tables)) print(title, rows);
  const missed = Object.values(tables).flat().filter(misses);
  for (const { name } of missed) console.error(`bench: "${name}" is above its bar`);
  for (const what of missing) console.error(`bench: left out: ${what}`);
  if (missed.length > 0 || (complete && missing.length > 0)) process.exitCode = 1;
}

async function measure(engines: Engine[], ofC: () => number): Promise<Record<string, Row[]>> {
  const [node, ...others] = engines;
  if (!node) throw new Error("there is no Node");
  const ofNode = await timed(node, IN_NODE, ofC, (of) => ({
    replies: [cRow(of), ...replyRows(node.name, of)],
    passed: passRows(of),
    bindings: bindingsRows(of),
    growth: growthRows(of),
    derivation: derivationRows(of),
  }));
  const replies = [...ofNode.replies];
  for (const engine of others) {
    const rows = await timed(engine, IN_ALL, ofC, (of) => ({ replies: replyRows(engine.name, of) }));
    replies.push(...rows.replies);
  }
  const { senders } = await timed(node, IN_SENDERS, ofC, (of) => ({ senders: senderRows(of) }));
  const { garbage, inUse } = memory(folder);
  return {
    "A reply, by engine": replies,
    "A frame that is passed on": ofNode.passed,
    "A reply through the bindings": ofNode.bindings,
    "Garbage, for a million replies": garbageRows(garbage),
    "A reply, by how many owners are asked for in turn": ofNode.growth,
    "Memory after a million replies, by owners": inUseRows(inUse),
    "Both addresses and the MAC of a node": ofNode.derivation,
    "The sender of a frame from a peer": senders,
    "From the import to the first reply": startRows(),
  };
}

function options(): { json: boolean; complete: boolean } {
  try {
    const flag = { type: "boolean", default: false } as const;
    return parseArgs({ options: { json: flag, complete: flag } }).values;
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}
