// The kernel's table of IPv6 neighbours, which all interfaces and namespaces share: who attacks it over the network
// does not keep other interfaces from new neighbours.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { solicitation, sum, toHex } from "../support/frames.ts";
import {
  A,
  B,
  DATAPATHS,
  Host,
  Program,
  ping,
  runIn,
  Underlay,
  until,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";

beforeAll(() => {
  if (obstacle === undefined) withoutDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  for (const program of ["ping", "setpriv"]) skip(!isInstalled(program), `no ${program}`);
});

/** Of each kind of attack. */
const FRAMES = 800;
const PER_SECOND = 400;

const digits = (number: number) => (0x1000 + number).toString(16);

const [OF_A, OF_B] = ["fc9c56c2e389e92ceee5", "fc9c56c2e3deadbeef01"];
const ownA = `${OF_A}000000000001`;
const ownB = `${OF_B}000000000001`;
const macs = A.mac.replaceAll(":", "") + B.mac.replaceAll(":", "");

/** An echo request. */
function packet(source: string, destination: string): string {
  const pseudo = `${source}${destination}000000080000003a8000000000010001`;
  return `${macs}86dd6000000000083a40${source}${destination}8000${inverse(pseudo)}00010001`;
}

/** A checksum in hex digits. */
const inverse = (text: string) => (~sum(text) & 0xffff).toString(16).padStart(4, "0");

const ask = (source: string) =>
  toHex(
    solicitation({
      source,
      target: ownA,
      destination: ownA,
      ethernetDestination: macs.slice(0, 12),
      ethernetSource: macs.slice(12),
      options: `0101${macs.slice(12)}`,
    }),
  );

/** An IPv4 datagram from somewhere else. */
function packet4(destination: string): string {
  const checksum = inverse(`4500001c0000400040110000c6336401${destination}`);
  return `${macs}08004500001c000040004011${checksum}c6336401${destination}0009000900080000`;
}

/** A script that sends frames from stdin as a peer: so many of each of four kinds a second. */
const PEER = `
  const frames = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const socket = require("node:dgram").createSocket("udp4");
  socket.bind(4789, "192.0.2.2", () => {
    const start = performance.now();
    let sent = 0;
    let left = frames.length;
    const timer = setInterval(() => {
      const due = Math.min(frames.length, ((performance.now() - start) * ${4 * PER_SECOND}) / 1000);
      while (sent < due) {
        const datagram = Buffer.from("0800000000000100" + frames[sent++], "hex");
        socket.send(datagram, 4789, "192.0.2.1", () => --left || socket.close());
      }
      if (sent === frames.length) clearInterval(timer);
    }, 2);
  });
`;

/** A script that sends a datagram to each of 20,000 invented addresses: half of them a peer's. */
const USER = `
  const socket = require("node:dgram").createSocket("udp6");
  let left = 20_000;
  (function next() {
    if (left-- === 0) return socket.close();
    const number = (0x1000 + (left >> 1)).toString(16);
    const address = left % 2 ? "fc9c:56c2:e3de:adbe:ef01::" + number : "fc9c:56c2:e311:2233:" + number + "::1";
    socket.send("x", 9, address, next);
  })();
`;

/**
 * Has an interface that is not the host's find its neighbours anew, time after time, while an attack lasts.
 *
 * @returns how many neighbour entries of IPv4 and IPv6 the namespace had at most
 */
async function mostDuring(attack: Program, namespace: Namespace | undefined): Promise<number[]> {
  const most = [0, 0];
  for (let round = 0; round === 0 || !attack.isOver; round++) {
    for (const [index, other] of ["192.0.2.2", "2001:db8:4789::2"].entries()) {
      const family = index === 0 ? "-4" : "-6";
      runIn(namespace, "ip", family, "neighbour", "flush", "dev", "eth0");
      expect(ping(namespace, other, "-W", "1").status).toBe(0);
      const entries = JSON.parse(runIn(namespace, "ip", "-json", family, "neighbour"));
      most[index] = Math.max(most[index] ?? 0, entries.length);
    }
    await delay(50);
  }
  return most;
}

/** Lets a host forward, with its /80 on an interface of its own. */
function forwards(namespace: Namespace | undefined): void {
  const ip = (...words: string[]) => runIn(namespace, "ip", ...words);
  ip("link", "add", "br0", "type", "veth", "peer", "name", "br1");
  for (const name of ["br0", "br1"]) ip("link", "set", name, "up");
  ip("-6", "route", "add", `${A.sixplane.slice(0, -1)}/80`, "dev", "br0");
  ip("address", "add", "10.0.0.1/16", "dev", "br0");
  const settings = "/proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv4/ip_forward";
  runIn(namespace, "sh", "-c", `echo 1 | tee ${settings}`);
}

const numbers = Array.from({ length: FRAMES }, (_, number) => number);

describe.each(DATAPATHS)("through %s, a peer", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));
  const words = ["--json", "--datapath", datapath, "--peer", `${B.node}@192.0.2.2`];

  test("that invents addresses does not keep other interfaces from new neighbours", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, words, one);
    forwards(one);
    const frames = numbers.flatMap((number) => [
      packet(ownB, `${OF_A}00000000${digits(number)}`), // which the host forwards
      packet(`20010db847890000000000000000${digits(number)}`, ownA), // to which it answers on the other interface
      packet4(`0a00${digits(number)}`),
      ask(`${OF_B}00000000${digits(number)}`),
    ]);
    await using attack = new Program((two as Namespace).words(process.execPath, "-e", PEER));
    attack.child.stdin?.end(JSON.stringify(frames));
    const most = await mostDuring(attack, one);
    expect(await attack.end()).toBe(0);
    const { fabric } = await a.counts("all frames", ({ fabric: { received, dropped } }) => {
      return received + (dropped["newAddresses"] ?? 0) >= frames.length;
    });
    console.log(
      `${most} neighbours of IPv4 and IPv6 at most; ${fabric.received} of ${frames.length} frames let in`,
    );
    expect(fabric.received).toBeGreaterThanOrEqual(32);
    for (const entries of most) expect(entries).toBeLessThan(512);
  });

  test("may use hundreds of its own addresses, and dozens of the host's", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, words, one);
    const frames = numbers.map((number) => {
      const [source, destination] = [
        `${OF_B}00000000${digits(number)}`,
        `${OF_A}00000000${digits(number % 30)}`,
      ];
      return `${macs}86dd6000000000081140${source}${destination}0009000900080000`; // UDP
    });
    await using sender = new Program((two as Namespace).words(process.execPath, "-e", PEER));
    sender.child.stdin?.end(JSON.stringify(frames));
    const { fabric } = await a.counts("all frames", (counters) => counters.fabric.received >= FRAMES);
    expect(fabric.dropped["newAddresses"]).toBe(0);
  });
});

