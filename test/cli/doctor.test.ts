// What `sixplane doctor` finds on hosts brought into each trap, and whether the commands that it prints mend it.
import { spawn } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { neighbours } from "../../bindings/cli/doctor/checks/neighbours.ts";
import type { HostState } from "../../bindings/cli/doctor/state.ts";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { startDockerd } from "../config/dockerd.ts";
import { ended, folder, sixplane } from "../support/command.ts";
import { diagnose, doctor, inShell, type Said, zerotierInterface } from "../support/doctor.ts";
import { A, B, Host, NETWORK, ordinaryUser, Program, until } from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService, type ZeroTier } from "../support/zerotier.ts";

const ZT = EARTH.portDeviceName;
const BRIDGE = "br-sixplane";
const HOST_PREFIX = "fc9c:56c2:e389:e92c:eee5::/80";
const NETWORK_PREFIX = "fc9c:56c2:e300::/40";

const setting = (path: string, value: number) => `sysctl -qw net/ipv6/${path}=${value}`;

/** A way out to the rest of the world. */
const UPLINK = [
  "ip link add eth0 type veth peer name router",
  "ip link set eth0 up",
  "ip link set router up",
  "ip -6 address add 2001:db8::2/64 dev eth0",
  "ip -6 route add default via 2001:db8::1 dev eth0",
];

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
  ...UPLINK,
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
    "a firewall that drops unique local addresses before routing",
    "firewall",
    [
      "nft add table ip6 bogons",
      "nft 'add chain ip6 bogons early { type filter hook prerouting priority -300; }'",
      `nft add rule ip6 bogons early iifname ${ZT} ip6 saddr fc00::/7 drop`,
    ],
    `The firewall drops what goes from ${ZT} to ${BRIDGE}: early of ip6 bogons.`,
  ],
  [
    "a translation like Docker's",
    "translation",
    [`ip6tables -t nat -A POSTROUTING -s ${HOST_PREFIX} ! -o ${BRIDGE} -j MASQUERADE`],
    `What containers behind ${BRIDGE} send to others leaves under this host's address: POSTROUTING of ip6 nat.`,
  ],
  [
    "a translation of nftables' own",
    "translation",
    [
      "nft add table inet site",
      "nft 'add chain inet site out { type nat hook postrouting priority 100; }'",
      "nft add chain inet site masquerading",
      "nft add rule inet site masquerading ip6 saddr fc00::/7 masquerade",
      `nft add rule inet site out oifname != ${BRIDGE} jump masquerading`,
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
  [
    "a second route to the network, without an address",
    "address",
    [`ip -6 route add ${NETWORK_PREFIX} dev eth0 metric 10`],
    `A route leads to ${NETWORK_PREFIX} by eth0, too, not by ${ZT} alone.`,
  ],
  [
    "an RFC 4193 address that the controller has taken away",
    "mode",
    [`ip -6 address add ${A.rfc4193}/88 dev ${ZT}`],
    `${ZT} still has ${A.rfc4193}, which the controller has taken away.`,
  ],
  [
    "an interface that is a port of a bridge",
    "bridged",
    ["ip link add br-other type bridge", `ip link set ${ZT} master br-other`],
    `${ZT} is a port of br-other.`,
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
    if (["br-other", "docker0", "docker7", "far", "port", "router", BRIDGE].includes(ifname))
      run("ip", "link", "delete", ifname);
  run("ip", "-6", "route", "flush", "table", "main");
});

async function healthy(): Promise<ZeroTier> {
  zerotierInterface(ZT, A.mac, `${A.sixplane}/40`);
  inShell(...HEALTHY);
  return startService(answers(STATUS, [EARTH]));
}

/** A systemd-networkd whose /run and /etc/systemd/network are a test's, and which waits for no udev. */
const NETWORKD = `
  mount --bind "$0" /run
  mount --bind "$1" /etc/systemd/network
  mount -t sysfs -o ro sysfs /sys
  install -d -o systemd-network /run/systemd/netif
  exec /lib/systemd/systemd-networkd`;

describe("a host that has only what `sixplane config networkd` prints", () => {
  test("is healthy", async ({ skip }) => {
    skip(!isInstalled("/lib/systemd/systemd-networkd"), "no systemd-networkd");
    using files = folder();
    inShell(setting("conf/default/accept_dad", 0), ...UPLINK);
    zerotierInterface(ZT, A.mac);
    const words = ["config", "networkd", NETWORK, A.node, "-o", files.path("etc/")];
    const { status, stderr } = await sixplane(words);
    expect([status, stderr]).toEqual([0, ""]);
    inShell(
      `/lib/systemd/systemd-sysctl --strict ${files.path("etc/sysctl.d/50-sixplane.conf")}`,
      `mkdir ${files.path("run")}`,
    );
    const folders = [files.path("run"), files.path("etc/systemd/network")];
    await using networkd = new Program(["unshare", "--mount", "sh", "-ec", NETWORKD, ...folders]);
    await using zerotier = await startService(answers(STATUS, [EARTH]));
    const routes = () => run("ip", "-6", "route", "show");
    await until("the routes of the host", () => {
      if (networkd.isOver) throw new Error(networkd.stderr);
      return (
        routes().includes(`dev ${BRIDGE}`) &&
        routes().includes(`dev ${ZT}`) &&
        routes().match(/^unreachable/gm)?.length === 3
      );
    });
    const { findings, said } = await diagnose("--zerotier", zerotier.folder);
    expect(findings).toEqual([]);
    expect(said.filter(({ kind }) => kind === "right").map(({ check }) => check)).toEqual(
      expect.arrayContaining(["bridge", "host-prefix", "leak", "forwarding", "firewall", "mtu"]),
    );
  });
});

describe("sixplane up beside ZeroTier, for the same node,", () => {
  test("is diagnosed, and ended by the printed command", async () => {
    await using zerotier = await healthy();
    await using up = await Host.up(A.node, ["--name", "rival"]);
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    expect(findings.map(({ check, what }) => [check, what])).toEqual([
      ["address", `A program runs rival for the same node as ${ZT}, with the same addresses.`],
    ]);
    inShell(...(findings[0]?.mend ?? []));
    expect(await up.end()).toBe(1);
    expect((await diagnose("--zerotier", zerotier.folder)).findings).toEqual([]);
  });
});

describe("a filter of the reverse path", () => {
  test("is no fault, unless the way back is another, and then goes with its cause", async () => {
    await using zerotier = await healthy();
    inShell(
      "nft add table inet strict",
      "nft 'add chain inet strict early { type filter hook prerouting priority -10; }'",
      "nft add rule inet strict early meta nfproto ipv6 fib saddr . iif oif missing drop",
      "ip6tables -t raw -A PREROUTING -m rpfilter --invert -j DROP",
    );
    const look = async () =>
      (await diagnose("--zerotier", zerotier.folder)).findings.map(({ check, why }) => [check, why]);
    expect(await look()).toEqual([]);
    inShell(`ip -6 route add ${NETWORK_PREFIX} dev eth0 metric 10`);
    expect(await look()).toEqual([
      ["address", expect.anything()],
      [
        "firewall",
        "The source is reached by eth0, so a filter of the reverse path takes the packets for forged.",
      ],
    ]);
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    inShell(...(findings[0]?.mend ?? []));
    expect(await look()).toEqual([]);
  });

  test.each([
    [
      "nftables'",
      [
        "nft add table ip6 strict",
        "nft 'add chain ip6 strict early { type filter hook prerouting priority -10; }'",
        "nft add rule ip6 strict early fib saddr . iif oif missing drop",
      ],
    ],
    ["ip6tables'", ["ip6tables -t raw -A PREROUTING -m rpfilter --invert -j DROP"]],
  ])("of %s own is opened by the printed commands", async (_, into) => {
    await using zerotier = await healthy();
    inShell(...into, `ip -6 route add ${NETWORK_PREFIX} dev eth0 metric 10`);
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    const firewall = findings.find(({ check }) => check === "firewall");
    inShell(...(firewall?.mend ?? []));
    const after = await diagnose("--zerotier", zerotier.folder);
    expect(findings.map(({ check }) => check)).toEqual(["address", "firewall"]);
    expect(after.findings.map(({ check }) => check)).toEqual(["address"]);
  });
});

describe("Docker's engine", () => {
  const VERSION = { Version: "20.10.24+dfsg1", ApiVersion: "1.41" };
  const SUBNET = "fc9c:56c2:e389:e92c:eee5:7::/96";
  const GATEWAY = "fc9c:56c2:e389:e92c:eee5:7:0:1";
  const network = (Subnet: string, more = {}) => ({
    Name: "web",
    Id: "0123456789abcdef",
    Driver: "bridge",
    EnableIPv6: true,
    IPAM: {
      Config: [
        { Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" },
        { Subnet, Gateway: GATEWAY },
      ],
    },
    Options: { "com.docker.network.bridge.name": "docker7" },
    ...more,
  });

  /** An engine that answers to two paths, and what the doctor says of it. */
  async function said(zerotier: ZeroTier, version: unknown, networks: unknown) {
    using files = folder();
    const engine = createServer(({ url }, answer) =>
      answer.end(JSON.stringify(url === "/version" ? version : networks)),
    );
    await new Promise<void>((resolve) => engine.listen(files.path("docker.sock"), resolve));
    process.env["DOCKER_HOST"] = `unix://${files.path("docker.sock")}`;
    try {
      const result = await diagnose("--zerotier", zerotier.folder);
      return { ...result, docker: result.said.filter(({ check }) => check === "docker") };
    } finally {
      delete process.env["DOCKER_HOST"];
      engine.closeAllConnections();
      await new Promise((resolve) => engine.close(resolve));
    }
  }

  test("that is right is said to be so", async () => {
    await using zerotier = await healthy();
    inShell(
      "ip link add docker7 mtu 2800 type bridge",
      "ip link set docker7 up",
      `ip -6 address add ${GATEWAY}/96 dev docker7`,
    );
    inShell(
      `ip6tables -I FORWARD -i ${ZT} -o docker7 -j ACCEPT`,
      `ip6tables -I FORWARD -i docker7 -o ${ZT} -j ACCEPT`,
    );
    const { docker, findings } = await said(zerotier, VERSION, [
      network(SUBNET),
      { ...network(SUBNET), Driver: "macvlan" },
    ]);
    expect(findings).toEqual([]);
    expect(docker.map(({ what }) => what)).toEqual([
      `Docker 20.10.24+dfsg1 gives containers of its network web addresses of ${SUBNET} behind docker7`,
    ]);
  });

  test("without a network in the /80 is no fault", async () => {
    await using zerotier = await healthy();
    const { docker, findings } = await said(zerotier, VERSION, [network("fd00:1::/64")]);
    expect(findings).toEqual([]);
    expect(docker.map(({ what }) => what)).toEqual([
      `no network of Docker 20.10.24+dfsg1 gives containers addresses of ${HOST_PREFIX}`,
    ]);
  });

  test("whose bridge lost its address is diagnosed, and mended by the printed command", async () => {
    await using zerotier = await healthy();
    inShell("ip link add docker7 mtu 2800 type bridge", "ip link set docker7 up");
    const { findings } = await said(zerotier, VERSION, [network(SUBNET)]);
    expect(findings).toMatchObject([
      { check: "docker", what: `docker7 does not have ${GATEWAY}, the gateway of Docker's network web.` },
    ]);
    inShell(...(findings[0]?.mend ?? []));
    expect((await said(zerotier, VERSION, [network(SUBNET)])).docker).toMatchObject([{ kind: "right" }]);
  });

  test("with another node's prefix is diagnosed", async () => {
    await using zerotier = await healthy();
    const { findings } = await said(zerotier, VERSION, [network("fc9c:56c2:e3de:adbe:ef01:7::/96")]);
    expect(findings[0]).toMatchObject({
      check: "docker",
      what: `Docker's network web gives containers addresses of fc9c:56c2:e3de:adbe:ef01:7::/96, which belongs to node ${B.node}, not to this host.`,
      mend: [
        "docker network rm web",
        "docker network create --ipv6 --subnet fc9c:56c2:e389:e92c:eee5:1::/96 web",
      ],
    });
  });

  test.each([
    ["no version", {}, [], /^what answers on ".*" is not Docker's engine$/],
    ["no list", VERSION, { message: "page not found" }, /^what answers on ".*" is not Docker's engine$/],
  ])("that answers with %s is not seen", async (_, version, networks, what) => {
    await using zerotier = await healthy();
    const { docker, status } = await said(zerotier, version, networks);
    expect(docker).toMatchObject([{ kind: "unseen", what: expect.stringMatching(what) }]);
    expect(status).toBe(0);
  });

  test("that is real closes and translates, which is diagnosed and mended by the printed commands", async ({
    skip,
  }) => {
    await using zerotier = await healthy();
    const daemon = { ipv6: true, "fixed-cidr-v6": SUBNET, ip6tables: true, experimental: true, mtu: 2800 };
    using files = folder(); // as the engine has an empty /etc, without Debian's alternatives
    for (const name of ["iptables", "ip6tables"])
      symlinkSync("/usr/sbin/xtables-nft-multi", files.path(name));
    const { PATH } = process.env;
    process.env["PATH"] = `${files.path("")}:${PATH}`;
    await using engine = await startDockerd(skip, JSON.stringify(daemon), "", "here");
    process.env["PATH"] = PATH;
    const look = async () => (await diagnose("--zerotier", zerotier.folder)).findings;
    const findings = await look();
    const translation = [
      "translation",
      "What containers behind docker0 send to others leaves under this host's address: POSTROUTING of ip6 nat.",
    ];
    expect(findings.map(({ check, what }) => [check, what])).toEqual([
      ["firewall", `The firewall drops what goes from ${ZT} to docker0: FORWARD of ip6 filter.`],
      translation,
      ["mtu", "docker0 has MTU 1500; the network has 2800."],
    ]);
    process.env["DOCKER_HOST"] = `unix://${engine.socket}`;
    const asked = await diagnose("--zerotier", zerotier.folder);
    delete process.env["DOCKER_HOST"];
    expect(asked.findings.map(({ check, what }) => [check, what])).toEqual([translation]);
    expect(asked.said.filter(({ check }) => check === "firewall").map(({ what }) => what)).toEqual([
      `the firewall forwards between ${ZT} and ${BRIDGE}`,
      "Docker's firewall lets in to docker0 what is published, and out everything",
    ]);
    inShell(...findings.flatMap(({ mend }) => mend ?? []));
    expect(await look()).toEqual([]);
  });

  test("that is real is read", async ({ skip }) => {
    await using zerotier = await healthy();
    const daemon = { ipv6: true, "fixed-cidr-v6": SUBNET, ip6tables: false };
    await using engine = await startDockerd(skip, JSON.stringify(daemon));
    process.env["DOCKER_HOST"] = `unix://${engine.socket}`;
    try {
      const { said } = await diagnose("--zerotier", zerotier.folder);
      const docker = said.filter(({ check }) => check === "docker");
      expect(docker).toMatchObject([
        {
          kind: "right",
          what: expect.stringContaining(`network bridge addresses of ${SUBNET} behind docker0`),
        },
      ]);
    } finally {
      delete process.env["DOCKER_HOST"];
    }
  });
});

describe("the neighbour table, which all namespaces share and is played here,", () => {
  /** A host whose table has been filled so far, with the kernel's own limits. */
  function host(entries: number, fulls: number, growth = 0) {
    const settings = new Map([["net/ipv6/neigh/default/gc_thresh3", 1024]]);
    let looks = 0;
    const neighbourTable = () => ({ entries, fulls: fulls + growth * looks++ });
    const state = { neighbourTable, setting: (path: string) => settings.get(path) ?? 0 };
    return { settings, look: async () => neighbours.run(state as unknown as HostState) };
  }

  test.each([
    [
      "was full",
      40,
      7,
      0,
      "The IPv6 neighbour table has been full 7 times since the machine started; it has room for 1024 entries.",
    ],
    [
      "is full",
      1024,
      7,
      3,
      "The IPv6 neighbour table is full: it lacked room 3 times within a second, and has room for 1024 entries.",
    ],
    ["is nearly full", 900, 0, 0, "The IPv6 neighbour table has 900 entries, and room for 1024."],
  ])("that %s is diagnosed, and mended by the printed commands", async (_, entries, fulls, growth, what) => {
    const { settings, look } = host(entries, fulls, growth);
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

  test("with RFC 4193 addresses leaks those, too, and is mended by the printed commands", async () => {
    await using _zerotier = await healthy();
    inShell(`ip -6 address add ${A.rfc4193}/88 dev ${ZT}`);
    const both = { ...EARTH, assignedAddresses: [...EARTH.assignedAddresses, `${A.rfc4193}/88`] };
    await using service = await startService(answers(STATUS, [both]));
    const { findings } = await diagnose("--zerotier", service.folder);
    expect(findings.map(({ what }) => what)).toEqual([
      "When ZeroTier stops, packets for fd80:56c2:e21c:0:199:9300::/88 leave by eth0.",
    ]);
    inShell(...(findings[0]?.mend ?? []));
    expect((await diagnose("--zerotier", service.folder)).findings).toEqual([]);
  });

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

describe("a host whose programs are other ones", () => {
  /** What is not right where a program of the PATH is replaced by a script. */
  async function unseen(program: string, script: string) {
    await using zerotier = await healthy();
    using files = folder();
    writeFileSync(files.path(program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { PATH } = process.env;
    process.env["PATH"] = `${files.path("")}:${PATH}`;
    try {
      const { said, status } = await diagnose("--zerotier", zerotier.folder);
      const others = said.filter(({ kind, check }) => kind !== "right" && check !== "neighbours");
      return { status, others: others.map(({ kind, check, what }) => [kind, check, what]) };
    } finally {
      process.env["PATH"] = PATH;
    }
  }

  test.each([
    ["prints no JSON", "echo '{'", "it prints what is not JSON"],
    ["fails", "echo 'netlink: Error' >&2; exit 1", "netlink: Error"],
  ])("is not seen through an nft that %s", async (_, script, why) => {
    const what = `nft --json list ruleset: ${why}`;
    expect(await unseen("nft", script)).toEqual({
      status: 0,
      others: [
        ["unseen", "firewall", what],
        ["unseen", "translation", what],
      ],
    });
  });

  test("is not seen through an ip without JSON", async () => {
    const usage = "BusyBox v1.35.0 multi-call binary.";
    const { status, others } = await unseen("ip", `echo '${usage}' >&2; exit 1`);
    expect(status).toBe(0);
    expect(others).toEqual([
      ["unseen", "default-route", `ip -json -details address show: ${usage}`],
      ["unseen", "interfaces", `ip -json -details address show: ${usage}`],
    ]);
  });
});

describe("an ordinary user", () => {
  /** What the doctor says to a user who may read the folder of a healthy host, but not the token. */
  async function seen(skip: TestContext["skip"], token: number) {
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    await using zerotier = await healthy();
    chmodSync(zerotier.folder, 0o755);
    chmodSync(zerotier.path("authtoken.secret"), token);
    const words = user.words(...user.command, "doctor", "--json", "--zerotier", zerotier.folder);
    const { status, stdout, stderr } = await ended(spawn(words[0], words.slice(1)));
    const said: Said[] = JSON.parse(stdout);
    return { status, stderr, said, path: zerotier.path("authtoken.secret") };
  }

  test("is told that the service cannot be asked without its token, once, and that it is no fault", async ({
    skip,
  }) => {
    const { status, said, path } = await seen(skip, 0o600);
    expect(said.filter(({ kind }) => kind !== "right")).toEqual(
      expect.arrayContaining([
        {
          check: "service",
          kind: "unseen",
          what: `cannot read the token of ZeroTier's service in "${path}": permission denied`,
        },
      ]),
    );
    expect(said.filter(({ what }) => what.includes("token"))).toHaveLength(1);
    expect(status).toBe(0);
  });

  test("who may ask the service is told what cannot be seen besides", async ({ skip }) => {
    const { status, said } = await seen(skip, 0o644);
    const hidden = said.filter(({ kind }) => kind === "unseen");
    expect(hidden.map(({ check }) => check).filter((check) => check !== "neighbours")).toEqual([
      "firewall",
      "translation",
    ]);
    expect(said.filter(({ kind }) => kind === "finding")).toEqual([]);
    expect(said).toContainEqual(expect.objectContaining({ check: "address", kind: "right" }));
    expect(status).toBe(0);
  });
});
