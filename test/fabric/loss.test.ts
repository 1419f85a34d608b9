// Frames that would be lost in silence: a receive buffer that is full, a path whose MTU nobody tells, a peer's other
// address, and a name that leads elsewhere.
import { writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";
import {
  A,
  B,
  C,
  DATAPATHS,
  Host,
  MTU_1450,
  runIn,
  Underlay,
  until,
  WARNING,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  for (const program of ["ping", "iptables", "ip6tables"]) skip(!isInstalled(program), `no ${program}`);
});

/** A script that sends that many datagrams of 1,400 bytes: frames of the second host, for experiments. */
const FLOOD = `
  const socket = require("node:dgram").createSocket("udp4");
  const datagram = Buffer.alloc(1400);
  datagram.write("0800000000000100" + "0289e9300c27" + "02deada20dc3" + "88b5", "hex");
  socket.bind(4789, "192.0.2.2", async () => {
    for (let sent = 0; sent < Number(process.argv[1]); sent++) {
      await new Promise((resolve) => socket.send(datagram, 4789, "192.0.2.1", resolve));
    }
    socket.close();
  });
`;

function flood(namespace: Namespace | undefined, count: number): void {
  runIn(namespace, process.execPath, "-e", FLOOD, `${count}`);
}

const SILENT = ["--multicast", "drop"];

describe("datagrams that come while a host is busy", () => {
  test("are held, a thousand of them, and counted where there are more", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, ["--json", "--peer", `${B.node}@192.0.2.2`], one);
    a.kill("SIGSTOP");
    flood(two, 1000);
    a.kill("SIGCONT");
    await a.counts("all of them", ({ fabric }) => fabric.received === 1000);
    expect(a.events.at(-1)?.fabric.dropped["overflow"]).toBe(0);
    a.kill("SIGSTOP");
    flood(two, 10_000);
    a.kill("SIGCONT");
    const { fabric } = await a.counts("all of them, somewhere", ({ fabric: { received, dropped } }) => {
      return received + (dropped["overflow"] ?? 0) === 11_000;
    });
    expect(fabric.dropped["overflow"]).toBeGreaterThan(1000);
    expect(await a.end("SIGINT")).toBe(0);
    expect(a.events.at(-1)?.fabric.dropped["overflow"]).toBe(fabric.dropped["overflow"]);
  });
});

/** Two namespaces with a router between them, whose second link has a smaller MTU, which it tells nobody. */
class BlackHole implements AsyncDisposable {
  readonly namespaces: [Namespace, Namespace, Namespace];

  private constructor(namespaces: [Namespace, Namespace, Namespace]) {
    this.namespaces = namespaces;
  }

  /** @param tells whether it tells all the same */
  static async open(tells = false): Promise<BlackHole> {
    const hole = new BlackHole([Namespace.open(), Namespace.open(), Namespace.open()]);
    const [one, router, two] = hole.namespaces;
    for (const [n, end] of [one, two].entries()) {
      const peer = ["peer", "name", `link${n}`, "netns", router.path];
      withoutDetection(end);
      runIn(end, "ip", "link", "add", "eth0", "type", "veth", ...peer);
      for (const [namespace, device, host] of [
        [end, "eth0", 2],
        [router, `link${n}`, 1],
      ] as const) {
        runIn(namespace, "ip", "address", "add", `198.51.10${n}.${host}/24`, "dev", device);
        runIn(namespace, "ip", "address", "add", `2001:db8:${n}::${host}/64`, "dev", device, "nodad");
        runIn(namespace, "ip", "link", "set", device, "up");
      }
      runIn(end, "ip", "route", "add", "default", "via", `198.51.10${n}.1`);
      runIn(end, "ip", "route", "add", "default", "via", `2001:db8:${n}::1`);
    }
    runIn(router, "ip", "link", "set", "link1", "mtu", "1400");
    runIn(two, "ip", "link", "set", "eth0", "mtu", "1400");
    runIn(
      router,
      "sh",
      "-c",
      "echo 1 | tee /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding",
    );
    if (tells) return hole;
    runIn(router, "iptables", "-A", "OUTPUT", "-p", "icmp", "-j", "DROP");
    runIn(
      router,
      "ip6tables",
      "-A",
      "OUTPUT",
      "-p",
      "icmpv6",
      "--icmpv6-type",
      "packet-too-big",
      "-j",
      "DROP",
    );
    return hole;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.namespaces) namespace.close();
  }
}

