// Hosts that `sixplane up` runs, as their kernels, ping and Wireshark see them.
import { readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";
import {
  A,
  B,
  C,
  captureUnderlay,
  framesBetweenHosts,
  Host,
  MTU_1450,
  NETWORK,
  ordinaryUser,
  Program,
  ping,
  runIn,
  Underlay,
  until,
  WARNING,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  for (const program of ["ping", "tcpdump", "tshark"]) skip(!isInstalled(program), `no ${program}`);
});

const MULTICAST = /^.[13579bdf]/;

/** A script that has other names looked up than this machine has, and runs the rest of the words. */
const SUBSTITUTE = 'mount --bind "$0" /etc/hosts && exec "$@"';

/** The words that name peers, where an underlay has them by default. */
function peers(...nodes: [node: string, at: number][]): string[] {
  return nodes.flatMap(([node, at]) => ["--peer", `${node}@192.0.2.${at}`]);
}

/** The MAC that a host's kernel has for a neighbour. */
function neighbour(host: Host, address: string): string | undefined {
  const [found] = JSON.parse(host.run("ip", "-json", "neighbour", "show", "to", address, "dev", "zt0"));
  return found?.lladdr;
}

describe("two hosts", () => {
  test("say that they are ready, and reach each other in both modes", async () => {
    await using underlay = await Underlay.open(2);
    const [one, other] = underlay.namespaces;
    await using a = await Host.up(A.node, peers([B.node, 2]), one);
    await using b = await Host.up(B.node, peers([A.node, 1]), other);
    for (const address of [B.sixplane, B.rfc4193]) {
      expect(a.pings(address)).toBe(true);
      expect(neighbour(a, address)).toBe(B.mac);
    }
    for (const address of [A.sixplane, A.rfc4193]) {
      expect(b.pings(address)).toBe(true);
      expect(neighbour(b, address)).toBe(A.mac);
    }
    expect(a.pings(B.sixplane, "-s", "1402", "-M", "do")).toBe(true); // all that the MTU has room for
    expect([a.stdout, a.stderr]).toEqual([
      "zt0 is up: fc9c:56c2:e389:e92c:eee5::1, fd80:56c2:e21c:0:199:9389:e92c:eee5, " +
        "MAC 02:89:e9:30:0c:27, listening on [::]:4789, 1 peer, datapath tap\n",
      `${WARNING}${MTU_1450}`,
    ]);
  });

  test("send no multicast at all with --multicast drop", async () => {
    await using underlay = await Underlay.open(2);
    const [one, other] = underlay.namespaces;
    await using capture = await captureUnderlay();
    const drop = ["--multicast", "drop", "--json"];
    await using a = await Host.up(A.node, [...drop, ...peers([B.node, 2])], one);
    await using b = await Host.up(B.node, [...drop, ...peers([A.node, 1])], other);
    for (const address of [B.sixplane, B.rfc4193]) expect(a.pings(address)).toBe(true);
    for (const address of [A.sixplane, A.rfc4193]) expect(b.pings(address)).toBe(true);
    a.run("ip", "address", "add", "10.0.0.1/24", "dev", "zt0");
    expect(a.pings("10.0.0.2", "-W", "0.2")).toBe(false);

    const frames = await framesBetweenHosts(capture, ["eth.dst", "icmpv6.type"]);
    expect(frames.filter((frame) => MULTICAST.test(frame["eth.dst"]?.at(-1) ?? ""))).toEqual([]);
    const types = frames.flatMap((frame) => frame["icmpv6.type"] ?? []);
    expect(types).toEqual(["128", "129", "128", "129", "128", "129", "128", "129"]);
    for (const host of [a, b]) {
      await host.end("SIGINT");
      const { tap, fabric } = host.events.at(-1) ?? {};
      expect(tap?.dropped["multicast"]).toBeGreaterThan(0); // there was some that the kernel would have sent
      expect(fabric).toMatchObject({ sent: 4, received: 4 });
    }
  });
});

