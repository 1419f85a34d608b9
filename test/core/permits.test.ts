// `permits` in every build that has it: what it returns, what it touches, and how long it takes.
import { describe, expect, test } from "vitest";
import { seeded } from "../fuzz/frames.ts";
import { type PeerCase, peerCase } from "../fuzz/peer-frames.ts";
import { CHECKERS, Host, record } from "../support/builds.ts";
import { hex, NETWORK, SELF, SELF_ADDRESS, SELF_MAC, toHex } from "../support/frames.ts";
import { MemoryGuard } from "../support/memory-guard.ts";
import { expectedPermit } from "../support/source-check.ts";

const SEED = 20_261_127;
const COUNT = 20_000;
/** Loads, stores, calls and turns of loops that a frame takes without options and extension headers: measured 42. */
const FRAME_WORK = 42;
/** The same for 8 bytes of them: measured 4. */
const UNIT_WORK = 4;
const END = 0x10000;

const cases = Array.from({ length: COUNT }, (_, index) => peerCase(seeded(SEED, index)));
const recordOf = ({ network, node, modes }: PeerCase) => record(toHex(network), toHex(node), modes);

test("two builds have it", () => {
  expect(CHECKERS.map(({ name }) => name)).toEqual(["sixplane", "permits"]);
});

describe.each(CHECKERS)("the $name build", (build) => {
  test("returns what the rules say, of frames that lie in no place, or in some", () => {
    const host = new Host(build);
    const results = [0, 0, 0];
    for (const one of cases) {
      host.bytes.set(hex(recordOf(one)), 0);
      host.bytes.set(one.frame, 18);
      const result = host.exports.permits(0, 18, one.frame.length);
      if (result !== expectedPermit(one, one.frame))
        throw new Error(`${result} for ${recordOf(one)} ${toHex(one.frame)}`);
      results[result] = (results[result] ?? 0) + 1;
    }
    for (const count of results) expect(count).toBeGreaterThan(COUNT / 25);
  });

  test("reads the record and the frame's bytes alone, writes nothing, and takes no longer than it may", () => {
    const guard = new MemoryGuard(build);
    const { host } = guard;
    for (const [index, one] of cases.entries()) {
      const { length } = one.frame;
      const [config, frame] = index % 2 ? [0, END - length] : [END - 16, 0];
      host.bytes.set(hex(recordOf(one)), config);
      host.bytes.set(one.frame, frame);
      const reads = [
        { start: config, length: 16 },
        { start: frame, length },
      ];
      const most = FRAME_WORK + UNIT_WORK * Math.max(0, Math.ceil((length - 54) / 8));
      guard.permit(reads, [], most, () => host.exports.permits(config, frame, length));
    }
  });

  test("refuses a frame of no length, or of less", () => {
    const host = new Host(build);
    for (const length of [0, -1, -0x80000000, 13]) expect(host.exports.permits(0, 16, length)).toBe(0);
  });

  test("takes the longest message that fits into memory in as many steps as its options make", () => {
    const guard = new MemoryGuard(build);
    const { host } = guard;
    const length = END - 18;
    const payload = length - 54;
    const head = `333300000001${SELF_MAC}86dd60000000${payload.toString(16)}3aff${SELF_ADDRESS}`;
    const message = `${"ff02".padEnd(31, "0")}18800000020000000${SELF_ADDRESS}`;
    const fixed = hex(head + message);
    host.bytes.set(hex(record(NETWORK, SELF)), 0);
    host.bytes.set(fixed, 18);
    for (let at = 18 + fixed.length; at < END; at += 8) host.bytes.set(hex(`0201${SELF_MAC}`), at);
    const reads = [{ start: 0, length: END }];
    const most = FRAME_WORK + UNIT_WORK * Math.ceil(payload / 8);
    expect(guard.permit(reads, [], most, () => host.exports.permits(0, 18, length))).toBe(2);
  });
});
