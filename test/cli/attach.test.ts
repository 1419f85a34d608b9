// Interfaces that `sixplane attach` has the kernel answer on, as ping, ip and bpftool see them.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { noBpf } from "../ebpf/twin.ts";
import { COMMAND, ended } from "../support/command.ts";
import { A, B, NETWORK, Program, ping, runIn, until, withoutDetection } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(noBpf !== undefined, noBpf);
  for (const program of ["bpftool", "ping"]) skip(!isInstalled(program), `no ${program}`);
});

interface Event {
  event: "ready" | "counters" | "end";
  name: string;
  mac: string;
  addresses: string[];
  verified: number;
  reply: number;
  pass: number;
  invalid: number;
  reasons: Record<string, number>;
  tooLong: number;
}

/** A `sixplane attach` that runs. */
class Attached extends Program {
  readonly namespace: Namespace;

  constructor(namespace: Namespace, node: string, words: string[] = [], name = "eth0") {
    super(namespace.words(process.execPath, COMMAND, "attach", name, NETWORK, node, ...words));
    this.namespace = namespace;
  }

  static async start(
    namespace: Namespace,
    node: string,
    words: string[] = [],
    name = "eth0",
  ): Promise<Attached> {
    const attached = new Attached(namespace, node, words, name);
    await attached.says("being ready", (stdout) => stdout.includes("\n"));
    return attached;
  }

  get events(): Event[] {
    const lines = this.stdout.slice(0, this.stdout.lastIndexOf("\n") + 1).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }
}

/** Two hosts with a cable between them: eth0 at both ends. */
function hosts(): [Namespace, Namespace] & Disposable {
  const one = Namespace.open();
  const other = Namespace.open();
  for (const host of [one, other]) withoutDetection(host);
  one.connect("eth0", other, "eth0");
  return Object.assign([one, other] as [Namespace, Namespace], {
    [Symbol.dispose]() {
      one.close();
      other.close();
    },
  });
}

interface Link {
  address: string;
  mtu: number;
  flags: string[];
  addr_info: { local: string; scope: string }[];
}

/** What the interface has, but for what the kernel derives by itself at its own time. */
function stateOf(host: Namespace): {
  mac: string;
  mtu: number;
  up: boolean;
  addresses: string[];
  settings: string;
} {
  const [link] = JSON.parse(host.ip("-json address show dev eth0")) as Link[];
  if (!link) throw new Error("there is no eth0");
  const settings = ["accept_ra", "autoconf", "accept_redirects", "addr_gen_mode", "disable_ipv6"].map(
    (name) => `/proc/sys/net/ipv6/conf/eth0/${name}`,
  );
  return {
    mac: link.address,
    mtu: link.mtu,
    up: link.flags.includes("UP"),
    addresses: link.addr_info.filter(({ scope }) => scope === "global").map(({ local }) => local),
    settings: runIn(host, "cat", ...(settings as [string])),
  };
}

const neighbour = (host: Namespace, address: string, name = "eth0") =>
  JSON.parse(host.ip(`-json neighbour show to ${address} dev ${name}`))[0]?.lladdr;

