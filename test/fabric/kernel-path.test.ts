// The data path that the kernel carries: what it leaves behind, what it survives, and what it does not do.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { COMMAND } from "../support/command.ts";
import {
  A,
  B,
  C,
  DATAPATHS,
  Host,
  interfaces,
  NETWORK,
  Program,
  ping,
  runIn,
  Underlay,
  until,
} from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";

const [, [, noPath] = []] = DATAPATHS;

beforeEach(({ skip }) => {
  skip(noPath !== undefined, noPath);
  for (const program of ["ping", "bpftool"]) skip(!isInstalled(program), `no ${program}`);
});

const KERNEL = ["--datapath", "kernel", "--json"];
const PEER_B = ["--peer", `${B.node}@192.0.2.2`];
const PEER_A = ["--peer", `${A.node}@192.0.2.1`];

/** Names of the path's programs that are in the kernel. */
function programs(): string[] {
  const all: { name?: string }[] = JSON.parse(run("bpftool", "-j", "prog", "list"));
  const own = ["copies", "respond", "send", "sender", "newcomers"];
  return all.flatMap(({ name }) => (name !== undefined && own.includes(name) ? [name] : [])).sort();
}

const routes = (namespace: Namespace | undefined) =>
  runIn(namespace, "ip", "-6", "route", "show", "table", "main");
const addresses = (namespace: Namespace | undefined) =>
  runIn(namespace, "ip", "-6", "address", "show", "dev", "zt0");

describe("the end of a host", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)("by %s leaves nothing", async (signal) => {
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    const before = [interfaces(one), routes(one)];
    await using a = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    expect(programs()).toEqual(["copies", "newcomers", "respond", "send", "sender"]);
    expect(routes(one)).toContain("unreachable fc9c:56c2:e300::/40 dev lo proto static metric 128");
    expect(await a.end(signal)).toBe(signal === "SIGKILL" ? signal : 0);
    await until("nothing left", () => !interfaces(one).includes("zt0") && programs().length === 0);
    expect([interfaces(one), routes(one)]).toEqual(before);
  });

  test("comes where its interface is removed, and it says so", async () => {
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    await using a = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    a.run("ip", "link", "delete", "zt0");
    expect(await a.end()).toBe(1);
    expect(a.stderr).toContain(
      "sixplane: the interface zt0 is gone: removed, renamed, or moved to another network namespace\n",
    );
    expect(programs()).toEqual([]);
    expect(routes(one)).not.toContain("unreachable");
  });

  test("comes with that of the process that is to remove its interface", async () => {
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    await using a = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    const [guard = ""] = run("pgrep", "--parent", `${a.child.pid}`).trim().split("\n");
    process.kill(Number(guard), "SIGKILL");
    expect(await a.end()).toBe(1);
    expect(a.stderr).toContain("sixplane: the process that puts the interface back has ended\n");
    expect(interfaces(one)).not.toContain("zt0");
    expect(routes(one)).not.toContain("unreachable");
  });
});

