// How many solicitations are answered in a second, where that is limited.
import { spawnSync } from "node:child_process";
import type { Tap } from "sixplane/tap";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { solicitation } from "../support/frames.ts";
import { A, B, Host, until } from "../support/hosts.ts";
import { open, skipDuplicateDetection } from "../support/kernel.ts";
import { obstacle } from "../support/namespace.ts";
import { numbered, PacketSocket, sendAll } from "../support/packet.ts";

beforeAll(() => {
  if (obstacle !== undefined) return;
  skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

/** What has become of the replies so far. */
function replies(tap: Tap): { made: number; sent: number; limited: number } {
  const { reply, dropped } = tap.counters();
  return { made: reply, sent: tap.interfaceCounters().received.frames, limited: dropped.limited };
}

describe("with a limit", () => {
  test.each([1, 50, 3000])("of %i a second, so many are sent at once, and no more", async (limit) => {
    const tap = await open({ repliesPerSecond: limit });
    const start = performance.now();
    await sendAll(tap, limit, () => solicitation());
    expect(replies(tap)).toEqual({ made: limit, sent: limit, limited: 0 });

    await sendAll(tap, 10 * limit, () => solicitation());
    const { made, sent, limited } = replies(tap);
    expect([made, sent + limited]).toEqual([11 * limit, 11 * limit]);
    expect(sent).toBeLessThanOrEqual(limit + ((performance.now() - start) / 1000) * limit);
    expect(limited).toBeGreaterThan(0);
    await tap.close();
  });

  test("the others are answered again as time goes by, but a long rest is worth no more than a second", async () => {
    const limit = 20;
    const tap = await open({ repliesPerSecond: limit });
    await sendAll(tap, 100, () => solicitation());
    using sender = PacketSocket.sender(tap.name);
    const { sent: before } = replies(tap);
    await until("an answer", () => {
      sender.send(solicitation());
      return replies(tap).sent > before;
    });

    await new Promise((resolve) => setTimeout(resolve, 2500));
    const [{ sent: rested }, start] = [replies(tap), performance.now()];
    await sendAll(tap, 5 * limit, () => solicitation());
    const since = replies(tap).sent - rested;
    expect(since).toBeGreaterThanOrEqual(limit);
    expect(since).toBeLessThanOrEqual(limit + ((performance.now() - start) / 1000) * limit);
    await tap.close();
  });

  test("a flood that never pauses gets its share, and what is no solicitation is forwarded as without", async () => {
    let forwarded = 0;
    const limit = 100;
    const tap = await open({
      repliesPerSecond: limit,
      forward: (frames) => {
        forwarded += frames.count;
      },
    });
    const start = performance.now();
    while (performance.now() - start < 2000) {
      await sendAll(tap, 4000, (number) => (number % 2 === 0 ? solicitation() : numbered(number)));
    }
    const { made, sent, limited } = replies(tap);
    expect(made).toBe(sent + limited);
    expect(sent).toBeGreaterThanOrEqual(2 * limit);
    expect(sent).toBeLessThanOrEqual(limit + ((performance.now() - start) / 1000) * limit);
    const { pass, dropped } = tap.counters();
    await until("all forwarded", () => forwarded === pass - dropped.backlog);
    await tap.close();
  });
});

test("without a limit all are answered", async () => {
  const tap = await open();
  await sendAll(tap, 20_000, () => solicitation());
  expect(replies(tap)).toEqual({ made: 20_000, sent: 20_000, limited: 0 });
  await tap.close();
});

test("sixplane up has it as --rate, and counts what was dropped", async ({ skip }) => {
  skip(!isInstalled("ndisc6"), "no ndisc6");
  await using host = await Host.up(A.node, ["--rate", "1", "--json"]);
  const asks = () => spawnSync("ndisc6", ["-1q", "-r", "1", "-w", "100", B.sixplane, "zt0"]).status;
  expect(asks()).toBe(0);
  await until("no answer", () => asks() === 2);
  const { tap } = await host.counts("a reply dropped", ({ tap }) => (tap.dropped["limited"] ?? 0) > 0);
  expect(tap.reply).toBeGreaterThan(tap.dropped["limited"] ?? 0);
  await until("an answer", () => asks() === 0);
  expect(await host.end("SIGTERM")).toBe(0);
});
