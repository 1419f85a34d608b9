// The check of a frame's sender does in the kernel what it does as WebAssembly, and refuses what it cannot see the end of.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LONGEST } from "../../bindings/ebpf/program/memory.ts";
import { PERMIT_COUNTER } from "../../bindings/ebpf/program/permits.ts";
import { seeded } from "../fuzz/frames.ts";
import type { Config } from "../fuzz/oracle.ts";
import { peerCase } from "../fuzz/peer-frames.ts";
import { CHECKERS } from "../support/builds.ts";
import { hex, NETWORK, SELF, SELF_ADDRESS, SELF_MAC, toHex } from "../support/frames.ts";
import { icmpv6 } from "../support/icmpv6.ts";
import { expectedPermit } from "../support/source-check.ts";
import { PermitTwin } from "./permit-twin.ts";
import { noBpf } from "./twin.ts";

const SEED = 20_261_128;
const CASES = 20_000;
/** Lengths that the kernel's test run takes, of whatever frame. */
const LEAST = 54;

const TAGS = [0x8100, 0x88a8, 0x9100];
const EXTENSIONS = [0, 43, 44, 51, 60];

const SENDER: Config = { network: hex(NETWORK), node: hex(SELF), modes: 3 };
const ALL_NODES = "ff020000000000000000000000000001";

describe.skipIf(noBpf).each(CHECKERS)(
  `permits of $name in the kernel${noBpf ? `: ${noBpf}` : ""}`,
  (build) => {
    let twin: PermitTwin;
    beforeAll(() => {
      twin = new PermitTwin(build);
    });
    afterAll(() => twin[Symbol.dispose]());

    test(`says of ${CASES} frames what it says as WebAssembly`, () => {
      const seen = new Map<number, number>();
      for (let index = 0; index < CASES; index++) {
        const one = peerCase(seeded(SEED, index));
        if (one.frame.length < LEAST || one.frame.length > LONGEST) continue;
        const counter = twin.check(one, one.frame);
        seen.set(counter, (seen.get(counter) ?? 0) + 1);
      }
      for (const result of [0, 1, 2]) expect(seen.get(result)).toBeGreaterThan(CASES / 40);
    });

    test("of a longer frame, permits by its headers what the rules permit, and no more", () => {
      const seen = new Map<number, number>();
      for (let index = 0; index < 4_000; index++) {
        const { frame, ...config } = peerCase(seeded(SEED, index));
        // What is behind a packet's end does not count, so the packets themselves are made longer.
        const longer = lengthened(frame, 300 + (index % 2_000));
        if (longer.length < LONGEST) continue;
        const counter = twin.judge(config, longer);
        const expected = expectedPermit(config, longer);
        const may = [expected];
        // The end of the message, or of extension headers, may be out of sight.
        if (endOf(longer) > LONGEST && expected === 2) may.splice(0, 1, PERMIT_COUNTER.tooLong, 0);
        if (endOf(longer) > LONGEST && EXTENSIONS.includes(nextOf(longer))) may.push(PERMIT_COUNTER.refused);
        if (!may.includes(counter)) throw new Error(`${counter}, not ${expected}, for ${toHex(longer)}`);
        seen.set(counter, (seen.get(counter) ?? 0) + 1);
      }
      expect(seen.get(PERMIT_COUNTER.permitted)).toBeGreaterThan(200);
      expect(seen.get(PERMIT_COUNTER.refused)).toBeGreaterThan(200);
    });

    test("refuses a good advertisement that is longer than its memory, and no shorter one", () => {
      const counters = Array.from({ length: 40 }, (_, more) => {
        const body = `20000000${SELF_ADDRESS}0201${SELF_MAC}${`0e01${"ab".repeat(6)}`.repeat(more)}`;
        const frame = icmpv6({
          ethernetSource: SELF_MAC,
          source: SELF_ADDRESS,
          destination: ALL_NODES,
          type: 136,
          body,
        });
        return [frame.length, twin.judge(SENDER, frame)] as const;
      });
      for (const [length, counter] of counters) {
        const fits = length <= LONGEST;
        expect([length, counter]).toEqual([
          length,
          fits ? PERMIT_COUNTER.permittedWhole : PERMIT_COUNTER.tooLong,
        ]);
      }
    });

    test("refuses a long frame that claims to be longer than it is", () => {
      const head = `333300000001${SELF_MAC}86dd60000000`;
      const long = (payload: number, there: number) =>
        hex(
          `${head}${payload.toString(16).padStart(4, "0")}06ff${SELF_ADDRESS}${ALL_NODES}${"00".repeat(there)}`,
        );
      expect(twin.judge(SENDER, long(1_000, 1_000))).toBe(PERMIT_COUNTER.permitted);
      expect(twin.judge(SENDER, long(1_001, 1_000))).toBe(PERMIT_COUNTER.refused);
      expect(twin.judge(SENDER, long(100, 1_000))).toBe(PERMIT_COUNTER.permitted);
    });
  },
);

/** Where the ethertype is, behind VLAN tags. */
function typeOf(frame: Uint8Array): number {
  let type = 12;
  while (TAGS.includes(word(frame, type))) type += 4;
  return type;
}

/** Where the packet ends. */
function endOf(frame: Uint8Array): number {
  return typeOf(frame) + 42 + word(frame, typeOf(frame) + 6);
}

/** Which header follows that of IPv6. */
function nextOf(frame: Uint8Array): number {
  return frame[typeOf(frame) + 8] ?? -1;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** The frame with more bytes in its packet, where it is a whole one without VLAN tags; else with more behind it. */
function lengthened(frame: Uint8Array, more: number): Uint8Array {
  const longer = new Uint8Array(frame.length + more);
  longer.set(frame);
  if (word(frame, 12) !== 0x86dd || endOf(frame) > frame.length) return longer;
  longer[18] = (longer.length - 54) >> 8;
  longer[19] = (longer.length - 54) & 255;
  return longer;
}