describe("two hosts", () => {
  test("reach each other in both modes, by what the kernel answers itself", async () => {
    using cable = hosts();
    const [one, other] = cable;
    await using a = await Attached.start(one, A.node, ["--json"]);
    await using b = await Attached.start(other, B.node, ["--json"]);
    expect(a.events[0]).toMatchObject({
      event: "ready",
      name: "eth0",
      mac: A.mac,
      addresses: [A.sixplane, A.rfc4193],
    });
    expect(a.events[0]?.verified).toBeLessThan(1_000_000);
    for (const address of [B.sixplane, B.rfc4193]) {
      expect(ping(one, address).status).toBe(0);
      expect(neighbour(one, address)).toBe(B.mac);
    }
    for (const address of [A.sixplane, A.rfc4193]) expect(ping(other, address).status).toBe(0);
    const counted = await a.says("counting", () =>
      a.events.find(({ event, reply }) => event === "counters" && reply === 2),
    );
    expect(counted.invalid).toBe(0);
    expect(counted.reasons["not-solicitation"]).toBeGreaterThan(0);
    expect(await a.end("SIGINT")).toBe(0);
    expect(a.events.at(-1)).toMatchObject({ event: "end", reply: 2 });
    expect([a.stderr, b.stderr]).toEqual(["", ""]);
  });

  test("say in words that they are ready, and what they did", async () => {
    using cable = hosts();
    await using a = await Attached.start(cable[0], A.node);
    expect(a.stdout).toBe(`the kernel answers on eth0: ${A.sixplane}, ${A.rfc4193}, MAC ${A.mac}\n`);
    ping(cable[0], B.sixplane, "-W", "0.2");
    expect(await a.end("SIGTERM")).toBe(0);
    expect(a.stdout.split("\n")[1]).toMatch(/^1 answered, \d+ passed on, 0 dropped as invalid$/);
  });
});

test("hosts on a VXLAN of the kernel's reach each other", async () => {
  using cable = hosts();
  const over = [...cable].map((host, n) => {
    host.ip(`address add 192.0.2.${1 + n}/24 dev eth0`);
    host.ip(`link add vxlan0 type vxlan id 42 dstport 4789 local 192.0.2.${1 + n} remote 192.0.2.${2 - n}`);
    host.ip("link set vxlan0 up");
    return host;
  }) as [Namespace, Namespace];
  await using a = await Attached.start(over[0], A.node, ["--json"], "vxlan0");
  await using b = await Attached.start(over[1], B.node, [], "vxlan0");
  for (const address of [B.sixplane, B.rfc4193]) expect(ping(over[0], address).status).toBe(0);
  expect(neighbour(over[0], B.sixplane, "vxlan0")).toBe(B.mac);
  await a.says("counting", () => a.events.find(({ event, reply }) => event === "counters" && reply === 2));
  expect(b.isOver).toBe(false);
});

