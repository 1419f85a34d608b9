// The routes to the peers that are named: the kernel has one neighbour for each, and one for all other nodes.
import { openTap } from "sixplane/tap";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NETWORK, OWNER, SELF } from "../support/frames.ts";
import {
  changeSetting,
  expectNoInterface,
  neighbours,
  open,
  skipDuplicateDetection,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

const OWNERS = "fc9c:56c2:e3de:adbe:ef01";

/** The link-local address of node 0000000000, and its MAC. */
const NOWHERE = { dst: "fe80::ff:fe1c:e2c2", lladdr: "02:00:00:1c:e2:c2", state: ["PERMANENT"] };

/** The routes that a TAP makes. */
const routes = () =>
  run("ip", "-6", "route")
    .split("\n")
    .filter((line) => line.includes(" proto static metric 128 "));

/** Sends a datagram to each address, as any local user can. */
function send(addresses: string[]): void {
  const script = `
    const socket = require("node:dgram").createSocket("udp6");
    const { argv } = process;
    let left = argv.length - 1;
    for (const address of argv.slice(1)) socket.send("x", 9, address, () => --left || socket.close());
  `;
  run(process.execPath, "-e", script, ...addresses);
}

/** Addresses whose first five or last bits differ. */
const numbered = (count: number, address: (number: string) => string) =>
  Array.from({ length: count }, (_, number) => address((0x1000 + number).toString(16)));

const invented = numbered(1500, (number) => `fc9c:56c2:e311:2233:${number}::1`);
const inventedRfc4193 = numbered(1500, (number) => `fd80:56c2:e21c:0:199:9311:2233:${number}`);
const containers = numbered(1500, (number) => `${OWNERS}::${number}`);

describe("the routes to peers", () => {
  test("lead each prefix to one neighbour, and are gone with the TAP", async () => {
    const tap = await open({ peers: [OWNER, OWNER.toUpperCase(), SELF] });
    const { dst } = NOWHERE;
    expect(routes().map((line) => line.replace(/ metric.*/, ""))).toEqual([
      `${OWNERS}::/80 via ${OWNERS}::1 dev zt0 proto static`,
      `fc9c:56c2:e300::/40 via ${dst} dev zt0 proto static`,
      "fd80:56c2:e21c:0:199:93de:adbe:ef01 dev zt0 proto static",
      `fd80:56c2:e21c:0:199:9300::/88 via ${dst} dev zt0 proto static`,
    ]);
    await tap.close();
    expect(routes()).toEqual([]);
  });

  test("hold the table of neighbours at one entry for each host, whatever addresses are made up", async () => {
    const tap = await open({ peers: [OWNER] });
    send([...containers, ...invented, ...inventedRfc4193]);
    const known = neighbours("zt0").filter(({ dst }) => dst.startsWith("f"));
    expect(known.find(({ dst }) => dst === NOWHERE.dst)).toMatchObject(NOWHERE);
    expect(known.map(({ dst }) => dst).filter((dst) => dst !== NOWHERE.dst)).toEqual([`${OWNERS}::1`]);
    expect(known.find(({ dst }) => dst !== NOWHERE.dst)?.lladdr).toBe("02:de:ad:a2:0d:c3");
    await tap.close();
  });

  test("still lead to a peer that does not answer the kernel's probes", async () => {
    const tap = await open({ peers: [OWNER] });
    const gateway = () => neighbours("zt0").find(({ dst }) => dst === `${OWNERS}::1`)?.state[0];
    changeSetting("neigh/zt0/base_reachable_time_ms", 100);
    changeSetting("neigh/zt0/delay_first_probe_time", 0);
    changeSetting("neigh/zt0/retrans_time_ms", 20);
    send([`${OWNERS}::5`]);
    const seen: (string | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      for (const state of ["PROBE", "REACHABLE"]) {
        await until(() => {
          send([`${OWNERS}::5`]);
          seen.push(gateway());
          return seen.at(-1) === state;
        }, state);
      }
    }
    expect(seen).not.toContain("FAILED");
    expect(run("ip", "-6", "route", "get", `${OWNERS}::5`)).toContain(` via ${OWNERS}::1 `);
    await tap.close();
  });

  test("are put back, with the neighbour of all others, and removed from a TAP that was made to stay", async () => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    const restored: string[] = [];
    const options = { network: NETWORK, node: SELF, name: "zt5", peers: [OWNER] };
    const tap = await openTap({ ...options, restored: (what) => restored.push(...what) });
    const before = routes();
    expect(before).toHaveLength(4);
    run("sh", "-c", "ip link set zt5 down; ip link set zt5 up");
    await until(() => restored.length > 0, "something put back");
    expect(routes()).toEqual(before);
    expect(neighbours("zt5", "nud", "permanent")).toEqual([NOWHERE]);
    expect(restored.filter((what) => what.startsWith("route "))).toHaveLength(4);
    await tap.close();
    expect(routes()).toEqual([]);
    run("ip", "link", "delete", "zt5");
  });

  test("are not there where peers were not named, and lead nowhere where there are none", async () => {
    const tap = await open();
    expect(routes()).toEqual([]);
    await tap.close();
    const alone = await open({ peers: [] });
    expect(routes()).toHaveLength(2);
    send(invented);
    expect(neighbours("zt0").filter(({ dst }) => dst.startsWith("fc"))).toEqual([]);
    await alone.close();
  });

  test.each(["0000000000", "ffffffffff"])("are there for node %s, too", async (node) => {
    const tap = await open({ node, peers: [OWNER] });
    expect(routes()).toHaveLength(4);
    await tap.close();
  });
});
