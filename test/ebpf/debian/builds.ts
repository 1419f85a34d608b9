// What runs in the machine of suite.ts: every build is loaded there, and compared with its WebAssembly; then an
// interface is attached.
import { release } from "node:os";
import { LONGEST } from "../../../bindings/ebpf/program/memory.ts";
import { caseOf, seeded } from "../../fuzz/frames.ts";
import { peerCase } from "../../fuzz/peer-frames.ts";
import { CHECKERS, RESPONDERS, record } from "../../support/builds.ts";
import { hex } from "../../support/frames.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../../support/vectors.ts";
import { PermitTwin } from "../permit-twin.ts";
import { Twin } from "../twin.ts";
import { attachPinned, attachTwice } from "./attach.ts";
import { MUTANTS } from "./mutants.ts";

const SEED = 61;
/** The shortest frame that the kernel's test run takes. */
const LEAST = 54;

for (const build of RESPONDERS) {
  using twin = new Twin(build);
  for (const { network, self, ns } of REPLIES) twin.check(record(network, self), hex(ns));
  for (const { in_hex } of OWNER_KERNEL.cases)
    twin.check(record(OWNER_KERNEL.network, OWNER_KERNEL.self), hex(in_hex));
  for (const { hex: text } of TAP.frames) twin.check(record(TAP.network, TAP.self), hex(text));
  for (let index = 0; index < MUTANTS; index++) twin.checkCase(caseOf(seeded(SEED, index)));
  const compared = [...twin.compared.values()].reduce((sum, one) => sum + one, 0);
  console.log(
    JSON.stringify({
      kernel: release(),
      build: build.name,
      verified: twin.loaded.verified,
      compared,
      refused: twin.refused,
    }),
  );
}
for (const build of CHECKERS) {
  using twin = new PermitTwin(build);
  const results = [0, 0, 0];
  for (let index = 0; index < MUTANTS; index++) {
    const { frame, ...config } = peerCase(seeded(SEED, index));
    if (frame.length < LEAST || frame.length > LONGEST) continue;
    const result = twin.check(config, frame);
    results[result] = (results[result] ?? 0) + 1;
  }
  const { verified } = twin.loaded;
  console.log(JSON.stringify({ kernel: release(), checker: build.name, verified, results }));
}
await attachTwice();
await attachPinned();