describe("three hosts", () => {
  test("have what a flat Ethernet has, but for the solicitations that are answered", async () => {
    await using underlay = await Underlay.open(3);
    const [one, two, three] = underlay.namespaces;
    await using a = await Host.up(A.node, peers([B.node, 2], [C.node, 3]), one);
    await using b = await Host.up(B.node, peers([A.node, 1], [C.node, 3]), two);
    await using c = await Host.up(C.node, peers([A.node, 1], [B.node, 2]), three);
    for (const [index, host] of [a, b, c].entries()) {
      host.run("ip", "address", "add", `10.0.0.${index + 1}/24`, "dev", "zt0");
      host.run("ip", "address", "add", `2001:db8::${index + 1}/64`, "dev", "zt0");
    }
    await using capture = await captureUnderlay();
    for (const address of [B.sixplane, "2001:db8::2", "10.0.0.2"]) expect(a.pings(address)).toBe(true);
    for (const address of [A.rfc4193, "2001:db8::1", "10.0.0.1"]) expect(c.pings(address)).toBe(true);
    expect(neighbour(a, "2001:db8::2")).toBe(B.mac);
    expect(neighbour(c, "10.0.0.1")).toBe(A.mac);

    const fields = ["ip.dst", "eth.src", "eth.dst", "icmpv6.type", "icmp.type", "arp.opcode"];
    const frames = await framesBetweenHosts(capture, fields);
    const rows = frames.map((frame) => {
      const [to = ""] = frame["ip.dst"] ?? []; // the datagram's; the frame's own come last
      return [to, ...fields.slice(1).map((field) => frame[field]?.at(-1))].filter((value) => value).join(" ");
    });
    // What interfaces say on their own: Router Solicitations, and reports for multicast listeners.
    const sent = rows.filter((row) => !/ 1(33|43)$/.test(row)).sort();
    const group2 = "33:33:ff:00:00:02";
    const group1 = "33:33:ff:00:00:01";
    const broadcast = "ff:ff:ff:ff:ff:ff";
    const expected = [
      `192.0.2.2 ${A.mac} ${B.mac} 128`, // nobody was asked
      `192.0.2.1 ${B.mac} ${A.mac} 129`,
      `192.0.2.2 ${A.mac} ${group2} 135`,
      `192.0.2.3 ${A.mac} ${group2} 135`,
      `192.0.2.1 ${B.mac} ${A.mac} 136`,
      `192.0.2.2 ${A.mac} ${B.mac} 128`,
      `192.0.2.1 ${B.mac} ${A.mac} 129`,
      `192.0.2.2 ${A.mac} ${broadcast} 1`,
      `192.0.2.3 ${A.mac} ${broadcast} 1`,
      `192.0.2.1 ${B.mac} ${A.mac} 2`,
      `192.0.2.2 ${A.mac} ${B.mac} 8`,
      `192.0.2.1 ${B.mac} ${A.mac} 0`,
      `192.0.2.1 ${C.mac} ${A.mac} 128`,
      `192.0.2.3 ${A.mac} ${C.mac} 129`,
      `192.0.2.1 ${C.mac} ${group1} 135`,
      `192.0.2.2 ${C.mac} ${group1} 135`,
      `192.0.2.3 ${A.mac} ${C.mac} 136`,
      `192.0.2.1 ${C.mac} ${A.mac} 128`,
      `192.0.2.3 ${A.mac} ${C.mac} 129`,
      `192.0.2.1 ${C.mac} ${broadcast} 1`,
      `192.0.2.2 ${C.mac} ${broadcast} 1`,
      `192.0.2.3 ${A.mac} ${C.mac} 2`,
      `192.0.2.1 ${C.mac} ${A.mac} 8`,
      `192.0.2.3 ${A.mac} ${C.mac} 0`,
    ];
    expect(sent).toEqual(expected.sort());
  });
});

