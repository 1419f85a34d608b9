// What systemd-networkd makes of its files, without a systemd, in namespaces of its own.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import {
  A,
  B,
  C,
  captureUnderlay,
  framesBetweenHosts,
  Host,
  NETWORK,
  Program,
  ping,
  runIn,
  Underlay,
  until,
  withoutDetection,
} from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";
import { connects } from "./container.ts";
import { runPage } from "./page.ts";

const NETWORKD = "/lib/systemd/systemd-networkd";
const SYSCTL = "/lib/systemd/systemd-sysctl";
const FILES = ["interface.network", "loopback.network", "bridge.netdev", "bridge.network"];
const PREFIX = "fc9c:56c2:e389:e92c:eee5::/80";

async function write(file: string, node: string, ...words: string[]): Promise<string> {
  const host = ["--network", NETWORK, "--node", node, "--file", file];
  const { status, stdout, stderr } = await sixplane(["config", "networkd", ...host, ...words]);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sixplane config networkd", () => {
  test("says in comments what the values are", async () => {
    for (const file of [...FILES, "sysctl.conf"]) {
      const lines = (await write(file, A.node)).trimEnd().split("\n");
      expect(lines[0]).toMatch(/^# written by sixplane config networkd, checksum /);
      const comments = lines.filter((line) => line.startsWith("# "));
      const keys = lines.map((line) => /^([\w.]+) ?=/.exec(line)?.[1]).filter((key) => key !== undefined);
      expect(keys).not.toEqual([]);
      for (const key of keys)
        expect(comments.filter((comment) => comment.startsWith(`# ${key} `))).toHaveLength(1);
    }
  });

  test("gives the bridge the name that it is told, or that of a sub-prefix", async () => {
    for (const [words, name] of [
      [[], "br-sixplane"],
      [["--subnet", "web"], "br-web"],
      [["--subnet", "web", "--bridge", "lan0"], "lan0"],
    ] as const)
      for (const file of ["bridge.netdev", "bridge.network"])
        expect(await write(file, A.node, ...words)).toContain(`\nName=${name}\n`);
  });

  test.each([
    [
      ["--file", "zt0.link"],
      "option '--file <name>' argument 'zt0.link' is invalid. Allowed choices are interface.network, loopback.network, bridge.netdev, bridge.network, sysctl.conf.",
    ],
    [
      ["--file", "bridge.netdev", "--bridge", "b".repeat(16)],
      `bridge name must be up to 15 letters, digits, dots, hyphens and underscores, with a letter or digit first, and not all or default, got "${"b".repeat(16)}" (16)`,
    ],
    [["--file", "bridge.netdev", "--subnet", "web", "--subnet", "db"], "networkd takes one --subnet, not 2"],
    [["--mtu", "1279"], 'MTU must be a whole number from 1280 to 10000, got "1279" (4)'],
    [["--uplink", "all"], 'uplink must be one interface, got "all" (3)'],
    [
      ["--uplink", "eth*"],
      'interface must be up to 15 letters, digits, dots, hyphens and underscores, got "eth*" (4)',
    ],
  ])("is refused with %j", async (words, sentence) => {
    const refusal = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    const host = ["--network", NETWORK, "--node", A.node];
    expect(await sixplane(["config", "networkd", ...host, ...words])).toEqual(refusal);
  });
});

describe("sixplane config networkd with a list of nodes", () => {
  const LIST = `${A.node} web\n${B.node}\n${C.node} db\n${B.node} www\n`;
  const options = ["config", "networkd", "--network", NETWORK, "--node", A.node, "--nodes", "-"];

  test("has one route to each peer by its address, and none to itself", async () => {
    const { stdout } = await sixplane([...options, "--file", "interface.network"], LIST);
    const [, ...routes] = stdout.split("[Route]\n");
    expect(routes.map((route) => route.trimEnd())).toEqual([
      "Destination=fc9c:56c2:e3de:adbe:ef01::/80\nGateway=fc9c:56c2:e3de:adbe:ef01::1\nGatewayOnLink=yes",
      "Destination=fc9c:56c2:e311:2233:4455::/80\nGateway=fc9c:56c2:e311:2233:4455::1\nGatewayOnLink=yes",
    ]);
  });

  test.each([
    [1, [8192, 16384, 32768]],
    [2049, [8192, 16384, 32768]],
    [2050, [16384, 32768, 65536]],
    [20_000, [131072, 262144, 524288]],
  ])("has room in the neighbour table for %i nodes: %j", async (count, thresholds) => {
    const node = (n: number) => (n + 1).toString(16).padStart(10, "0");
    const list = [A.node, ...Array.from({ length: count - 1 }, (_, n) => node(n))].join("\n");
    const { stdout } = await sixplane([...options, "--file", "sysctl.conf"], list);
    const found = [...stdout.matchAll(/^-net\.ipv6\.neigh\.default\.gc_thresh[123] = (\d+)$/gm)];
    expect(found.map(([, value]) => Number(value))).toEqual(thresholds);
  });
});

