// What of the kernel's frames reaches `forward`, in which order, and what becomes of the rest.
import { setImmediate as turn } from "node:timers/promises";
import { Network } from "sixplane";
import type { FrameBatch } from "sixplane/tap";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ALL_NODES,
  hex,
  NETWORK,
  OWNER_MAC,
  SELF,
  SELF_MAC,
  solicitation,
  solicitedNode,
  TARGET,
  toHex,
} from "../support/frames.ts";
import {
  interfaceNames,
  keeper,
  open,
  skipDuplicateDetection,
  skipRouterSolicitations,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";
import { isNumbered, numbered, numberOf, PacketSocket, sendAll, settled } from "../support/packet.ts";

const BROADCAST = "ffffffffffff";
const ARP = hex(
  `${BROADCAST}${SELF_MAC}0806000108000604${"0001"}${SELF_MAC}0a000001${"00".repeat(6)}0a000002`,
);
const RING = 1 << 20;

beforeAll(() => {
  if (obstacle !== undefined) return;
  skipDuplicateDetection();
  skipRouterSolicitations();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

describe("forward", () => {
  test("gets what passes byte for byte and in order, and nothing else", async () => {
    const { frames, forward } = keeper();
    const tap = await open({ forward });
    await settled(tap); // what the kernel says of itself as the interface comes up
    using sender = PacketSocket.sender(tap.name);
    frames.splice(0);

    const probe = solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET });
    const tagged = hex(`333300000001${SELF_MAC}81000005${toHex(solicitation().subarray(12))}`);
    const foreign = solicitation({
      source: "20010db8000000000000000000000001",
      target: "20010db8000000000000000000000002",
    });
    const echo = hex(`${OWNER_MAC}${SELF_MAC}0800${"45".padEnd(2 * 1001, "a5")}`);
    const passing = [probe, tagged, ARP, foreign, echo, numbered(1, 14 + 2800), numbered(2, 60)];
    const invalid = [
      solicitation({ checksum: "0bad" }),
      solicitation({ hopLimit: "40" }),
      solicitation({ destination: ALL_NODES.replace(/1$/, "2") }),
      solicitation({ options: "0100" }),
    ];
    const answered = [solicitation(), solicitation({ destination: solicitedNode(TARGET) })];
    const before = tap.counters();
    for (const frame of [...answered, ...passing, ...invalid, ...answered]) sender.send(frame);
    await settled(tap);

    const responder = new Network(NETWORK).responder({ node: SELF });
    const sent = [...answered, ...passing, ...invalid, ...answered];
    const expected = sent.filter((frame) => responder.answer(frame).kind === "pass").map(toHex);
    expect(expected).toEqual(passing.map(toHex));
    await until(() => frames.length >= expected.length, "forwarded");
    expect(frames).toEqual(expected);

    const counters = tap.counters();
    expect(counters.invalid - before.invalid).toBe(4);
    expect(counters.reply - before.reply).toBe(4);
    expect(counters.reasons).toMatchObject({
      checksum: 1,
      "hop-limit": 1,
      destination: 1,
      "option-length": 1,
    });
    await tap.close();
  });

  test("gets what the kernel itself sends, as a watcher of the interface sees it", async () => {
    const frames: string[] = [];
    const tap = await open({ forward: (batch) => void frames.push(...[...batch].map(toHex)) });
    await tap.usable();
    await settled(tap);
    run("ip", "address", "add", "10.0.0.1/24", "dev", tap.name);
    run("ip", "address", "add", "2001:db8::1/64", "dev", tap.name);
    using watcher = PacketSocket.watcher(tap.name);
    using sender = PacketSocket.sender(tap.name);
    const start = toHex(numbered(1));
    const end = toHex(numbered(2));
    sender.send(numbered(1));
    for (const target of ["10.0.0.2", "2001:db8::2", "fc9c:56c2:e3de:adbe:ef01::77"]) {
      run("sh", "-c", `ping -c 1 -W 0.1 ${target} >/dev/null || true`);
    }
    sender.send(numbered(2));
    const between = (all: string[]) => all.slice(all.indexOf(start) + 1, all.indexOf(end));
    await until(() => frames.includes(end), "forwarded");

    const responder = new Network(NETWORK).responder({ node: SELF });
    const passed = watcher.outgoing().filter((frame) => responder.answer(frame).kind === "pass");
    const expected = between(passed.map(toHex));
    expect(expected.filter((frame) => frame.slice(24, 28) === "0806").length).toBeGreaterThan(0);
    const echoes = expected.filter((frame) => frame.startsWith(OWNER_MAC));
    expect(echoes.length).toBeGreaterThan(0); // resolved, and on its way to its owner
    expect(between(frames)).toEqual(expected);
    await tap.close();
  });

  test('with multicast: "drop" gets unicast alone', async () => {
    const { frames, forward } = keeper();
    const tap = await open({ multicast: "drop", forward });
    await settled(tap);
    const before = tap.counters();
    expect(frames).toEqual([]); // not even what the kernel says as the interface comes up
    expect(before.dropped.multicast).toBe(before.pass - before.forwarded);
    using sender = PacketSocket.sender(tap.name);
    const group = solicitation({ target: "20010db8000000000000000000000002" });
    for (const frame of [ARP, numbered(1, 60, "01005e000001"), group, numbered(2), solicitation()]) {
      sender.send(frame);
    }
    await until(() => frames.length > 0, "forwarded");
    await settled(tap);
    expect(frames).toEqual([toHex(numbered(2))]);
    const { dropped, reply, pass, forwarded } = tap.counters();
    expect(dropped.multicast).toBeGreaterThanOrEqual(before.dropped.multicast + 3);
    expect(dropped.multicast).toBe(pass - forwarded);
    expect(reply - before.reply).toBe(1);
    expect(forwarded - before.forwarded).toBe(2); // and the marker behind it
    await tap.close();
  });

  test("gets frames of any length whole, many times round its memory", async () => {
    const got: string[] = [];
    const tap = await open({
      forward: (frames) => {
        for (const frame of frames) if (isNumbered(frame)) got.push(toHex(frame));
      },
    });
    const lengthOf = (number: number) => 18 + ((number * 7919) % 1400);
    for (let round = 0; round < 40; round++) {
      const expected = Array.from({ length: 400 }, (_, index) => {
        const number = 400 * round + index;
        return numbered(number, lengthOf(number)).fill(0x5a, 18); // no zeros, which the queue means something by
      });
      await sendAll(tap, expected.length, (number) => expected[number] ?? numbered(0));
      await until(() => got.length >= expected.length, "forwarded");
      expect(got.splice(0)).toEqual(expected.map(toHex));
    }
    expect(tap.counters().dropped.backlog).toBe(0);
  });

  test("is not needed: passed frames are counted", async () => {
    const tap = await open();
    using sender = PacketSocket.sender(tap.name);
    for (let number = 0; number < 100; number++) sender.send(numbered(number));
    await until(() => (tap.counters().reasons["not-ipv6"] ?? 0) === 100, "counted");
    expect(tap.counters()).toMatchObject({ forwarded: 0, dropped: { backlog: 0, multicast: 0 } });
    await tap.close();
  });
});

describe("a slow forward", () => {
  test("holds up a mebibyte of frames, further ones are counted, and none of those held is lost", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const got: number[] = [];
    const tap = await open({
      forward: async (frames: FrameBatch) => {
        await held;
        for (const frame of frames) if (isNumbered(frame)) got.push(numberOf(frame));
      },
    });
    await settled(tap);
    const { received } = tap.counters();
    const rss = process.memoryUsage().rss;
    const count = 200_000;
    await sendAll(tap, count, (number) => numbered(number, 1000));
    expect(process.memoryUsage().rss - rss).toBeLessThan(64 << 20); // 200 MB have come

    const full = tap.counters();
    expect(full.received).toBe(full.reply + full.pass + full.invalid + full.dropped.oversized);
    expect(full.pass).toBe(full.forwarded + full.dropped.backlog);
    expect(full.received - received).toBeGreaterThanOrEqual(count);
    expect(full.dropped.backlog).toBeGreaterThan(count - RING / 1000 - 1);
    expect(full.forwarded).toBeGreaterThan(0.9 * (RING / 1004));
    expect(got).toEqual([]);

    release();
    await until(() => tap.counters().forwarded > full.forwarded || got.length > 1000, "delivery");
    await sendAll(tap, 1, () => numbered(count)); // and on it goes
    await until(() => got.includes(count), "delivered");
    const kept = got.length - 1;
    expect(got).toEqual([...Array.from({ length: kept }, (_, number) => number), count]);
    expect(kept).toBeGreaterThanOrEqual(count - full.dropped.backlog);
    await tap.close();
  });

  test("that does not even let go of the thread leaves turns to others", async () => {
    let turns = 0;
    const turnsAtBatch: number[] = [];
    const tap = await open({
      forward: () => {
        turnsAtBatch.push(turns);
        const end = performance.now() + 2;
        while (performance.now() < end);
      },
    });
    const timer = setInterval(() => turns++, 0);
    run("ip", "link", "set", tap.name, "txqueuelen", "30000");
    using sender = PacketSocket.sender(tap.name);
    // All at once, before the first is forwarded, so that the queue is not empty until the end.
    for (let number = 0; number < 20_000; number++) sender.send(numbered(number, 20));
    await until(() => turnsAtBatch.length > 70, "all batches");
    clearInterval(timer);
    expect(tap.counters().forwarded).toBeGreaterThanOrEqual(20_000);
    expect(new Set(turnsAtBatch.slice(-60)).size).toBeGreaterThan(30); // timers have run between
    await tap.close();
  });

  test("that is not done when the TAP is closed leaves frames, which count as dropped", async () => {
    let given = 0;
    const never = new Promise<void>(() => {});
    const tap = await open({
      forward: (frames) => {
        given += frames.count;
        return never;
      },
    });
    using sender = PacketSocket.sender(tap.name);
    await until(() => given > 0, "the first batch"); // of the kernel's own
    for (let number = 0; number < 50; number++) sender.send(numbered(number));
    await until(() => tap.counters().forwarded >= 50, "the queue");
    await tap.close();
    const { pass, forwarded, dropped } = tap.counters();
    expect(forwarded).toBe(given);
    expect(dropped.backlog).toBe(pass - given);
  });

  test("that throws closes the TAP, and closed rejects with its error", async () => {
    for (const forward of [
      () => {
        throw new Error("on purpose");
      },
      async () => {
        await turn();
        throw new Error("on purpose");
      },
      () => Promise.reject(), // for no reason at all
    ]) {
      const tap = await open({ forward });
      const outcome = await tap.closed.then(
        () => "closed",
        (error?: Error) => error?.message ?? "no reason", // the kernel's first frame is enough
      );
      expect(["on purpose", "no reason"]).toContain(outcome);
      expect(interfaceNames()).toEqual(["lo"]);
      await tap.close();
      expect(tap.inject(numbered(1))).toBe(false);
    }
  });
});

describe("the largest frames", () => {
  test("go through whole; one that may be larger than the core's memory is counted and not forwarded", async () => {
    const { frames, forward } = keeper();
    const tap = await open({ mtu: 65_499, forward });
    await settled(tap);
    using sender = PacketSocket.sender(tap.name);
    const largest = numbered(1, 14 + 65_499).map((byte, index) => (index < 18 ? byte : index));
    const tagged = hex(`${OWNER_MAC}${SELF_MAC}81000005${toHex(largest.subarray(12))}`);
    frames.splice(0);
    for (const frame of [largest, tagged]) {
      sender.send(frame);
      await settled(tap);
    }
    await until(() => frames.length === 2, "forwarded");
    expect(frames).toEqual([largest, tagged].map(toHex));
    expect(tap.counters().dropped.oversized).toBe(0);

    run("ip", "link", "set", tap.name, "mtu", "65521");
    for (const length of [65_518, 65_535, 65_517, 60]) sender.send(numbered(length, length));
    await until(() => frames.length >= 4, "forwarded");
    await settled(tap);
    expect(frames.slice(2)).toEqual([65_517, 60].map((length) => toHex(numbered(length, length))));
    expect(tap.counters().dropped.oversized).toBe(2);
    await tap.close();
  });
});