describe.each(DATAPATHS)("through %s, a user of the host", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));

  test("that invents addresses of the network does not keep other interfaces from new neighbours", async () => {
    await using underlay = await Underlay.open(2);
    const [one] = underlay.namespaces;
    await using a = await Host.up(
      A.node,
      ["--json", "--datapath", datapath, "--peer", `${B.node}@192.0.2.2`],
      one,
    );
    const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    await using attack = new Program((one as Namespace).words(...user, process.execPath, "-e", USER));
    const [, most] = await mostDuring(attack, one);
    await attack.end();
    expect(attack.stderr).toBe("");
    const sent = datapath === "tap" ? 1000 : 0; // with the kernel's path, its stack sends none of them
    await a.counts("frames to nobody", ({ fabric }) => (fabric.dropped["unknownDestination"] ?? 0) >= sent);
    expect(most).toBeLessThan(20);
  });
});

describe("a full table", () => {
  test("is said once", async ({ skip }) => {
    const seen = ["/proc/net/stat/ndisc_cache", "/proc/1/net/stat/ndisc_cache"].some(isReadable);
    skip(!seen, "the kernel's counters are not to be seen here");
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    await using a = await Host.up(A.node, ["--json"], one);
    const add = (number: number) =>
      `neighbour add 2001:db8:4789::${digits(number)} lladdr 02:00:00:00:00:01 nud stale dev eth0`;
    const batch = Array.from({ length: 3 * tableSize() }, (_, number) => add(number)).join("\n");
    await using filling = new Program((one as Namespace).words("ip", "-force", "-batch", "-"));
    filling.child.stdin?.on("error", () => {}); // it may end where the kernel refuses an entry
    filling.child.stdin?.end(batch);
    await filling.end();
    const told = () => a.events.filter(({ event }) => event === "neighbour-table-full");
    await until("the event", () => told().length > 0);
    const lines = a.events.length;
    await until("two more lines", () => a.events.length >= lines + 2);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatchObject({ refused: expect.any(Number) });
    expect(a.stderr).toMatch(
      /\nsixplane: the kernel's table of IPv6 neighbours, which all interfaces share, is full: it refused \d+ entries\. Raise net\.ipv6\.neigh\.default\.gc_thresh3 \(\d+\), and see whose they are: ip -6 neighbour\n/,
    );
  });
});

/** How many neighbours the kernel may have; only the initial namespace shows it. */
function tableSize(): number {
  const path = "/proc/sys/net/ipv6/neigh/default/gc_thresh3";
  return isReadable(path) ? Number(readFileSync(path, "utf8")) : 1024;
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
