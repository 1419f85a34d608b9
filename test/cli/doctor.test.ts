// What `sixplane doctor` finds on hosts brought into each trap, and whether the commands that it prints mend it.
import { chmodSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { neighbours } from "../../bindings/cli/doctor/checks/neighbours.ts";
import type { HostState } from "../../bindings/cli/doctor/state.ts";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";
import { diagnose, doctor, inShell, zerotierInterface } from "../support/doctor.ts";
import { A, B, Program, until } from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService, type ZeroTier } from "../support/zerotier.ts";

const ZT = EARTH.portDeviceName;
const BRIDGE = "br-sixplane";
const HOST_PREFIX = "fc9c:56c2:e389:e92c:eee5::/80";
const NETWORK_PREFIX = "fc9c:56c2:e300::/40";

const setting = (path: string, value: number) => `sysctl -qw net/ipv6/${path}=${value}`;

/** A host as the pages set it up, with a default route, a container's port, and Docker's kind of firewall opened. */
const HEALTHY = [
  setting("conf/default/accept_dad", 0),
  setting("conf/all/forwarding", 1),
  `ip link add ${BRIDGE} mtu 2800 type bridge`,
  `ip link add port mtu 2800 type veth peer name inside mtu 2800`,
  `ip link set port master ${BRIDGE} up`,
  "ip link set inside up",
  `ip link set ${BRIDGE} mtu 2800 up`,
  `ip -6 address add ${A.sixplane}/80 dev ${BRIDGE}`,
  `ip -6 route add unreachable ${HOST_PREFIX} metric 4096`,
  `ip -6 route add unreachable ${NETWORK_PREFIX} metric 4096`,
  "ip link add eth0 type veth peer name router",
  "ip link set eth0 up",
  "ip link set router up",
  "ip -6 address add 2001:db8::2/64 dev eth0",
  "ip -6 route add default via 2001:db8::1 dev eth0",
  "ip6tables -P FORWARD DROP",
  `ip6tables -A FORWARD -i ${ZT} -o ${BRIDGE} -j ACCEPT`,
  `ip6tables -A FORWARD -i ${BRIDGE} -o ${ZT} -j ACCEPT`,
];