describe("hosts", () => {
  test("reach each other over IPv6, and all of a group", async () => {
    await using underlay = await Underlay.open(3);
    const hosts = [A, B, C];
    const at = (n: number) => `${hosts[n]?.node}@[2001:db8:4789::${n + 1}]`;
    const running = await Promise.all(
      hosts.map(({ node }, n) => {
        const peers = [0, 1, 2].filter((other) => other !== n).flatMap((other) => ["--peer", at(other)]);
        return Host.up(node, [...KERNEL, ...peers], underlay.namespaces[n]);
      }),
    );
    const [a] = running as [Host];
    expect([B, C].map(({ sixplane }) => a.pings(sixplane))).toEqual([true, true]);
    const { stdout } = ping(a.namespace, "ff02::1%zt0", "-c", "2", "-W", "1");
    for (const own of ["fe80::de:adff:fea2:dc3", "fe80::11:22ff:fe2f:a697"]) expect(stdout).toContain(own);
    for (const host of running) await host.end("SIGTERM");
  });

  test.each([
    ["tap", "kernel"],
    ["kernel", "tap"],
  ])("with %s and %s exchange pings and a stream", async (first, second) => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, ["--datapath", first, ...PEER_B], one);
    await using _ = await Host.up(B.node, ["--datapath", second, ...PEER_A], two);
    expect(a.pings(B.sixplane)).toBe(true);
    const serve = `
      const server = require("node:net").createServer((socket) => {
        let bytes = 0;
        socket.on("data", (chunk) => { bytes += chunk.length; });
        socket.on("end", () => { socket.end(String(bytes)); server.close(); });
      });
      server.listen({ host: "${B.sixplane}", port: 7000 }, () => console.log("ready"));
    `;
    await using server = new Program((two as Namespace).words(process.execPath, "-e", serve));
    await server.says("listening", (stdout) => stdout.includes("ready"));
    const connect = `
      const socket = require("node:net").connect(7000, "${B.sixplane}", () => socket.end(Buffer.alloc(3_000_000)));
      socket.on("data", (chunk) => process.stdout.write(chunk));
    `;
    expect(a.run("timeout", "20", process.execPath, "-e", connect)).toBe("3000000");
    // The shortest datagram of IPv4, too.
    for (const [n, host] of [one, two].entries())
      runIn(host, "ip", "address", "add", `10.9.0.${n + 1}/24`, "dev", "zt0");
    const echo = `
      const socket = require("node:dgram").createSocket("udp4");
      socket.on("message", (data, { port, address }) => socket.send(data, port, address, () => socket.close()));
      socket.bind(7001, "10.9.0.2", () => console.log("ready"));
    `;
    await using echoing = new Program((two as Namespace).words(process.execPath, "-e", echo));
    await echoing.says("listening", (stdout) => stdout.includes("ready"));
    const ask = `
      const socket = require("node:dgram").createSocket("udp4");
      socket.on("message", (data) => { process.stdout.write(data); socket.close(); });
      socket.send("x", 7001, "10.9.0.2");
    `;
    expect(a.run("timeout", "20", process.execPath, "-e", ask)).toBe("x");
  });

  test("go on while the command does not run", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    await using _ = await Host.up(B.node, [...KERNEL, ...PEER_A], two);
    a.kill("SIGSTOP");
    expect(a.pings(B.sixplane)).toBe(true);
    a.kill("SIGCONT");
  });

  test("tell a container at once that there is no such node", async () => {
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    await using _ = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    using container = Namespace.open();
    const own = A.sixplane.slice(0, -1);
    (one as Namespace).connect("port", container, "eth0");
    for (const words of [`${own}a/80 dev port nodad`])
      runIn(one, "ip", "address", "add", ...words.split(" "));
    container.ip(`address add ${own}b/80 dev eth0 nodad`);
    container.ip(`route add default via ${own}a`);
    (one as Namespace).set("all/forwarding", 1);
    await until("the gateway", () => ping(container, `${own}a`, "-W", "1").status === 0);
    expect(ping(container, C.sixplane, "-W", "10").stdout).toContain("Destination unreachable: No route");
  });
});

describe("an interface", () => {
  test("that another program takes down, or changes, is put back", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, [...KERNEL, ...PEER_B], one);
    await using _ = await Host.up(B.node, [...KERNEL, ...PEER_A], two);
    for (const change of ["down", "mtu 1300", "address 02:00:00:00:00:77", "down"]) {
      const told = a.events.filter(({ event }) => event === "restored").length;
      a.run("ip", "link", "set", "zt0", ...change.split(" "));
      await until(change, () => a.events.filter(({ event }) => event === "restored").length > told);
      await until("the addresses", () => addresses(one).includes(A.sixplane));
      await until("a ping", () => a.pings(B.sixplane, "-W", "1"));
    }
    expect(addresses(one)).toContain("mtu 1450");
  });
});

describe("frames to all", () => {
  test("are withheld where that is asked for, or the peers are more than 256", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using quiet = await Host.up(A.node, [...KERNEL, ...PEER_B, "--multicast", "drop"], one);
    ping(one, "ff02::1%zt0", "-W", "0.1");
    await quiet.counts("those withheld", ({ tap }) => (tap.dropped["multicast"] ?? 0) > 0);
    expect(quiet.events.at(-1)?.fabric.sent).toBe(0);
    const peers = Array.from({ length: 257 }, (_, n) => [
      "--peer",
      `${(0x1000000000 + n).toString(16)}@198.51.${100 + (n >> 8)}.${n & 255}`,
    ]);
    await using many = await Host.up(B.node, [...KERNEL, ...peers.flat()], two);
    ping(two, "ff02::1%zt0", "-W", "0.1");
    await many.counts("those withheld", ({ tap }) => (tap.dropped["multicast"] ?? 0) > 0);
    expect(many.events.at(-1)?.fabric.sent).toBe(0);
    expect(many.stderr).toContain("sixplane: frames to all are withheld, as there are more than 256 peers\n");
  });
});

