// Many targets, and many frames.
import { createSocket } from "node:dgram";
import { Network } from "sixplane";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NETWORK, solicitation } from "../support/frames.ts";
import { neighbours, open, skipDuplicateDetection, until } from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";
import { numbered, sendAll } from "../support/packet.ts";

beforeAll(() => {
  if (obstacle !== undefined) return;
  skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

const MEBIBYTE = 1 << 20;

describe("an open TAP", () => {
  test("answers for ten thousand nodes, and the kernel learns the MAC of each", async () => {
    const network = new Network(NETWORK);
    const hosts = Array.from({ length: 10_000 }, (_, number) =>
      network.host((0x1000000000 + number * 7_919_777).toString(16)),
    );
    const tap = await open();
    await tap.usable();
    const socket = createSocket("udp6");
    const known = new Map<string, string | undefined>();
    // The kernel knows 1,024 neighbours at most, in all namespaces together.
    for (let start = 0; start < hosts.length; start += 250) {
      const addresses = hosts.slice(start, start + 250).map((host, index) => {
        return (index % 2 === 0 ? host.sixplane : host.rfc4193).address;
      });
      for (const address of addresses) socket.send("?", 9, address);
      const reachable = () => neighbours(tap.name, "nud", "reachable");
      await until(() => reachable().length === addresses.length, "250 neighbours");
      for (const { dst, lladdr } of reachable()) known.set(dst, lladdr);
      run("ip", "-6", "neigh", "flush", "dev", tap.name);
    }
    await new Promise<void>((resolve) => socket.close(resolve));
    const expected = hosts.map((host, index) => {
      return [(index % 2 === 0 ? host.sixplane : host.rfc4193).address, host.mac] as const;
    });
    expect([...known].sort()).toEqual(expected.map(([...pair]) => pair).sort());
    expect(tap.counters()).toMatchObject({ reply: 10_000, invalid: 0, dropped: { unsent: 0 } });
  });

  test("takes no more memory for 1.5 million frames, five minutes of 5,000 a second", async () => {
    let forwarded = 0;
    const tap = await open({
      forward: (frames) => {
        for (const _ of frames) forwarded++;
      },
    });
    const kinds = [solicitation(), numbered(1, 1000), solicitation({ checksum: "0bad" })];
    const some = (count: number) => sendAll(tap, count, (number) => kinds[number % 3] ?? numbered(0));
    await some(150_000);
    const rss = process.memoryUsage().rss;
    await some(1_500_000);
    expect(process.memoryUsage().rss - rss).toBeLessThan(16 * MEBIBYTE); // 2 to 3 where this was written

    const counters = tap.counters();
    expect(counters).toMatchObject({ reply: 550_000, invalid: 550_000, dropped: { unsent: 0 } });
    expect(counters.pass).toBeGreaterThanOrEqual(550_000);
    expect(counters.received).toBe(counters.reply + counters.pass + counters.invalid);
    expect(counters.pass).toBe(counters.forwarded + counters.dropped.backlog);
    await until(() => forwarded === counters.forwarded, "forwarded");
  });
});