describe.each(DATAPATHS)("through %s, a path whose MTU nobody tells", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));

  const over4 = [
    "every size, over IPv4",
    ...["198.51.100.2", "198.51.101.2"],
    [1200, 1290, 1350, 1400, 1452, 2000, 2752],
  ] as const;
  // Others fit into one datagram, which no router of IPv6 may fragment.
  const over6 = [
    "sizes that the host fragments, over IPv6",
    ...["[2001:db8:0::2]", "[2001:db8:1::2]"],
    [1200, 1390, 2000, 2752],
  ] as const;

  // The kernel's VXLAN sends no fragments over IPv6.
  test.each(datapath === "tap" ? [over4, over6] : [over4])(
    "takes frames of %s",
    async (_, hostA, hostB, sizes) => {
      await using hole = await BlackHole.open();
      const [one, , two] = hole.namespaces;
      const large = [...SILENT, "--datapath", datapath, "--mtu", "2800"];
      await using a = await Host.up(A.node, [...large, "--peer", `${B.node}@${hostB}`], one);
      await using _b = await Host.up(B.node, [...large, "--peer", `${A.node}@${hostA}`], two);
      await until("a short ping", () => a.pings(B.sixplane, "-W", "1"));
      for (const size of sizes) {
        expect([size, a.pings(B.sixplane, "-s", `${size}`, "-M", "do")]).toEqual([size, true]);
      }
    },
  );
});

describe.each(DATAPATHS)("through %s, a path whose MTU a router tells", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));

  test.each([
    ["IPv4", "198.51.100.2", "198.51.101.2", 1402],
    ["IPv6", "[2001:db8:0::2]", "[2001:db8:1::2]", 1382],
  ])("takes every frame over %s, as soon as it is told, or counts it", async (family, hostA, hostB, size) => {
    await using hole = await BlackHole.open(true);
    const [one, , two] = hole.namespaces;
    const words = [...SILENT, "--datapath", datapath, "--json"];
    await using a = await Host.up(A.node, [...words, "--peer", `${B.node}@${hostB}`], one);
    await using _b = await Host.up(B.node, [...words, "--peer", `${A.node}@${hostA}`], two);
    await until("a short ping", () => a.pings(B.sixplane, "-W", "1"));
    const pings = () => a.pings(B.sixplane, "-W", "1", "-s", `${size}`, "-M", "do");
    if (datapath === "tap" || family === "IPv4") return void (await until("a long ping", pings));
    for (let count = 0; count < 3; count++) expect(pings()).toBe(false);
    await a.counts("those that were too long", ({ fabric }) => (fabric.dropped["unsent"] ?? 0) >= 1);
  });
});

describe.each(DATAPATHS)("through %s, the MTU", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));

  const underlay = (mtu: number, overhead: number) => ({ node: B.node, interface: "eth0", mtu, overhead });

  test.each<[what: string, eth0: number, words: string[], mtu: number, underlay: object | undefined]>([
    ["leaves room for VXLAN over IPv4", 1500, ["192.0.2.2"], 1450, underlay(1500, 50)],
    ["leaves room for VXLAN over IPv6", 1500, ["[2001:db8:4789::2]"], 1430, underlay(1500, 70)],
    ["is not below what IPv6 needs", 1300, ["192.0.2.2"], 1280, underlay(1300, 50)],
    ["is ZeroTier's where there is room", 9000, ["192.0.2.2"], 2800, undefined],
    [
      "is that of the narrowest way",
      1400,
      ["192.0.2.2", "--peer", `${C.node}@127.0.0.2`],
      1350,
      underlay(1400, 50),
    ],
    ["is ZeroTier's where no way leads to the peer", 1500, ["198.51.100.9"], 2800, undefined],
    ["is what --mtu says", 1500, ["192.0.2.2", "--mtu", "2000"], 2000, undefined],
  ])("%s", async (_, eth0, [host, ...words], mtu, expected) => {
    await using net = await Underlay.open(1);
    const [one] = net.namespaces;
    runIn(one, "ip", "link", "set", "eth0", "mtu", `${eth0}`);
    runIn(one, "ip", "link", "set", "lo", "up");
    await using a = await Host.up(
      A.node,
      ["--json", "--datapath", datapath, "--peer", `${B.node}@${host}`, ...words],
      one,
    );
    expect(a.events[0]).toMatchObject({ event: "ready", mtu });
    expect(a.events[0]?.underlay).toEqual(expected);
    const said = a.stderr.includes(
      `sixplane: the MTU is ${mtu}, as eth0, which leads to peer ${B.node}, has ${eth0}, `,
    );
    expect(said).toBe(expected !== undefined);
  });
});

