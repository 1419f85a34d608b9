// Containers that the CNI plugins connect, on hosts that sixplane up connects.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { Address6 } from "ip-address";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { diagnose, inShell, zerotierInterface } from "../support/doctor.ts";
import {
  A,
  B,
  captureUnderlay,
  framesBetweenHosts,
  Host,
  interfaces,
  NETWORK,
  ping,
  runIn,
  Underlay,
  withoutDetection,
} from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService } from "../support/zerotier.ts";
import { commandsOfTarget, runPage } from "./page.ts";

const PLUGINS = "/usr/lib/cni";

/** A list of plugins, as far as a runtime reads it. */
interface List {
  cniVersion: string;
  name: string;
  comment: string[];
  plugins: { type: string; bridge: string; ipam: { ranges: [[{ subnet: string; gateway: string }]] } }[];
}

/** What plugins say of a container: the addresses, each with its prefix length. */
interface Result {
  ips: { address: string; gateway: string }[];
}

const HOST_A = ["--network", NETWORK, "--node", A.node];

async function listOf(...words: string[]): Promise<List> {
  const { status, stdout, stderr } = await sixplane(["config", "cni", ...words]);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("sixplane config cni", () => {
  test("prints a list of plugins for the whole /80, and says what its values are", async () => {
    const { comment, ...list } = await listOf(...HOST_A);
    expect(list).toEqual({
      cniVersion: "1.0.0",
      name: "sixplane",
      plugins: [
        {
          type: "bridge",
          bridge: "cni-sixplane",
          isDefaultGateway: true,
          ipMasq: false,
          hairpinMode: true,
          mtu: 2800,
          ipam: {
            type: "host-local",
            ranges: [[{ subnet: "fc9c:56c2:e389:e92c:eee5::/80", gateway: "fc9c:56c2:e389:e92c:eee5::1" }]],
          },
        },
      ],
    });
    expect(comment[0]).toMatch(/^written by sixplane config cni, checksum /);
    for (const key of ["name", "bridge", "subnet", "gateway", "mtu", "ipMasq", "hairpinMode"])
      expect(comment.filter((line) => line.startsWith(key))).toHaveLength(1);
  });

  test("names the network and its bridge by a sub-prefix, or the bridge as it is told", async () => {
    const { name, plugins } = await listOf(...HOST_A, "--subnet", "web");
    expect([name, plugins[0]?.bridge]).toEqual(["web", "cni-web"]);
    expect(plugins[0]?.ipam.ranges).toEqual([
      [{ subnet: "fc9c:56c2:e389:e92c:eee5:d3eb::/96", gateway: "fc9c:56c2:e389:e92c:eee5:d3eb:0:1" }],
    ]);
    const told = await listOf(...HOST_A, "--subnet", "frontend.of.all", "--bridge", "cni.front_end-1");
    expect([told.name, told.plugins[0]?.bridge]).toEqual(["frontend.of.all", "cni.front_end-1"]);
  });

  const EXPECTED =
    "bridge name must be up to 15 letters, digits, dots, hyphens and underscores, with a letter or digit first, and not all or default, got";

  test.each([
    ...["", "-br", "br 0", "br/0", "ü", "b".repeat(16)].map((name): [string[], string] => [
      [`--bridge=${name}`],
      `${EXPECTED} "${name}" (${name.length})`,
    ]),
    [["--bridge", "all"], `${EXPECTED} "all" (3)`],
    [["--subnet", "front.of.all"], `${EXPECTED} "cni-front.of.all" (16)`],
    [["--subnet", "web", "--subnet", "db"], "cni takes one --subnet, not 2"],
    [
      ["--subnet", "web", "--subnet-length", "127"],
      "cni takes sub-prefixes up to /126, as fc9c:56c2:e389:e92c:eee5:dd69:d65e:8572/127 has no address for a container",
    ],
  ])("is refused with %j", async (words, sentence) => {
    const refusal = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane(["config", "cni", ...HOST_A, ...words])).toEqual(refusal);
  });
});