describe("containers behind two hosts", () => {
  /** A namespace behind a host, which routes one address of its /80 there. */
  function container(host: Namespace | undefined, address: string): Namespace {
    const namespace = Namespace.open();
    withoutDetection(namespace);
    const ends = ["type", "veth", "peer", "name", "eth1", "netns", namespace.path];
    runIn(host, "ip", "link", "add", "container", ...ends);
    runIn(host, "ip", "address", "add", "fe80::1/64", "dev", "container");
    runIn(host, "ip", "link", "set", "container", "up");
    runIn(host, "ip", "route", "add", address, "dev", "container");
    runIn(host, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    runIn(namespace, "ip", "address", "add", address, "dev", "eth1");
    runIn(namespace, "ip", "link", "set", "eth1", "up");
    runIn(namespace, "ip", "route", "add", "default", "via", "fe80::1", "dev", "eth1");
    return namespace;
  }

  /** What becomes of a neighbour that the kernel sets out to probe. */
  async function afterProbe(host: Host, address: string): Promise<string> {
    const entry = ["to", address, "dev", "zt0"];
    host.run("sh", "-c", "echo 50 > /proc/sys/net/ipv6/neigh/zt0/retrans_time_ms");
    host.run("ip", "neighbour", "replace", address, "lladdr", B.mac, "nud", "probe", "dev", "zt0");
    return until("the end of the probe", () => {
      const [found] = JSON.parse(host.run("ip", "-json", "neighbour", "show", ...entry));
      const [state] = found?.state ?? ["FAILED"]; // such an entry may be gone at once
      return state !== "PROBE" && state;
    });
  }

  test("reach each other, with one entry for each host, and --probes answers probes", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    const near = "fc9c:56c2:e389:e92c:eee5::42";
    const far = "fc9c:56c2:e3de:adbe:ef01:242:ac11:2";
    using behindA = container(one, near);
    using behindB = container(two, far);
    const drop = ["--multicast", "drop"];
    await using a = await Host.up(A.node, [...drop, "--json", "--probes", ...peers([B.node, 2])], one);
    {
      await using _ = await Host.up(B.node, [...drop, ...peers([A.node, 1])], two);
      expect(ping(behindA, far).status).toBe(0);
      expect(ping(behindB, near).status).toBe(0);
      expect(ping(behindA, B.sixplane).status).toBe(0);
      expect(a.pings(far)).toBe(true);
      expect(neighbour(a, far)).toBeUndefined();
      expect(neighbour(a, B.sixplane)).toBe(B.mac);
      expect(await afterProbe(a, far)).toBe("REACHABLE");
      await a.end("SIGINT");
      expect(a.events.at(-1)?.tap.reasons["unicast-probe"]).toBeUndefined();
      await using unprobed = await Host.up(A.node, [...drop, "--json", ...peers([B.node, 2])], one);
      expect(unprobed.pings(far)).toBe(true);
      expect(await afterProbe(unprobed, far)).toBe("REACHABLE"); // by an answer to a multicast solicitation
      await unprobed.counts("probes passed on", ({ tap }) => (tap.reasons["unicast-probe"] ?? 0) > 0);
    }
  });
});