describe.each(DATAPATHS)("through %s, a peer's other address", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));
  const PATH = ["--datapath", datapath];

  test("is told once, and how to name it", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    runIn(two, "ip", "address", "add", "192.0.2.3/24", "dev", "eth0");
    await using a = await Host.up(A.node, ["--json", ...PATH, "--peer", `${B.node}@192.0.2.3`], one);
    await using b = await Host.up(B.node, [...PATH, "--peer", `${A.node}@192.0.2.1`], two);
    expect(b.pings(A.sixplane, "-c", "3", "-i", "0.2", "-W", "0.2")).toBe(false);
    const { from, node } = await a.says("the stranger", () =>
      a.events.find(({ event }) => event === "unknown-sender"),
    );
    expect([from, node]).toEqual(["192.0.2.2:4789", B.node]);
    expect(a.stderr).toBe(
      `${WARNING}${MTU_1450}sixplane: datagrams from 192.0.2.2:4789, in the name of node deadbeef01, are dropped, as no --peer has ` +
        "that address: if that is right, name it with --peer deadbeef01@192.0.2.2:4789 instead of 192.0.2.3:4789, " +
        "or let it --listen on the latter alone\n",
    );
    await a.end("SIGINT");
    await using better = await Host.up(A.node, [...PATH, "--peer", `${B.node}@192.0.2.2:4789`], one);
    expect(better.pings(B.sixplane)).toBe(true);
  });

  test("is told of eight at most, whoever makes up more", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, ["--json", ...PATH, "--peer", `${C.node}@192.0.2.3`], one);
    // Addresses, as the kernel's path does not see ports.
    const hosts = Array.from({ length: 20 }, (_, number) => `192.0.2.${100 + number}`);
    for (const host of hosts) runIn(two, "ip", "address", "add", `${host}/24`, "dev", "eth0");
    const script = `
      const { createSocket } = require("node:dgram");
      (async () => {
        for (const host of ${JSON.stringify(hosts)}) {
          const socket = createSocket("udp4");
          await new Promise((resolve) => socket.bind(0, host, resolve));
          const frame = Buffer.alloc(8 + 60);
          frame.set([8, 0, 0, 0, 0, 0, 1, 0]);
          await new Promise((resolve) => socket.send(frame, 4789, "192.0.2.1", resolve));
          socket.close();
        }
      })();
    `;
    runIn(two, process.execPath, "-e", script);
    await a.counts("all dropped", ({ fabric }) => fabric.dropped["unknownSender"] === 20);
    expect(a.events.filter(({ event }) => event === "unknown-sender")).toHaveLength(8);
    expect(a.stderr).toContain("if it is to be a peer, name it with --peer NODE@192.0.2.1");
  });
});

describe.each(DATAPATHS)("through %s, a peer's name", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));
  const WORDS = [...SILENT, "--datapath", datapath];

  test("is looked up again where the peer is silent, and leads to where it is now", async () => {
    await using underlay = await Underlay.open(3);
    const [one, two, three] = underlay.namespaces;
    using files = folder();
    const hosts = files.path("hosts");
    writeFileSync(hosts, "192.0.2.2 b.example\n");
    const knowing = (words: string[]) => [
      ...["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts],
      ...words,
    ];
    await using a = new Host(A.node, ["--json", ...WORDS, "--peer", `${B.node}@b.example`], one, knowing);
    await a.ready();
    {
      await using _ = await Host.up(B.node, [...WORDS, "--peer", `${A.node}@192.0.2.1`], two);
      expect(a.pings(B.sixplane)).toBe(true);
    }
    await using _ = await Host.up(B.node, [...WORDS, "--peer", `${A.node}@192.0.2.1`], three);
    writeFileSync(hosts, "192.0.2.3 b.example\n");
    await until("a ping", () => a.pings(B.sixplane, "-W", "0.2"));
    expect(a.events.filter(({ event }) => event === "moved")).toEqual([
      { event: "moved", node: B.node, from: "192.0.2.2:4789", to: "192.0.2.3:4789" },
    ]);
    expect(a.stderr).toContain(
      "peer deadbeef01 was silent at 192.0.2.2:4789, and its name now leads to 192.0.2.3:4789\n",
    );
    const told = a.stderr;
    expect(a.pings(B.sixplane)).toBe(true);
    expect(a.stderr).toBe(told);
  });
});
