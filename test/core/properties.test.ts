// What holds for every record and every frame, good or bad.
import fc from "fast-check";
import { Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { anyFrame, nearSolicitation, networkId, node } from "../support/arbitraries.ts";
import { Host, RESPONDERS, refusal } from "../support/builds.ts";
import { checkAdvertisement, toHex } from "../support/frames.ts";

describe.each(RESPONDERS)("the $name build", (build) => {
  const host = new Host(build);
  const answers = { reply: 0, pass: 0, invalid: 0 };

  // At the two ends of memory, where a byte read before or behind them traps.
  const places = (length: number) => [
    { frame: 0, config: 0x10000 - 16 },
    { frame: 0x10000 - Math.max(length, 86), config: 0 },
  ];

  function judge({ record, frame }: { record: string; frame: Uint8Array }): void {
    const [first, second] = places(frame.length).map((at) => host.judge(record, frame, at));
    expect(first).toEqual(second);
    const { code, frame: after } = first ?? { code: Number.NaN, frame };
    if (code > 0) {
      answers.reply++;
      expect(code).toBe(86);
      // Nothing valid can be said to a source that is a group, and `tiny` does not check the source.
      if (build.rules || frame[22] !== 0xff) checkAdvertisement(after);
      const again = host.judge(record, after);
      expect(again.code).toBe(refusal(build, -7));
    } else {
      answers[code > -16 ? "pass" : "invalid"]++;
      expect(toHex(after)).toBe(toHex(frame));
      expect(code).toBeGreaterThanOrEqual(build.reasons ? -27 : -16);
      if (build.reasons) expect(code).not.toBe(0);
    }
  }

  test("no bytes trap it, change what is not the reply, or get a reply that is not valid", () => {
    fc.assert(fc.property(anyFrame, judge), { numRuns: 5_000 });
  });

  test("nor does anything close to a solicitation", () => {
    fc.assert(fc.property(nearSolicitation, judge), { numRuns: 20_000 });
    expect(answers.reply).toBeGreaterThan(1_000);
    expect(answers.pass).toBeGreaterThan(1_000);
    if (build.rules) expect(answers.invalid).toBeGreaterThan(1_000);
    else expect(answers.invalid).toBe(0);
  });

  test("nothing beside record and frame was ever written", () => expect(host.untouched()).toBe(true));
});

test("a node is the owner of all that is derived from it, in every network", () => {
  fc.assert(
    fc.property(networkId, node, fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }), (id, own, n) => {
      const network = new Network(id);
      const host = network.host(own);
      const reserved = own.startsWith("ff") || /^0+$/.test(own);
      const { sixplane, rfc4193, mac } = host;
      expect(network.ownerOf(sixplane.address)).toEqual({ node: own, mode: "6plane", reserved });
      expect(network.ownerOf(sixplane.prefix.address(n))).toEqual({ node: own, mode: "6plane", reserved });
      expect(network.ownerOf(rfc4193.address)).toEqual({ node: own, mode: "rfc4193", reserved });
      expect(network.ownerOf(mac)).toEqual({ node: own, mode: "mac", reserved });
    }),
    { numRuns: 2_000 },
  );
});

test("two nodes of a network have nothing in common", () => {
  fc.assert(
    fc.property(networkId, node, node, (id, a, b) => {
      fc.pre(a !== b);
      const [one, other] = [a, b].map((own) => new Network(id).host(own));
      expect(one?.mac).not.toBe(other?.mac);
      expect(one?.sixplane.prefix.toString()).not.toBe(other?.sixplane.prefix.toString());
      expect(one?.rfc4193.address).not.toBe(other?.rfc4193.address);
    }),
  );
});