const ME = [process.execPath, COMMAND, "up", "--network", NETWORK, "--node", A.node];

describe("a host whose frames the kernel cannot carry", () => {
  const REFUSED: [reason: string, words: string[]][] = [
    ["it listens on all addresses of the machine, not on 127.0.0.1 alone", ["--listen", "127.0.0.1:4789"]],
    ["it listens on a port that is given, not on any", ["--listen", "0"]],
    ["it has no --rate", ["--rate", "10"]],
    [
      "all hosts listen on one port, and peer deadbeef01 not on 4789, but 4790",
      ["--peer", `${B.node}@127.0.0.2:4790`],
    ],
    [
      "it sends no fragments over IPv6: the way to peer deadbeef01 takes an --mtu of 65466, not of 65480",
      ["--peer", `${B.node}@[::1]`, "--mtu", "65480"],
    ],
  ];

  test.each(REFUSED)("says that %s, and takes a TAP", async (reason, words) => {
    using namespace = Namespace.open();
    await using auto = new Program(namespace.words(...ME, ...words));
    const line = await auto.says("being ready", (stdout) => stdout.includes("\n") && stdout);
    expect(line).toMatch(/, datapath tap\n$/);
    expect(auto.stderr).toContain(
      `sixplane: frames go through a TAP: the kernel's data path cannot be used: ${reason}\n`,
    );
    await auto.end("SIGTERM");
  });

  test.each(REFUSED)("ends where that is asked for: %s", async (reason, words) => {
    await using program = new Program([...ME, "--datapath", "kernel", ...words]);
    expect([await program.end(), program.stdout]).toEqual([2, ""]);
    expect(program.stderr).toBe(`sixplane: --datapath kernel: ${reason}\n`);
    expect(interfaces()).toEqual(["lo"]);
  });

  test("as its name is in use, says so", async () => {
    using namespace = Namespace.open();
    namespace.ip("tuntap add zt7 mode tap");
    await using auto = new Program(namespace.words(...ME, "--name", "zt7"));
    await auto.says("being ready", (stdout) => stdout.includes("datapath tap"));
    expect(auto.stderr).toContain("it makes an interface of its own, and zt7 is there\n");
    await auto.end("SIGTERM");
  });

  test("as another VXLAN has the port, says so, and that nobody can listen there", async () => {
    using namespace = Namespace.open();
    namespace.ip("link add other type vxlan external dstport 4789");
    namespace.ip("link set other up");
    await using auto = new Program(namespace.words(...ME));
    expect(await auto.end()).toBe(1);
    expect(auto.stderr).toContain("another interface of VXLAN has port 4789, and takes all networks there\n");
    expect(auto.stderr).toContain(
      "sixplane: cannot listen on [::]:4789: another program does, on that port\n",
    );
    expect(interfaces(namespace).sort()).toEqual(["lo", "other"]);
  });

  test("as a program has the port, ends with a TAP's reason, and leaves nothing", async () => {
    const socket = createSocket("udp6").bind(4789, "::");
    await once(socket, "listening");
    await using auto = new Program(ME);
    expect(await auto.end()).toBe(1);
    expect(auto.stderr).toContain(
      "sixplane: cannot listen on [::]:4789: another program does, on that port\n",
    );
    expect(interfaces()).toEqual(["lo"]);
    await new Promise<void>((resolve) => socket.close(resolve));
  });

  test("as its user is root of a namespace only, takes a TAP there", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await using auto = new Program(["unshare", "--user", "--map-root-user", "--net", ...ME]);
    const line = await auto.says("being ready", (stdout) => stdout.includes("\n") && stdout);
    expect(line).toMatch(/, datapath tap\n$/);
    expect(auto.stderr).toContain("that takes root of the machine: a user namespace's is not enough\n");
    await auto.end("SIGTERM");
  });
});

describe("a host", () => {
  test("whose frames the kernel can carry lets it, unasked", async () => {
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces;
    await using auto = new Program((one as Namespace).words(...ME, ...PEER_B));
    const line = await auto.says("being ready", (stdout) => stdout.includes("\n") && stdout);
    expect(line).toMatch(/^zt0 is up: .+, listening on \[::\]:4789, 1 peer, datapath kernel\n$/);
    await auto.end("SIGTERM");
    expect(auto.stdout).toMatch(/\n\d+ answered, \d+ sent to peers, \d+ received, \d+ dropped\n$/);
  });
});
