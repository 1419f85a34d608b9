// What the network saves: the arithmetic, the counts in namespaces, and their picture.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { solicitationsOf } from "../../bench/network/arithmetic.js";
import { count } from "../../bench/network/count.js";
import { plot } from "../../bench/network/plot.js";
import { expectNoInterface } from "../support/kernel.ts";
import { obstacle } from "../support/namespace.ts";

const stored = (name: string) =>
  readFileSync(new URL(`../../bench/network/${name}`, import.meta.url), "utf8");

describe("the arithmetic", () => {
  test.each([2, 3, 5, 8])("is what becomes of %i hosts, one solicitation at a time", (hosts) => {
    let flooded = 0;
    for (let asker = 0; asker < hosts; asker++) {
      for (let target = asker + 1; target < hosts; target++) {
        for (let other = 0; other < hosts; other++) if (other !== asker) flooded++;
      }
    }
    expect(solicitationsOf(hosts)).toMatchObject({ flooded, emulated: 0 });
  });

  test.each([
    [2, 3],
    [3, 4],
    [4, 3],
    [5, 2],
  ])("is the mean over all ways that %i hosts can fall into %i groups", (hosts, groups) => {
    const ways = groups ** hosts;
    let delivered = 0;
    for (let way = 0; way < ways; way++) {
      const group = (host: number) => Math.floor(way / groups ** host) % groups;
      for (let asker = 0; asker < hosts; asker++) {
        for (let target = asker + 1; target < hosts; target++) {
          for (let other = 0; other < hosts; other++) {
            if (other !== asker && group(other) === group(target)) delivered++;
          }
        }
      }
    }
    expect(solicitationsOf(hosts, groups).snooped).toBeCloseTo(delivered / ways, 9);
  });
});

describe("counted in namespaces", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
  });

  afterEach(expectNoInterface);

  test.each([2, 5])(
    "of %i hosts, it is what the arithmetic says, and nothing with emulation",
    async (hosts) => {
      const { flooded } = solicitationsOf(hosts);
      const pairs = (hosts * (hosts - 1)) / 2;
      expect(await count(hosts)).toEqual({
        flooded,
        emulated: 0,
        answered: 2 * pairs,
        foreign: flooded, // so the same counters see what does leave a TAP
      });
    },
  );
});

test("the picture is that of the results, whose arithmetic is what the code gives", () => {
  const counts = JSON.parse(stored("results.json"));
  expect(stored("savings.svg")).toBe(plot(counts));
  for (const { hosts, flooded, emulated } of counts) {
    expect(solicitationsOf(hosts)).toMatchObject({ flooded, emulated });
  }
});
