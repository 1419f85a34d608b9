// How long a program takes from the import to its first reply, in a process that has compiled nothing yet.
import { execFileSync } from "node:child_process";
import { FRAME_LENGTH, NETWORK, NODE, solicitations } from "./frames.ts";
import { type Row, row } from "./table.ts";

const STARTS = 11;

const PROGRAM = `
const start = performance.now();
const { initSync, Network } = await import("sixplane");
initSync();
const responder = new Network(process.argv[1]).responder({ node: process.argv[2] });
const { kind } = responder.answer(Buffer.from(process.argv[3], "hex"));
const end = performance.now();
if (kind !== "reply") throw new Error(kind);
console.log(JSON.stringify({ node: start, reply: end - start }));
`;

/** Milliseconds until Node runs a program at all, and from there to the first reply. */
function start(): { node: number; reply: number } {
  const frame = Buffer.from(solicitations().subarray(0, FRAME_LENGTH)).toString("hex");
  const words = ["--input-type=module", "--eval", PROGRAM, NETWORK, NODE, frame];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" }));
}

export function startRows(): Row[] {
  const starts = Array.from({ length: STARTS }, start);
  const replies = starts.map(({ reply }) => reply);
  const nodes = starts.map(({ node }) => node);
  const [base, unit] = ["Node's own start", "ms" as const];
  return [
    row({ name: base, unit, values: nodes, base, bases: nodes }),
    row({ name: "import to reply, cold", unit, values: replies, base, bases: nodes }),
  ];
}
