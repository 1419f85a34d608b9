// How long a verdict takes, in the core and through the bindings. Ratios are to the first row, which is
// what any caller pays: a frame put into the core's memory.
import { readFileSync } from "node:fs";
import { initSync, Network } from "sixplane";
import { Bench } from "tinybench";

initSync();
const vectors = readFileSync(new URL("../test/vectors/replies.jsonl", import.meta.url), "utf8");
const { network: id, self, ns } = JSON.parse(vectors.slice(0, vectors.indexOf("\n")));
const network = new Network(id);
const responder = network.responder({ node: self });
const { buffer } = responder;
const solicitation = Uint8Array.from(Buffer.from(ns, "hex"));
const ipv4 = solicitation.slice();
ipv4.set([0x08, 0x00], 12);

const bench = new Bench({ name: "verdicts", time: 1000 });
bench
  .add("copy a solicitation in", () => buffer.set(solicitation))
  .add("reply, in place", () => {
    buffer.set(solicitation);
    responder.answerInPlace(solicitation.length);
  })
  .add("reply, answer(frame)", () => {
    responder.answer(solicitation);
  })
  .add("pass, in place", () => {
    buffer.set(ipv4);
    responder.answerInPlace(ipv4.length);
  })
  .add("pass, answer(frame)", () => {
    responder.answer(ipv4);
  })
  .add("permitsSource(node, frame)", () => {
    network.permitsSource(self, solicitation);
  })
  .add("all addresses of a host", () => {
    network.host(self);
  });
await bench.run();

const medians = bench.tasks.map(({ name, result }) => {
  if (result.state !== "completed") throw new Error(`${name} did not complete`);
  return { name, nanoseconds: result.latency.p50 * 1e6 };
});
const base = medians[0]?.nanoseconds ?? Number.NaN;
for (const { name, nanoseconds } of medians) {
  console.log(
    `${name.padEnd(26)} ${nanoseconds.toFixed(0).padStart(6)} ns  ${(nanoseconds / base).toFixed(1).padStart(5)}x`,
  );
}
