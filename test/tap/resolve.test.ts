// Resolution: the kernel asks for the MAC of a node's address, and believes the answer.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { TapOptions } from "sixplane/tap";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { pcap } from "../support/captures.ts";
import { folder } from "../support/command.ts";
import { OWNER_MAC, SELF_MAC, solicitation, solicitedNode, TARGET, toHex } from "../support/frames.ts";
import { keeper, neighbours, open, skipDuplicateDetection, until } from "../support/kernel.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { PacketSocket, settled } from "../support/packet.ts";

const MAC = "02:de:ad:a2:0d:c3";
const SIXPLANE = "fc9c:56c2:e3de:adbe:ef01::1";
const RFC4193 = "fd80:56c2:e21c:0:199:93de:adbe:ef01";

const KINDS: [string, string][] = [
  ["6PLANE", SIXPLANE],
  ["6PLANE, any suffix", "fc9c:56c2:e3de:adbe:ef01:dead:beef:cafe"],
  ["6PLANE, the last suffix", "fc9c:56c2:e3de:adbe:ef01:ffff:ffff:ffff"],
  ["RFC 4193", RFC4193],
];

beforeAll(() => {
  if (obstacle !== undefined) return;
  skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  const missing = ["ndisc6", "ping"].find((name) => !isInstalled(name));
  skip(missing !== undefined, `no ${missing}`);
});

/** A TAP whose addresses can be used. */
async function openUsable(options: Partial<TapOptions> = {}) {
  const tap = await open(options);
  await tap.usable();
  return tap;
}

/** Makes the kernel ask for an address, behind which nobody is. */
function ask(address: string): void {
  spawnSync("ping", ["-c", "1", "-W", "0.1", address]);
}

describe("an address of another node", () => {
  test.each(KINDS)("is told to ndisc6: %s", async (_, target) => {
    const tap = await openUsable();
    const { stdout } = spawnSync("ndisc6", ["-1", "-r", "1", target, tap.name], { encoding: "utf8" });
    expect(stdout).toContain(`Target link-layer address: ${MAC.toUpperCase()}`);
  });

  test.each(KINDS)("becomes a reachable neighbour: %s", async (_, target) => {
    const { frames, forward } = keeper();
    const tap = await openUsable({ forward });
    ask(target);
    await until(() => neighbours(tap.name, target)[0]?.state[0] === "REACHABLE", "reachable");
    expect(neighbours(tap.name, target)).toMatchObject([{ dst: target, lladdr: MAC }]);
    expect(tap.counters()).toMatchObject({ reply: 1, invalid: 0 });
    await until(() => frames.some((frame) => frame.startsWith(OWNER_MAC + SELF_MAC)), "the echo on its way");
  });

  test("is not told where its mode is off, and its solicitations are passed on", async () => {
    const { frames, forward } = keeper();
    const tap = await openUsable({ modes: ["6plane"], forward });
    expect(tap.addresses).toEqual(["fc9c:56c2:e389:e92c:eee5::1"]);
    run("ip", "route", "add", "fd80:56c2:e21c:0:199:9300::/88", "dev", tap.name);
    ask(SIXPLANE);
    ask(RFC4193);
    await until(() => neighbours(tap.name, SIXPLANE)[0]?.lladdr === MAC, "told");
    const [unanswered] = neighbours(tap.name, RFC4193);
    expect(["INCOMPLETE", "FAILED"]).toContain(unanswered?.state[0]); // asking, or having given up
    expect(unanswered?.lladdr).toBeUndefined();
    expect(tap.counters().reply).toBe(1);
    const asked = `3333ffbeef01${SELF_MAC}86dd`;
    await until(() => frames.some((frame) => frame.startsWith(asked)), "forwarded");
    const target = "fd8056c2e21c0000019993deadbeef01";
    const passed = frames.find((frame) => frame.startsWith(asked)) ?? "";
    expect(passed.slice(2 * 38, 2 * 54)).toBe(solicitedNode(target));
    expect(passed.slice(2 * 62, 2 * 78)).toBe(target);
  });

  test("is reached by a probe alone, which is passed on, or answered where that is asked for", async () => {
    const probe = solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET });
    for (const probes of [false, true]) {
      const { frames, forward } = keeper();
      const tap = await openUsable({ probes, forward });
      using sender = PacketSocket.sender(tap.name);
      sender.send(probe);
      await settled(tap);
      expect(tap.counters()).toMatchObject({
        reply: probes ? 1 : 0,
        reasons: probes ? {} : { "unicast-probe": 1 },
      });
      await until(() => probes || frames.includes(toHex(probe)), "forwarded");
      expect(frames.includes(toHex(probe))).toBe(!probes);
      await tap.close();
    }
  });

  test("stays reachable by the kernel's own probes with probes: true", async () => {
    const tap = await openUsable({ probes: true });
    const asTold = ["lladdr", MAC, "dev", tap.name];
    run("ip", "-6", "neigh", "replace", SIXPLANE, ...asTold, "nud", "probe");
    await until(() => neighbours(tap.name, SIXPLANE)[0]?.state[0] === "REACHABLE", "reachable");
    expect(tap.counters().reply).toBe(1);
    expect(tap.counters().reasons["unicast-probe"]).toBeUndefined();
  });
});

describe("every advertisement on the interface", () => {
  const targets = KINDS.map(([, target]) => target);

  /** A capture of the answers to all of them, and to duplicate address detection for one. */
  async function capture(file: string): Promise<void> {
    const tap = await openUsable();
    using watcher = PacketSocket.watcher(tap.name);
    using sender = PacketSocket.sender(tap.name);
    for (const target of targets) ask(target);
    sender.send(solicitation({ source: "0".repeat(32) }));
    await until(() => tap.counters().reply === targets.length + 1, "answered");
    writeFileSync(file, pcap(watcher.incoming()));
  }

  test("has a right checksum by tshark", async ({ skip }) => {
    skip(!isInstalled("tshark"), "no tshark");
    using files = folder();
    await capture(files.path("tap.pcap"));
    const fields = ["-T", "fields", "-e", "icmpv6.checksum.status", "-e", "icmpv6.nd.na.target_address"];
    const seen = run("tshark", "-r", files.path("tap.pcap"), "-Y", "icmpv6.type == 136", ...fields);
    const expected = [...targets, SIXPLANE].map((target) => `1\t${target}`);
    expect(seen.trim().split("\n").sort()).toEqual(expected.sort());
  });

  test("has a right checksum by tcpdump", async ({ skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    skip(!isRoot, "tcpdump turns into another user, of whom there is none here");
    using files = folder();
    await capture(files.path("tap.pcap"));
    const seen = run("tcpdump", "-nvvr", files.path("tap.pcap"), "icmp6 and ip6[40] == 136");
    expect(seen.match(/\[icmp6 sum ok\] ICMP6, neighbor advertisement/g)).toHaveLength(targets.length + 1);
    expect(seen).not.toContain("bad");
  });
});