describe("the underlay", () => {
  const V6 = "2001:db8:4789::";

  test.each([
    ["IPv6", [], [`${B.node}@[${V6}2]`], [], [`${A.node}@[${V6}1]:4789`], "[::]:4789"],
    [
      "a port",
      ["--listen", "5001"],
      [`${B.node}@192.0.2.2:5002`],
      ["--listen", "5002"],
      [`${A.node}@192.0.2.1:5001`],
      "[::]:5001",
    ],
    [
      "an IPv4 address",
      ["--listen", "192.0.2.1"],
      [`${B.node}@192.0.2.2:5002`],
      ["--listen", "192.0.2.2:5002"],
      [`${A.node}@192.0.2.1`],
      "192.0.2.1:4789",
    ],
    [
      "an IPv4 address that is mapped into IPv6",
      ["--listen", "[::ffff:192.0.2.1]:5001"],
      [`${B.node}@192.0.2.2`],
      [],
      [`${A.node}@[::ffff:192.0.2.1]:5001`],
      "192.0.2.1:5001",
    ],
    [
      "an IPv6 address",
      ["--listen", `[${V6}1]:5001`],
      [`${B.node}@[2001:DB8:4789:0::2]:5002`],
      ["--listen", `[${V6}2]:5002`],
      [`${A.node}@[${V6}1]:5001`],
      `[${V6}1]:5001`,
    ],
    [
      "link-local addresses",
      [],
      [`${B.node}@[fe80::2%eth0]`],
      ["--listen", "[fe80::2%eth0]:4789"],
      [`${A.node}@[fe80::1%eth0]`],
      "[::]:4789",
    ],
  ])("may be %s", async (_, wordsA, peersOfA, wordsB, peersOfB, listening) => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    for (const [index, namespace] of [one, two].entries()) {
      runIn(namespace, "ip", "address", "add", `fe80::${index + 1}/64`, "dev", "eth0", "scope", "link");
    }
    const named = (texts: string[]) => texts.flatMap((text) => ["--peer", text]);
    await using a = await Host.up(A.node, [...wordsA, ...named(peersOfA)], one);
    await using b = await Host.up(B.node, [...wordsB, ...named(peersOfB)], two);
    expect(a.stdout).toContain(`, listening on ${listening}, 1 peer, datapath tap\n`);
    expect(a.pings(B.sixplane)).toBe(true);
    expect(b.pings(A.rfc4193)).toBe(true);
  });

  test("may be one where the system chooses the port", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using b = await Host.up(B.node, ["--listen", "192.0.2.2:0", ...peers([A.node, 1])], two);
    const [, port] = /listening on 192\.0\.2\.2:(\d+), /.exec(b.stdout) ?? [];
    expect(Number(port)).toBeGreaterThan(0);
    await using a = await Host.up(A.node, ["--peer", `${B.node}@192.0.2.2:${port}`], one);
    expect(a.pings(B.sixplane)).toBe(true);
  });

  test("may have names, of which the address is taken that can be reached", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    using files = folder();
    const hosts = files.path("hosts");
    writeFileSync(hosts, `${V6}2 b.example\n192.0.2.2 b.example\n${V6}1 a.example\n192.0.2.1 a.example\n`);
    const knowing = (words: string[]) => ["unshare", "--mount", "sh", "-c", SUBSTITUTE, hosts, ...words];
    const up = (node: string, namespace: Namespace | undefined, ...words: string[]) =>
      new Host(node, words, namespace, knowing);
    await using a = up(A.node, one, "--listen", "a.example", "--peer", `${B.node}@b.example:5002`);
    await a.ready();
    const [, listening] = /listening on (.+), 1 peer/.exec(a.stdout) ?? [];
    const family = listening === "192.0.2.1:4789" ? "192.0.2.2" : `[${V6}2]`;
    await using b = up(B.node, two, "--listen", `${family}:5002`, "--peer", `${A.node}@a.example`);
    await b.ready();
    expect(a.pings(B.sixplane)).toBe(true);

    await using other = up(
      A.node,
      one,
      "--name",
      "other",
      "--listen",
      "192.0.2.1:5001",
      "--peer",
      `${B.node}@b.example`,
    );
    await other.ready(); // its peer has an IPv6 address, too, which could not be reached
    await using another = up(
      A.node,
      one,
      "--name",
      "another",
      "--listen",
      `[${V6}1]:5001`,
      "--peer",
      `${B.node}@b.example`,
    );
    await another.ready();
  });

  test("may be this machine, as localhost", async () => {
    using namespace = Namespace.open();
    withoutDetection(namespace);
    const onA = ["--listen", "localhost:5001", "--peer", `${B.node}@localhost:5002`];
    const onB = ["--listen", "localhost:5002", "--peer", `${A.node}@localhost:5001`, "--json"];
    await using b = await Host.up(B.node, onB, namespace);
    await using _ = await Host.up(A.node, onA, namespace);
    // Each kernel has all addresses here, and needs no ping; but interfaces say something when they come up.
    await b.counts("frames from the other", ({ fabric }) => fabric.received > 0);
  });
});

describe("an ordinary user in a namespace of their own", () => {
  test("has two hosts that reach each other", async ({ skip }) => {
    const user = ordinaryUser("mknod -m 666 /dev/net/tun c 10 200");
    skip(user.obstacle !== undefined, user.obstacle);
    const script = `
      ip link set lo up
      echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
      unshare --net sh -ec '
        echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
        ip link add eth0 type veth peer name eth0 netns "$1"
        ip address add 192.0.2.2/24 dev eth0
        ip link set eth0 up
        shift
        exec "$@" --node ${B.node} --peer ${A.node}@192.0.2.1
      ' sh $$ "$@" &
      until ip link show eth0 2> /dev/null; do sleep 0.01; done
      ip address add 192.0.2.1/24 dev eth0
      ip link set eth0 up
      exec "$@" --node ${A.node} --peer ${B.node}@192.0.2.2
    `;
    const up = [...user.command, "up", "--network", NETWORK];
    await using hosts = new Program(user.words("unshare", "-Urn", "sh", "-ec", script, "sh", ...up), true);
    await hosts.says("both ready", (stdout) => stdout.split(" is up: ").length === 3);
    const { pid } = hosts.child;
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Uid:\t65534\t65534\t/m);
    run("nsenter", `--target=${pid}`, "--net", "--", "ping", "-n", "-c", "1", "-W", "3", B.sixplane);
    expect(await hosts.end("SIGINT")).toBe(0);
  });
});