describe("systemd-networkd", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "systemd-networkd takes root");
    for (const program of [NETWORKD, SYSCTL, "ping", "tcpdump", "tshark"])
      skip(!isInstalled(program), `no ${program}`);
  });

  test("gives an interface its address, and the /80 to a bridge and to nobody", async () => {
    using namespace = Namespace.open();
    const ip = (...words: string[]) => runIn(namespace, "ip", ...words);
    ip("link", "add", "earth", "type", "veth", "peer", "name", "far");
    ip("link", "set", "far", "up"); // so that earth has a carrier, as a TAP in use
    ip("address", "add", "10.1.2.3/24", "dev", "earth"); // as ZeroTier does
    ip("link", "set", "earth", "up");
    ip("route", "add", "10.9.0.0/16", "via", "10.1.2.9", "dev", "earth");
    await using networkd = await Networkd.start(namespace, A.node);
    await networkd.says("earth", "unmanaged");
    ip("link", "set", "earth", "address", A.mac);
    ip("link", "set", "far", "down");
    await networkd.logs("earth: Lost carrier");
    ip("link", "set", "far", "up"); // which has it look for a file that is for the MAC
    await networkd.says("earth", "configured");
    const routes = () => JSON.parse(ip("-json", "-6", "route", "show", PREFIX));
    await until("both routes", () => routes().length === 2);

    expect(addresses(namespace, "earth")).toEqual(["10.1.2.3/24", `${A.sixplane}/40`]);
    expect(addresses(namespace, "br-sixplane")).toEqual([`${A.sixplane}/80`]);
    expect(JSON.parse(ip("-json", "-detail", "link", "show", "br-sixplane"))).toMatchObject([
      { linkinfo: { info_kind: "bridge" } },
    ]);
    expect(routes()).toMatchObject([
      { dst: PREFIX, dev: "br-sixplane", metric: 256 },
      { type: "unreachable", dst: PREFIX, metric: 4096 },
    ]);
    expect(ip("-4", "route", "show", "10.9.0.0/16")).toContain("via 10.1.2.9 dev earth");
    expect(networkd.complaints).toEqual([]);
  });

  test.each([
    ["a key", "loopback.network", "\nType=", "\nTyp=", "Unknown key 'Typ'"],
    ["a value", "loopback.network", "=unreachable", "=unreachabel", "Could not parse route type"],
    ["an address", "bridge.network", "\nAddress=f", "\nAddress=x", "Invalid address 'x"],
    ["a kind", "bridge.netdev", "=bridge", "=brigde", "Failed to parse netdev kind"],
  ])("says where %s is wrong", async (_, file, right, wrong, complaint) => {
    using namespace = Namespace.open();
    await using networkd = new Networkd(namespace);
    networkd.write(file, (await write(file, A.node)).replace(right, wrong));
    await networkd.started();
    expect(networkd.complaints[0]).toContain(complaint);
  });

  test("has systemd-sysctl set the thresholds, where the machine has them", async () => {
    using files = folder();
    const path = files.path("sysctl.conf");
    writeFileSync(path, await write("sysctl.conf", A.node));
    using namespace = Namespace.open();
    const script = `
      mount -t tmpfs none /proc/sys/net/ipv6
      cd /proc/sys/net/ipv6
      mkdir -p conf/all neigh/default
      touch conf/all/forwarding neigh/default/gc_thresh1 neigh/default/gc_thresh2 neigh/default/gc_thresh3
      ${SYSCTL} --strict "$0"
      cat neigh/default/*`;
    const values = runIn(namespace, "unshare", "--mount", "sh", "-ec", script, path);
    expect(values.split(/\s+/).filter(Boolean)).toEqual(["8192", "16384", "32768"]);
  });

  test("makes routers of two hosts that up connects", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces as [Namespace, Namespace];
    using files = folder();
    const sysctl = files.path("sysctl.conf");
    writeFileSync(sysctl, await write("sysctl.conf", A.node));
    const words = ["--subnet", "web"];
    await using networkdA = await Networkd.start(one, A.node, ...words);
    await using networkdB = await Networkd.start(two, B.node, ...words);
    for (const host of [one, two]) {
      const forwarding = () => runIn(host, "cat", "/proc/sys/net/ipv6/conf/all/forwarding").trim();
      expect(forwarding()).toBe("0");
      runIn(host, SYSCTL, "--strict", sysctl);
      expect(forwarding()).toBe("1");
    }
    await using capture = await captureUnderlay();
    await using a = await Host.up(A.node, ["--peer", `${B.node}@192.0.2.2`], one);
    await using b = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`], two);
    using onA = attach(one, "fc9c:56c2:e389:e92c:eee5:d3eb::");
    using onB = attach(two, "fc9c:56c2:e3de:adbe:ef01:d3eb::");
    for (const networkd of [networkdA, networkdB]) {
      for (const name of ["zt0", "br-web"]) await networkd.says(name, "configured");
      expect(networkd.complaints).toEqual([]);
    }
    for (const address of ["fc9c:56c2:e389:e92c:eee5:d3eb::2", A.sixplane, B.sixplane])
      expect(ping(onB, address).status, address).toBe(0);
    for (const address of ["fc9c:56c2:e3de:adbe:ef01:d3eb::2", A.sixplane, B.sixplane])
      expect(ping(onA, address).status, address).toBe(0);
    // The rest of the /80 is nobody's, and the network is not asked for it.
    for (const [host, address] of [
      [b, "fc9c:56c2:e389:e92c:eee5:1::2"],
      [a, "fc9c:56c2:e3de:adbe:ef01:1::2"],
    ] as const)
      expect(ping(host.namespace, address).stdout).toContain("Destination unreachable: No route");

    const frames = await framesBetweenHosts(capture, ["icmpv6.type"]);
    const types = frames.flatMap((frame) => frame["icmpv6.type"]);
    expect(types).toContain("128");
    // No router is asked for, and no neighbour.
    for (const solicitation of ["133", "135"]) expect(types).not.toContain(solicitation);
  });
});

describe("two hosts with a router's default route and a firewall, by what sixplane prints alone,", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "systemd-networkd takes root");
    for (const program of [NETWORKD, SYSCTL, "ping", "radvd", "rdisc6", "nft"])
      skip(!isInstalled(program), `no ${program}`);
  });

  test("keep default route, firewall and containers while the interface stops and starts", async () => {
    using files = folder();
    await using underlay = await Underlay.open(3);
    const [one, two, router] = underlay.namespaces as [Namespace, Namespace, Namespace];
    await using _radvd = await routerOnUplink(router, files);
    for (const host of [one, two]) await until("a default route", () => defaultRoute(host));
    await using networkdA = await configured(one, A.node, files, ["--uplink", "eth0"]);
    // The second host's advertisements are networkd's own business, not the kernel's.
    await using networkdB = await configured(two, B.node, files, [], {
      "eth0.network": "[Match]\nName=eth0\n[Network]\nKeepConfiguration=yes\nIPv6AcceptRA=yes\n",
    });
    expect(acceptRa(one)).toBe("2");
    await until("networkd's part", () => acceptRa(two) === "0");
    await until("networkd's default route", () => defaultRoute(two));
    for (const host of [one, two]) {
      expect(runIn(host, "cat", "/proc/sys/net/ipv6/conf/all/forwarding").trim()).toBe("1");
      expect(defaultRoute(host)).toBe(true);
      runIn(host, "ip", "-6", "route", "delete", "default");
      expect(defaultRoute(host)).toBe(false);
      runIn(host, "rdisc6", "-1", "eth0"); // the answer is obeyed, too
      await until("the default route again", () => defaultRoute(host));
    }
    const rules = [await firewall(one, A.node), await firewall(two, B.node)];
    const up = (node: string, peer: string, host: Namespace) =>
      Host.up(node, ["--peer", peer, "--mtu", "2800"], host); // that of ZeroTier
    await using a = await up(A.node, `${B.node}@192.0.2.2`, one);
    await using b = await up(B.node, `${A.node}@192.0.2.1`, two);
    using onA = attach(one, "fc9c:56c2:e389:e92c:eee5:d3eb::", 2800);
    using onB = attach(two, "fc9c:56c2:e3de:adbe:ef01:d3eb::", 2800);
    const far = "fc9c:56c2:e3de:adbe:ef01:d3eb::2";
    const near = "fc9c:56c2:e389:e92c:eee5:d3eb::2";
    for (const networkd of [networkdA, networkdB]) await networkd.says("zt0", "configured");
    const [route] = JSON.parse(runIn(one, "ip", "-json", "-6", "route", "get", far));
    expect(route).toMatchObject({ gateway: B.sixplane, dev: "zt0" });
    // 2,800 bytes are the largest packet from container to container.
    await until("an answer", () => ping(onA, far, "-M", "do", "-s", "2752").status === 0);
    expect(ping(onB, near, "-M", "do", "-s", "2752").status).toBe(0);

    expect(await a.end("SIGTERM")).toBe(0);
    expect(ping(onA, far).stdout).toContain("Destination unreachable");
    expect(ping(onA, "fc9c:56c2:e389:e92c:eee5:d3eb::1").status).toBe(0);
    expect(runIn(one, "nft", "list", "counter", "inet", "mine", "leaks")).toContain("packets 0 ");
    for (const host of [one, two]) expect(defaultRoute(host)).toBe(true);

    await using again = await up(A.node, `${B.node}@192.0.2.2`, one);
    await networkdA.says("zt0", "configured");
    await until("an answer again", () => ping(onA, far).status === 0);
    expect(ping(onB, near).status).toBe(0);
    expect(again.isOver || b.isOver).toBe(false);
    expect(connects(onB, near, 80)).toBe(false);
    for (const [n, host] of [one, two].entries()) {
      expect(defaultRoute(host)).toBe(true);
      expect(runIn(host, "nft", "-s", "list", "ruleset")).toBe(rules[n]);
    }
    for (const networkd of [networkdA, networkdB]) expect(networkd.complaints).toEqual([]);
  });
});

/** A router that offers a default route on eth0. */
async function routerOnUplink(router: Namespace, files: { path(name: string): string }): Promise<Program> {
  runIn(router, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
  const path = files.path("radvd.conf");
  writeFileSync(path, "interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; };\n");
  return new Program(router.words("radvd", "-n", "-m", "stderr", "-C", path, "-p", files.path("radvd.pid")));
}

/** A host with all files of one call, and their settings. */
async function configured(
  host: Namespace,
  node: string,
  files: { path(name: string): string },
  uplink: string[],
  others: Record<string, string> = {},
) {
  const etc = files.path(`etc-${node}`);
  const list = `${A.node}\n${B.node}\n`;
  const words = ["--network", NETWORK, "--node", node, "--subnet", "web", ...uplink, "--nodes", "-"];
  const { status, stderr } = await sixplane(["config", "networkd", ...words, "-o", `${etc}/`], list);
  expect([status, stderr]).toEqual([0, ""]);
  for (const [name, text] of Object.entries(others)) writeFileSync(`${etc}/systemd/network/${name}`, text);
  runIn(host, SYSCTL, "--strict", `${etc}/sysctl.d/50-sixplane.conf`);
  const networkd = new Networkd(host, `${etc}/systemd/network`);
  await networkd.started();
  return networkd;
}

function acceptRa(host: Namespace): string {
  return runIn(host, "cat", "/proc/sys/net/ipv6/conf/eth0/accept_ra").trim();
}

/** Whether the kernel has a default route by a router's advertisement. */
function defaultRoute(host: Namespace): boolean {
  const routes = JSON.parse(runIn(host, "ip", "-json", "-6", "route", "show", "default"));
  return routes.some(({ protocol, dev }: Record<string, string>) => protocol === "ra" && dev === "eth0");
}

/**
 * Sixplane's firewall, and one of the host's own, which lets the network and the bridge reach each other and nothing else, and
 * counts what of the network leaves by the uplink.
 */
async function firewall(host: Namespace, node: string): Promise<string> {
  const { stdout } = await sixplane(["config", "nftables", "--network", NETWORK, "--node", node]);
  const rules = `table inet mine {
    counter leaks {}
    chain out { type filter hook postrouting priority 0; oifname eth0 ip6 daddr fc9c:56c2:e300::/40 counter name leaks; }
    chain forward {
      type filter hook forward priority 0; policy drop;
      iifname { zt0, br-web } oifname { zt0, br-web } accept
    }
  }`;
  runIn(host, "sh", "-c", 'echo "$0" | nft -f -', `${stdout}${rules}`);
  return runIn(host, "nft", "-s", "list", "ruleset");
}

test("the page's commands do what it shows", (context) => {
  for (const program of [NETWORKD, SYSCTL, "ip"]) context.skip(!isInstalled(program), `no ${program}`);
  // What ZeroTier and systemd would do, but for the settings of the machine's own.
  const setup = `
    mount -t sysfs -o ro sysfs /sys
    ip link add earth address ${A.mac} type veth peer name far
    ip link set far up
    systemctl() {
      install -d -o systemd-network /run/systemd/netif
      ${NETWORKD} >> /run/log 2>&1 &
      ${SYSCTL} --strict /etc/sysctl.d/50-sixplane.conf
      timeout 15 sh -c 'until ip address show dev br-sixplane | grep -q fc && ip -6 route | grep -q unreachable
        do sleep 0.05; done' 2> /dev/null || { cat /run/log >&2; false; }
    }`;
  runPage("networkd", context, setup);
});

/** The addresses of an interface but for its link-local one. */
function addresses(namespace: Namespace, name: string): string[] {
  const [found] = JSON.parse(runIn(namespace, "ip", "-json", "address", "show", "dev", name));
  const all: { local: string; prefixlen: number }[] = found.addr_info;
  return all
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    .filter((text) => !text.startsWith("fe80:"));
}

/** A namespace with an interface on a host's bridge, and the second address of a /96 whose first is the bridge's. */
function attach(host: Namespace, prefix: string, mtu = 1500): Namespace {
  const namespace = Namespace.open();
  withoutDetection(namespace);
  const ends = ["type", "veth", "peer", "name", "eth0", "netns", namespace.path];
  runIn(host, "ip", "link", "add", "port", ...ends);
  runIn(host, "ip", "link", "set", "port", "mtu", `${mtu}`, "master", "br-web", "up");
  runIn(namespace, "ip", "link", "set", "eth0", "mtu", `${mtu}`, "up");
  runIn(namespace, "ip", "address", "add", `${prefix}2/96`, "dev", "eth0");
  runIn(namespace, "ip", "route", "add", "default", "via", `${prefix}1`);
  return namespace;
}

/** A systemd-networkd in a namespace, whose /run and /etc/systemd/network are folders of the test's. */
class Networkd implements AsyncDisposable {
  readonly #namespace: Namespace;
  readonly #files = folder();
  /** The folder that it sees as /etc/systemd/network. */
  readonly #network: string;
  #program: Program | undefined;

  constructor(namespace: Namespace, network?: string) {
    this.#namespace = namespace;
    this.#network = network ?? this.#files.path("network");
    for (const name of ["run", "network"]) mkdirSync(this.#files.path(name));
    withoutDetection(namespace);
  }

  /** Starts one that has all the files of a host. */
  static async start(namespace: Namespace, node: string, ...words: string[]): Promise<Networkd> {
    const networkd = new Networkd(namespace);
    for (const file of FILES) networkd.write(file, await write(file, node, ...words));
    try {
      await networkd.started();
    } catch (error) {
      await networkd[Symbol.asyncDispose]();
      throw error;
    }
    return networkd;
  }

  write(file: string, text: string): void {
    writeFileSync(this.#files.path(`network/50-test-${file}`), text, { mode: 0o644 });
  }

  /** Starts it, and waits until it has read the files and asked the kernel for interfaces. */
  async started(): Promise<void> {
    const script = `
      mount --bind "$0/run" /run
      mount --bind "$1" /etc/systemd/network
      mount -t sysfs -o ro sysfs /sys # by which it knows that there is no udev to wait for
      install -d -o systemd-network /run/systemd/netif
      export SYSTEMD_LOG_LEVEL=info SYSTEMD_LOG_TARGET=console
      exec ${NETWORKD}`;
    const words = ["unshare", "--mount", "sh", "-ec", script, this.#files.path(""), this.#network] as const;
    this.#program = new Program(this.#namespace.words(...words));
    await this.logs("Enumeration completed");
  }

  async logs(text: string): Promise<void> {
    await until(text, () => {
      if (this.#program?.isOver) throw new Error(`it has ended: ${this.#log}`);
      return this.#log.includes(text);
    });
  }

  get #log(): string {
    return this.#program?.stderr ?? "";
  }

  /** What it says of the files. */
  get complaints(): string[] {
    return this.#log.split("\n").filter((line) => line.startsWith("/etc/systemd/network/"));
  }

  /** Waits until it says that an interface is what its file makes it, or that it has none. */
  async says(name: string, state: "configured" | "unmanaged"): Promise<void> {
    await until(`${name} ${state}`, () => {
      const found = JSON.parse(runIn(this.#namespace, "ip", "-json", "link"));
      const link = found.find(({ ifname }: { ifname: string }) => ifname === name);
      return link && this.#state(link.ifindex).includes(`ADMIN_STATE=${state}\n`);
    });
  }

  #state(index: number): string {
    try {
      return readFileSync(this.#files.path(`run/systemd/netif/links/${index}`), "utf8");
    } catch {
      return ""; // it comes when there is something to say
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }
}