describe("the interface", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)("is as before after %s", async (signal) => {
    using cable = hosts();
    const [host] = cable;
    runIn(host, "ip", "address", "add", "2001:db8::5/64", "dev", "eth0");
    const before = stateOf(host);
    await using attached = await Attached.start(host, A.node);
    expect(stateOf(host)).toMatchObject({ mac: A.mac, up: true });
    expect(stateOf(host).addresses).toEqual(expect.arrayContaining([A.sixplane, A.rfc4193, "2001:db8::5"]));
    attached.kill(signal);
    await attached.end();
    await until("the interface is put back", () => JSON.stringify(stateOf(host)) === JSON.stringify(before));
    host.ip(`route add ${B.sixplane}/128 dev eth0`);
    expect(ping(host, B.sixplane, "-W", "0.2").status).toBe(1); // asked for, and not answered any more
    expect(neighbour(host, B.sixplane)).toBeUndefined();
  });

  test("is as before where the command ends while other hosts are asked for the addresses", async () => {
    using host = Namespace.open();
    host.ip("link add eth0 type veth peer name far");
    for (const name of ["far", "eth0"]) host.ip(`link set ${name} up`);
    const before = stateOf(host);
    await using attached = new Attached(host, A.node);
    await until("the addresses", () => stateOf(host).addresses.includes(A.sixplane));
    expect(await attached.end("SIGTERM")).toBe(0);
    expect([attached.stdout, attached.stderr]).toEqual(["", ""]);
    expect(stateOf(host)).toEqual(before);
  });

  test("has an address of another host: the command says so, and puts it back", async () => {
    using host = Namespace.open();
    host.ip("link add eth0 type veth peer name far");
    for (const name of ["far", "eth0"]) host.ip(`link set ${name} up`);
    host.ip(`address add ${A.sixplane}/128 dev far nodad`);
    const before = stateOf(host);
    await using attached = new Attached(host, A.node);
    expect(await attached.end()).toBe(1);
    expect(attached.stderr).toBe(`sixplane: another host of the network uses ${A.sixplane}\n`);
    expect(stateOf(host)).toEqual(before);
  });

  test("keeps its MAC and addresses with --no-setup, and is answered on", async () => {
    using cable = hosts();
    const [host] = cable;
    host.ip(`address add ${A.sixplane}/40 dev eth0`);
    const before = stateOf(host);
    await using attached = await Attached.start(host, A.node, ["--no-setup"]);
    expect(attached.stdout).toBe("the kernel answers on eth0\n");
    expect(stateOf(host)).toEqual(before);
    ping(host, B.sixplane, "-W", "0.2");
    expect(neighbour(host, B.sixplane)).toBe(B.mac);
    await attached.end("SIGINT");
    expect(stateOf(host)).toEqual(before);
  });

  test("has addresses and answers in the modes asked for", async () => {
    using cable = hosts();
    const [host] = cable;
    await using attached = await Attached.start(host, A.node, ["--modes", "rfc4193"]);
    expect(stateOf(host).addresses).toEqual([A.rfc4193]);
    ping(host, B.rfc4193, "-W", "0.2");
    expect(neighbour(host, B.rfc4193)).toBe(B.mac);
    expect(attached.isOver).toBe(false);
  });

  test("cannot be put back without the process that does it: its end is an error", async () => {
    using cable = hosts();
    await using attached = await Attached.start(cable[0], A.node);
    const { pid } = attached.child;
    const guard = await until("the other process", () =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim(),
    );
    process.kill(Number(guard), "SIGKILL");
    expect(await attached.end()).toBe(1);
    expect(attached.stderr).toBe("sixplane: the process that puts the interface back has ended\n");
  });

  test("that is removed ends the command, which says so", async () => {
    using cable = hosts();
    await using attached = await Attached.start(cable[0], A.node);
    cable[0].ip("link del eth0");
    expect(await attached.end()).toBe(1);
    expect(attached.stderr).toBe("sixplane: the interface eth0 is gone\n");
  });
});

describe("attach refuses", () => {
  const attach = (namespace: Namespace, ...words: string[]) => {
    const all = namespace.words(process.execPath, COMMAND, "attach", ...words);
    const { status, stderr } = spawnSync(all[0], all.slice(1), { encoding: "utf8" });
    return [status, stderr];
  };

  test.each([
    [["zt9", NETWORK, A.node], 'interface must be one that is there, got "zt9" (3)'],
    [["lo", NETWORK, A.node], 'interface must be one that carries Ethernet frames, got "lo" (2)'],
    [
      ["a-name-of-16-char", NETWORK, A.node],
      'interface must be the name of one, 1 to 15 bytes, got "a-name-of-16-char" (17)',
    ],
    [[NETWORK, A.node], 'interface must be the name of one, 1 to 15 bytes, got "" (0)'],
    [["eth0", NETWORK], "give a node address, or --zerotier to take it from ZeroTier's folder"],
    [["eth0", NETWORK, A.node, "--modes", "4"], 'mode must be 6plane or rfc4193, got "4" (1)'],
  ])("%j", (words, message) => {
    using host = Namespace.open();
    const [status, stderr] = attach(host, ...words);
    expect([status, `${stderr}`.startsWith(`sixplane: ${message}`) || stderr]).toEqual([2, true]);
  });

  test("a user who is root in a namespace only", async () => {
    const script = 'ip link add eth0 type veth peer name far && exec "$@"';
    const words = [
      "-Urn",
      "sh",
      "-c",
      script,
      "sh",
      process.execPath,
      COMMAND,
      "attach",
      "eth0",
      NETWORK,
      A.node,
    ];
    expect(await ended(spawn("unshare", words))).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "sixplane: cannot make the map memory: that takes root of the machine: a user namespace's is not enough\n",
    });
  });
});