/** A trap: what brings the healthy host into it, the check that finds it, and what it says. */
const TRAPS: [name: string, check: string, into: string[], what: string | RegExp][] = [
  ["no forwarding", "forwarding", [setting("conf/all/forwarding", 0)], "The host does not forward IPv6."],
  [
    "a firewall that forwards nothing",
    "firewall",
    ["ip6tables -F FORWARD"],
    `The firewall drops what goes from ${ZT} to ${BRIDGE} and from ${BRIDGE} to ${ZT}: FORWARD of ip6 filter.`,
  ],
  [
    "a firewall like Docker's, which lets answers through alone",
    "firewall",
    [
      "ip6tables -F FORWARD",
      "ip6tables -N DOCKER-USER",
      "ip6tables -A DOCKER-USER -j RETURN",
      "ip6tables -A FORWARD -j DOCKER-USER",
      `ip6tables -A FORWARD -o ${BRIDGE} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `ip6tables -A FORWARD -i ${BRIDGE} ! -o ${BRIDGE} -j ACCEPT`,
    ],
    `The firewall drops what goes from ${ZT} to ${BRIDGE}: FORWARD of ip6 filter.`,
  ],
  [
    "a firewall of nftables' own",
    "firewall",
    [
      "nft add table inet site",
      "nft 'add chain inet site out { type filter hook forward priority 5; policy drop; }'",
    ],
    /: out of inet site\.$/,
  ],
  [
    "a way out when ZeroTier stops",
    "leak",
    [`ip -6 route delete unreachable ${NETWORK_PREFIX} metric 4096`],
    `When ZeroTier stops, packets for ${NETWORK_PREFIX} leave by eth0.`,
  ],
  [
    "a bridge with a smaller MTU",
    "mtu",
    [`ip link set port mtu 1500`, `ip link set ${BRIDGE} mtu 1500`],
    `${BRIDGE} has MTU 1500, port has MTU 1500; the network has 2800.`,
  ],
  [
    "a bridge without a route",
    "bridge",
    [`ip -6 route delete ${HOST_PREFIX} dev ${BRIDGE}`],
    `No route leads to ${HOST_PREFIX} by ${BRIDGE}, which has ${A.sixplane}/80.`,
  ],
  [
    "a bridge with another node's address",
    "bridge",
    [`ip -6 address flush dev ${BRIDGE} scope global`, `ip -6 address add ${B.sixplane}/80 dev ${BRIDGE}`],
    `${BRIDGE} has ${B.sixplane}/80, which belongs to node ${B.node}, not to this host.`,
  ],
  [
    "a bridge with a part of the /80, and the rest nobody's",
    "host-prefix",
    [
      `ip -6 address flush dev ${BRIDGE} scope global`,
      `ip -6 address add fc9c:56c2:e389:e92c:eee5:d3eb::1/96 dev ${BRIDGE}`,
      `ip -6 route delete unreachable ${HOST_PREFIX} metric 4096`,
    ],
    `Packets for addresses of ${HOST_PREFIX} that no container has go out to ZeroTier.`,
  ],
  [
    "an interface without its address",
    "address",
    [`ip -6 address delete ${A.sixplane}/40 dev ${ZT}`],
    `${ZT} does not have ${A.sixplane}, though the controller assigns it.`,
  ],
  [
    "a bridge without a link-local address",
    "link-local",
    [`ip -6 address flush dev ${BRIDGE} scope link`],
    `${BRIDGE} has no link-local address.`,
  ],
  [
    "an interface without a route",
    "address",
    [`ip -6 route delete ${NETWORK_PREFIX} dev ${ZT}`],
    `No route leads to ${NETWORK_PREFIX} by ${ZT}, which has ${A.sixplane}.`,
  ],
  [
    "a second interface with the same address",
    "address",
    [`ip -6 address add ${A.sixplane}/40 dev eth0`],
    `eth0 has ${A.sixplane}/40, which ${ZT} should have alone.`,
  ],
];

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isRoot, "rules and settings take root");
  for (const program of ["ip6tables", "nft", "radvd", "rdisc6", "sysctl"])
    skip(!isInstalled(program), `no ${program}`);
});

afterEach(() => {
  if (obstacle !== undefined || !isRoot) return;
  run("nft", "flush", "ruleset");
  run("sysctl", "-qw", "net/ipv6/conf/all/forwarding=0");
  for (const { ifname } of JSON.parse(run("ip", "-json", "link")) as { ifname: string }[])
    if (["far", "port", "router", BRIDGE].includes(ifname)) run("ip", "link", "delete", ifname);
  run("ip", "-6", "route", "flush", "table", "main");
});

async function healthy(): Promise<ZeroTier> {
  zerotierInterface(ZT, A.mac, `${A.sixplane}/40`);
  inShell(...HEALTHY);
  return startService(answers(STATUS, [EARTH]));
}

describe("the neighbour table, which all namespaces share and is played here,", () => {
  /** A host whose table has been filled so far, with the kernel's own limits. */
  function host(entries: number, fulls: number) {
    const settings = new Map([["net/ipv6/neigh/default/gc_thresh3", 1024]]);
    const neighbourTable = () => ({ entries, fulls });
    const state = { neighbourTable, setting: (path: string) => settings.get(path) ?? 0 };
    return { settings, look: async () => neighbours.run(state as unknown as HostState) };
  }

  test.each([
    ["was full", 40, 7, "The IPv6 neighbour table has been full 7 times; it has room for 1024 entries."],
    ["is nearly full", 900, 0, "The IPv6 neighbour table has 900 entries, and room for 1024."],
  ])("that %s is diagnosed, and mended by the printed commands", async (_, entries, fulls, what) => {
    const { settings, look } = host(entries, fulls);
    const [first] = await look();
    if (first?.kind !== "finding") throw new Error("nothing found");
    expect(first.finding.what).toBe(what);
    for (const command of first.finding.mend) {
      const [, path = "", value = ""] =
        /^sysctl -w (net\/ipv6\/neigh\/default\/gc_thresh[123])=(\d+)$/.exec(command) ?? [];
      settings.set(path, Number(value));
    }
    expect((await look()).map(({ kind }) => kind)).toEqual(["right"]);
  });

  test("that has room is right", async () => {
    expect(await host(40, 0).look()).toEqual([
      { kind: "right", what: "the neighbour table has 40 entries, and room for 1024" },
    ]);
  });
});

describe("an uplink that learned its default route from a router", () => {
  test("is diagnosed before and after the host forwards, and mended by the printed commands", async () => {
    using router = Namespace.open();
    await using zerotier = await startService(answers(STATUS, []));
    using files = folder();
    const inRouter = (...words: [string, ...string[]]) => run(...router.words(...words));
    inShell(setting("conf/default/accept_dad", 0), "sysctl -qw net/ipv6/conf/all/forwarding=0");
    inRouter("sysctl", "-qw", "net/ipv6/conf/default/accept_dad=0", "net/ipv6/conf/all/forwarding=1");
    run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "lan0", "netns", router.path);
    inRouter("ip", "link", "set", "lan0", "up");
    inRouter("ip", "address", "add", "2001:db8:5::1/64", "dev", "lan0");
    writeFileSync(
      files.path("radvd.conf"),
      `interface lan0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix 2001:db8:5::/64 {}; };\n`,
    );
    chmodSync(files.path("radvd.conf"), 0o644);
    const words = ["radvd", "-n", "-C", files.path("radvd.conf"), "-p", files.path("pid"), "-m", "stderr"];
    await using radvd = new Program(router.words(...words));
    run("ip", "link", "set", "up0", "up");
    const route = () => run("ip", "-6", "route", "show", "default").includes("proto ra");
    const look = async () =>
      (await diagnose("--zerotier", zerotier.folder)).findings.map(({ check, what }) => [check, what]);
    const said = (text: string) => [["default-route", text]];
    try {
      await until("a default route", () => route() || (radvd.isOver && radvd.stderr !== ""));
      expect(await look()).toEqual(
        said("up0 will ignore router advertisements as soon as the host forwards."),
      );
      run("sysctl", "-qw", "net/ipv6/conf/all/forwarding=1");
      await until("the default route is gone", () => !route());
      expect(await look()).toEqual(said("up0 ignores router advertisements, as the host forwards."));
      const { findings } = await diagnose("--zerotier", zerotier.folder);
      inShell(...(findings[0]?.mend ?? []));
      await until("the default route is back", route);
      expect(await look()).toEqual([]);
    } finally {
      run("ip", "link", "delete", "up0");
    }
  });
});

describe("a host", () => {
  test("that is healthy gives no finding", async () => {
    await using zerotier = await healthy();
    const { findings, said, status } = await diagnose("--zerotier", zerotier.folder);
    expect(findings).toEqual([]);
    expect(status).toBe(0);
    const checks = new Set(said.filter(({ kind }) => kind === "right").map(({ check }) => check));
    for (const name of [
      "status",
      "managed",
      "mode",
      "address",
      "bridge",
      "host-prefix",
      "leak",
      "forwarding",
      "firewall",
      "mtu",
    ])
      expect(checks).toContain(name);
  });

  test.each(TRAPS)(
    "in a trap, %s, is diagnosed, mended by the printed commands, and healthy",
    async (_, check, into, what) => {
      await using zerotier = await healthy();
      inShell(...into);
      const { findings, status } = await diagnose("--zerotier", zerotier.folder);
      expect(status).toBe(1);
      expect(findings.map((finding) => finding.check)).toEqual([check]);
      expect(findings[0]?.what).toEqual(typeof what === "string" ? what : expect.stringMatching(what));
      inShell(...(findings[0]?.mend ?? []));
      const after = await diagnose("--zerotier", zerotier.folder);
      expect(after.findings).toEqual([]);
      expect(after.status).toBe(0);
    },
  );

  test("in several traps is mended by the script of --fix", async () => {
    await using zerotier = await healthy();
    for (const [, check, into] of TRAPS) if (["leak", "mtu", "forwarding"].includes(check)) inShell(...into);
    const { status, stdout } = await doctor(undefined, "--fix", "--zerotier", zerotier.folder);
    expect(status).toBe(1);
    expect((await diagnose("--zerotier", zerotier.folder)).findings).toHaveLength(3); // it ran nothing
    inShell(stdout);
    expect((await diagnose("--zerotier", zerotier.folder)).findings).toEqual([]);
  });
});