describe("the plugins", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "the plugins take root, as what they write down is in /var/lib");
    for (const program of [
      "ip6tables",
      "ping",
      "tcpdump",
      "tshark",
      `${PLUGINS}/bridge`,
      `${PLUGINS}/host-local`,
    ])
      skip(!isInstalled(program), `no ${program}`);
  });

  test.each([
    ["the host's /80", [], "fc9c:56c2:e389:e92c:eee5::/80", "fc9c:56c2:e3de:adbe:ef01::/80"],
    [
      "a sub-prefix",
      ["--subnet", "web"],
      "fc9c:56c2:e389:e92c:eee5:d3eb::/96",
      "fc9c:56c2:e3de:adbe:ef01:d3eb::/96",
    ],
  ])(
    "give containers on two hosts addresses of %s, by which they reach each other",
    async (_, words, ofA, ofB) => {
      await using underlay = await Underlay.open(2);
      const [one, two] = underlay.namespaces as [Namespace, Namespace];
      await using capture = await captureUnderlay();
      const mtu = ["--mtu", "2800"]; // that of ZeroTier
      await using a = await Host.up(A.node, ["--peer", `${B.node}@192.0.2.2`, ...mtu], one);
      await using b = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`, ...mtu], two);
      using runtimeA = new Runtime(one, await listOf("--network", NETWORK, "--node", A.node, ...words));
      using runtimeB = new Runtime(two, await listOf("--network", NETWORK, "--node", B.node, ...words));
      using onA = Container.open(runtimeA);
      using alsoOnA = Container.open(runtimeA);
      using onB = Container.open(runtimeB);

      const containers = [onA, alsoOnA, onB];
      for (const { address, prefix } of containers) {
        const own = new Address6(address);
        expect(own.isInSubnet(new Address6(prefix))).toBe(true);
      }
      expect(containers.map(({ prefix }) => prefix)).toEqual([ofA, ofA, ofB]);
      const addresses = [...containers.map(({ address }) => address), A.sixplane, B.sixplane];
      expect(new Set(addresses).size).toBe(addresses.length);
      for (const container of containers)
        for (const address of addresses) expect(container.pings(address), address).toBe(true);
      // The largest packet that goes from container to container.
      expect(onA.pings(onB.address, "-M", "do", "-s", "2752")).toBe(true);
      for (const host of [a, b]) for (const { address } of containers) expect(host.pings(address)).toBe(true);

      const frames = await framesBetweenHosts(capture, ["eth.src", "ipv6.src", "ipv6.dst", "icmpv6.type"]);
      const types = frames.flatMap((frame) => frame["icmpv6.type"]);
      expect(types).not.toContain("135");
      // Nothing stands for the containers: they are seen under their own addresses.
      const pairs = frames.map((frame) => `${frame["ipv6.src"]} ${frame["ipv6.dst"]}`);
      for (const near of [onA, alsoOnA]) {
        expect(pairs).toContain(`${near.address} ${onB.address}`);
        expect(pairs).toContain(`${onB.address} ${near.address}`);
      }

      expect(runtimeA.addresses).toEqual([onA.address, alsoOnA.address].sort());
      onA.remove();
      expect(runtimeA.addresses).toEqual([alsoOnA.address]);
      expect(interfaces(onA.namespace)).toEqual(["lo"]);
      expect(b.pings(onA.address, "-W", "0.5")).toBe(false);
      alsoOnA.remove();
      expect(runtimeA.addresses).toEqual([]);
    },
    30_000,
  );

  test("make a host that the doctor finds right, with the two routes of the page", async () => {
    const { portDeviceName } = EARTH;
    zerotierInterface(portDeviceName, A.mac, `${A.sixplane}/40`);
    await using zerotier = await startService(answers(STATUS, [EARTH]));
    using runtime = new Runtime(Namespace.own(), await listOf("--zerotier", zerotier.folder));
    using _container = Container.open(runtime);
    const look = async () => (await diagnose("--zerotier", zerotier.folder)).findings;
    inShell("ip link add eth0 type veth peer name router", "ip link set router up", "ip link set eth0 up");
    inShell("ip -6 address add 2001:db8::2/64 dev eth0 nodad", "ip -6 route add default via 2001:db8::1");
    expect((await look()).map(({ check }) => check)).toEqual(["leak"]); // the bridge has the whole /80
    const routes = commandsOfTarget("cni").filter(({ command }) => command.startsWith("ip -6 route add "));
    expect(routes).toHaveLength(2);
    inShell(...routes.map(({ command }) => command));
    expect(await look()).toEqual([]);
    for (const name of [portDeviceName, "eth0", "cni-sixplane"]) run("ip", "link", "delete", name);
  });

  test("let a container reach itself by the address of a service", async () => {
    using host = Namespace.open();
    using runtime = new Runtime(host, await listOf(...HOST_A));
    using container = Container.open(runtime);
    const service = "fd00::1";
    const nat = (...words: string[]) => runIn(host, "ip6tables", "-t", "nat", "-A", ...words);
    nat("PREROUTING", "-d", service, "-j", "DNAT", "--to-destination", container.address);
    nat("POSTROUTING", "-d", container.address, "-j", "MASQUERADE"); // as kube-proxy does
    expect(container.pings(service)).toBe(true);
  });

  test("have addresses for two containers in a /126, and in a /127 for none", async () => {
    using host = Namespace.open();
    const list = await listOf(...HOST_A, "--subnet", "web", "--subnet-length", "126");
    using runtime = new Runtime(host, list);
    using one = Container.open(runtime);
    using other = Container.open(runtime);
    expect([one.pings(other.address), other.pings(one.address)]).toEqual([true, true]);
    expect(() => Container.open(runtime)).toThrow("no IP addresses available in range set");
    const shorter: List = JSON.parse(JSON.stringify(list).replaceAll("/126", "/127"));
    using none = new Runtime(host, { ...shorter, name: "none" });
    expect(() => Container.open(none)).toThrow("too small to allocate from");
  });
});

test("the page's commands do what it shows", (context) => {
  for (const program of ["busybox", "containerd", "crun", "ctr", "ip", "podman", `${PLUGINS}/bridge`])
    context.skip(!isInstalled(program), `no ${program}`);
  const setup = `
    mount -t tmpfs none /var/lib
    mkdir -p rootfs/bin
    cp "$(command -v busybox)" rootfs/bin
    for name in ip ping; do ln -s busybox rootfs/bin/$name; done
    podman() { # crun takes no mixture of old and new control groups, which some machines have
      unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec podman "$@"' podman "$@"
    }
    mkdir -p /etc/containers
    printf '[containers]\\ncgroups = "disabled"\\n[engine]\\nruntime = "crun"\\n' > /etc/containers/containers.conf
    printf '[storage]\\ndriver = "vfs"\\nrunroot = "/run/containers"\\ngraphroot = "/run/images"\\n' > /etc/containers/storage.conf
    tar -C rootfs -c . | podman import --quiet - busybox > /run/import 2>&1 || { cat /run/import >&2; false; }
    true > /run/log
    containerd >> /run/log 2>&1 &
    tail -f -s 0.05 --pid=$! /run/log | grep -q "containerd successfully booted" || { cat /run/log >&2; false; }`;
  runPage("cni", context, setup);
});

/** What a container runtime does with a list (CNI specification 1.0.0, §3 and §4), on one host. */
class Runtime {
  readonly host: Namespace;
  readonly list: List;
  /** Stands in for /var/lib, where the plugins write down who has which address. */
  readonly #files = folder();

  constructor(host: Namespace, list: List) {
    this.host = host;
    this.list = list;
    withoutDetection(host);
  }

  /** The addresses that are taken. */
  get addresses(): string[] {
    const names = readdirSync(this.#files.path(`cni/networks/${this.list.name}`));
    return names.filter((name) => name.includes(":")).sort();
  }

  add(container: Namespace): Result {
    const { plugins } = this.list;
    let result: Result | undefined;
    for (const plugin of plugins) result = JSON.parse(this.#run("ADD", container, plugin, result));
    return result as Result;
  }

  remove(container: Namespace, result: Result): void {
    for (const plugin of [...this.list.plugins].reverse()) this.#run("DEL", container, plugin, result);
  }

  /**
   * What the plugin prints.
   *
   * @throws Error with what it says is wrong
   */
  #run(command: string, container: Namespace, plugin: List["plugins"][0], prevResult?: Result): string {
    const { cniVersion, name } = this.list;
    const env = {
      ...process.env,
      CNI_COMMAND: command,
      CNI_CONTAINERID: `container-${basename(container.path)}`,
      CNI_NETNS: container.path,
      CNI_IFNAME: "eth0",
      CNI_PATH: PLUGINS,
    };
    const script = 'mount --bind "$0" /var/lib && exec "$1"';
    const own = ["unshare", "--mount", "sh", "-c", script, this.#files.path(""), `${PLUGINS}/${plugin.type}`];
    const [program, ...words] = this.host.words(...own);
    const input = JSON.stringify({ ...plugin, cniVersion, name, prevResult });
    const { status, stdout, stderr } = spawnSync(program, words, { env, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command}: ${stdout}${stderr}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}

/** A namespace that a runtime has given an interface. */
class Container implements Disposable {
  readonly namespace: Namespace;
  readonly address: string;
  readonly prefix: string;
  readonly #runtime: Runtime;
  readonly #result: Result;

  private constructor(runtime: Runtime, namespace: Namespace, result: Result) {
    const [{ address } = { address: "" }] = result.ips;
    this.#runtime = runtime;
    this.#result = result;
    this.namespace = namespace;
    this.address = address.replace(/\/.*/, "");
    const own = new Address6(address);
    this.prefix = `${own.startAddress().correctForm()}/${own.subnetMask}`;
  }

  static open(runtime: Runtime): Container {
    const namespace = Namespace.open();
    try {
      return new Container(runtime, namespace, runtime.add(namespace));
    } catch (error) {
      namespace.close();
      throw error;
    }
  }

  remove(): void {
    this.#runtime.remove(this.namespace, this.#result);
  }

  pings(address: string, ...words: string[]): boolean {
    return ping(this.namespace, address, ...words).status === 0;
  }

  [Symbol.dispose](): void {
    this.namespace.close();
  }
}
