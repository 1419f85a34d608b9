// Machines of systemd-nspawn, whose systemd and systemd-networkd boot, on hosts that sixplane up connects.
import { readFileSync } from "node:fs";
import { Address6 } from "ip-address";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { A, B, Host, NETWORK, Program, runIn, Underlay, until, withoutDetection } from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";
import { runPage } from "./page.ts";

const NETWORKD = "/lib/systemd/systemd-networkd";
const SYSCTL = "/lib/systemd/systemd-sysctl";
const UNIT = "/lib/systemd/system/systemd-nspawn@.service";

/** By Python: int.from_bytes(sha256(b"web").digest()[:8], "big") % (2**48 - 2**33) + 2**33, as the last 48 bits. */
const IN_A = "fc9c:56c2:e389:e92c:eee5:eeb4:eb2f:42b9";
const IN_B = "fc9c:56c2:e3de:adbe:ef01:eeb4:eb2f:42b9";

/** A directory tree of a Debian in memory, which has this machine's programs, and its own systemd-networkd enabled. */
const TREE = `
  mount -t tmpfs none /var/lib/machines
  tree=/var/lib/machines/web
  wants=$tree/etc/systemd/system/multi-user.target.wants
  mkdir -p $wants $tree/usr $tree/var $tree/tmp
  mount --bind -o ro /usr $tree/usr
  for name in bin sbin lib lib64; do ln -s usr/$name $tree/$name; done
  cp /etc/passwd /etc/group /etc/os-release $tree/etc
  echo 0123456789abcdef0123456789abcdef > $tree/etc/machine-id
  ln -s /lib/systemd/system/systemd-networkd.service $wants`;

/**
 * What machinectl has systemd start, but for users of the machine's own: a tree with a mount in it cannot have them. There is no
 * systemd here that could register it.
 */
const START = `$(sed -n 's/ -U / /; s/%i/web/; s/^ExecStart=//p' ${UNIT}) --register=no`;

beforeEach(({ skip }) => {
  for (const program of ["systemd-nspawn", NETWORKD, SYSCTL, "ping"])
    skip(!isInstalled(program), `no ${program}`);
});

async function write(node: string, ...words: string[]): Promise<string> {
  const host = ["--network", NETWORK, "--node", node, "--machine", "web"];
  const { status, stdout, stderr } = await sixplane(["config", "nspawn", ...host, ...words]);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sixplane config nspawn", () => {
  test("says in comments what the values are", async () => {
    for (const file of ["machine.nspawn", "machine.network", "port.network"]) {
      const lines = (await write(A.node, "--file", file)).trimEnd().split("\n");
      expect(lines[0]).toMatch(/^# written by sixplane config nspawn, checksum /);
      const comments = lines.filter((line) => line.startsWith("# ")).join("\n");
      const keys = lines.map((line) => /^(\w+)=/.exec(line)?.[1]).filter((key) => key !== undefined);
      expect(keys).not.toEqual([]);
      for (const key of keys)
        if (key !== "RequiredForOnline") expect(comments).toMatch(new RegExp(`(^# |, )${key}[ :]`, "m"));
    }
  });

  test("puts the machine on the bridge of networkd, or of its sub-prefix, or the one that is told", async () => {
    for (const [words, bridge] of [
      [[], "br-sixplane"],
      [["--subnet", "web"], "br-web"],
      [["--bridge", "lan0"], "lan0"],
    ] as const) {
      expect(await write(A.node, "--file", "machine.nspawn", ...words)).toContain(`\nBridge=${bridge}\n`);
    }
  });

  test.each([
    [[], IN_A, "fc9c:56c2:e389:e92c:eee5::/80", A.sixplane],
    [
      ["--subnet", "web"],
      undefined,
      "fc9c:56c2:e389:e92c:eee5:d3eb::/96",
      "fc9c:56c2:e389:e92c:eee5:d3eb:0:1",
    ],
    [
      ["--subnet", "web", "--subnet-length", "112"],
      undefined,
      "fc9c:56c2:e389:e92c:eee5:8571:8571:0/112",
      undefined,
    ],
  ])(
    "gives it an address by its name, and the bridge's as its gateway: %j",
    async (words, own, prefix, router) => {
      const text = await write(A.node, "--file", "machine.network", ...words);
      const [, address = "", length] = /^Address=(.*)\/(\d+)$/m.exec(text) ?? [];
      const [, gateway = ""] = /^Gateway=(.*)$/m.exec(text) ?? [];
      if (own) expect(address).toBe(own);
      if (router) expect([gateway, `/${length}`]).toEqual([router, prefix.slice(prefix.indexOf("/"))]);
      const within = new Address6(`${gateway}/${length}`);
      const number = (one: string) => new Address6(one).bigInt() - within.startAddress().bigInt();
      expect([new Address6(address).isInSubnet(within), number(gateway)]).toEqual([true, 1n]);
      expect(number(address) > 1n).toBe(true);
      expect(await write(A.node, "--file", "machine.network", ...words)).toBe(text);
    },
  );

  const NAME = "machine must be up to 12 letters, digits and hyphens, no hyphen first or last, got";
  test.each([
    [["--machine", ""], `${NAME} "" (0)`],
    [["--machine", "a/b"], `${NAME} "a/b" (3)`],
    [["--machine", "web-"], `${NAME} "web-" (4)`],
    [["--machine", "thirteen-long"], `${NAME} "thirteen-long" (13)`],
    [["--machine", "web", "--mtu", "1279"], 'MTU must be a whole number from 1280 to 10000, got "1279" (4)'],
    [["--machine", "web", "--subnet", "a", "--subnet", "b"], "nspawn takes one --subnet, not 2"],
    [
      ["--machine", "web", "--subnet", "web", "--subnet-length", "113"],
      expect.stringMatching(
        /^nspawn takes sub-prefixes up to \/112, as \S+\/113 has few addresses to choose from/,
      ),
    ],
    [[], "required option '--machine <name>' not specified"],
  ])("is refused with %j", async (words, sentence) => {
    const host = ["--network", NETWORK, "--node", A.node];
    const { status, stdout, stderr } = await sixplane(["config", "nspawn", ...host, ...words]);
    expect([status, stdout, stderr.replace(/^sixplane: |\n$/g, "")]).toEqual([2, "", sentence]);
  });
});

describe("machines on two hosts, by what sixplane prints alone,", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "machines take root");
  });

  test("reach each other, with packets as large as the network takes", async () => {
    using files = folder();
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces as [Namespace, Namespace];
    const up = (node: string, peer: string, host: Namespace) =>
      Host.up(node, ["--peer", peer, "--mtu", "2800"], host); // that of ZeroTier
    await using _a = await up(A.node, `${B.node}@192.0.2.2`, one);
    await using _b = await up(B.node, `${A.node}@192.0.2.1`, two);
    await using onA = await Machine.start(one, A.node, files);
    await using onB = await Machine.start(two, B.node, files);
    for (const [machine, far, router] of [
      [onA, IN_B, A.sixplane],
      [onB, IN_A, B.sixplane],
    ] as const) {
      await until("an answer", () => machine.pings(far));
      expect(machine.pings(far, "-M", "do", "-s", "2752")).toBe(true);
      expect(machine.pings(router)).toBe(true);
      expect(machine.complaints).toEqual([]);
    }
  }, 60_000);
});

test("the page's commands do what it shows", (context) => {
  const setup = `
    ${TREE}
    ip link set lo up
    systemctl() {
      install -d -o systemd-network -g systemd-network /run/systemd/netif
      unshare --mount sh -c 'mount -t sysfs -o ro sysfs /sys && exec ${NETWORKD}' >> /run/log 2>&1 &
      ${SYSCTL} --strict /etc/sysctl.d/50-sixplane.conf
      timeout 15 sh -c 'until ip address show dev br-sixplane | grep -q fc; do sleep 0.05; done' 2> /dev/null
    }
    machinectl() {
      ${START} > /run/machine 2>&1 < /dev/null &
      timeout 20 sh -c 'until ping -c 1 ${IN_A}; do sleep 0.1; done' > /dev/null 2>&1 || cat /run/log /run/machine >&2
    }`;
  runPage("nspawn", context, setup);
});

/** A machine that runs, on a host with a systemd-networkd. */
class Machine implements AsyncDisposable {
  readonly #networkd: Program;
  readonly #nspawn: Program;

  private constructor(networkd: Program, nspawn: Program) {
    this.#networkd = networkd;
    this.#nspawn = nspawn;
  }

  static async start(host: Namespace, node: string, files: { path(name: string): string }): Promise<Machine> {
    const etc = files.path(`etc-${node}`);
    for (const words of [["networkd"], ["nspawn", "--machine", "web"]]) {
      const all = ["config", ...words, "--network", NETWORK, "--node", node, "-o", `${etc}/`];
      const { status, stderr } = await sixplane(all);
      expect([status, stderr]).toEqual([0, ""]);
    }
    withoutDetection(host);
    runIn(host, SYSCTL, "--strict", `${etc}/sysctl.d/50-sixplane.conf`);
    const inMemory = `
      mount -t tmpfs none /run
      cp -a /etc /run/etc
      cp -r "$0/." /run/etc
      mount --bind /run/etc /etc`;
    const contained = (script: string) =>
      new Program(host.words("unshare", "--mount", "sh", "-ec", `${inMemory}\n${script}`, etc));
    const networkd = contained(`
      mount -t sysfs -o ro sysfs /sys # by which it knows that there is no udev to wait for
      install -d -o systemd-network -g systemd-network /run/systemd/netif
      exec ${NETWORKD}`);
    const machine = new Machine(networkd, contained(`${TREE}\nexec ${START} < /dev/null`));
    try {
      await until("the machine's interface", () => machine.#configured(host));
    } catch (error) {
      const { stdout, stderr } = machine.#nspawn;
      await machine[Symbol.asyncDispose]();
      throw new Error(`${networkd.stderr}${stdout}${stderr}`, { cause: error });
    }
    return machine;
  }

  #configured(host: Namespace): boolean {
    const [link] = JSON.parse(runIn(host, "ip", "-json", "link", "show", "type", "veth")).filter(
      ({ ifname }: { ifname?: string }) => ifname === "vb-web",
    );
    return link?.operstate === "UP" && link.mtu === 2800;
  }

  /** The process 1 of the machine. */
  get #leader(): string {
    const { pid } = this.#nspawn.child;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  }

  /** Whether the machine gets an answer. */
  pings(address: string, ...words: string[]): boolean {
    const ping = ["-n", "-c", "1", "-W", "1", ...words, address];
    try {
      runIn(undefined, "nsenter", "--net", "--target", this.#leader, "ping", ...ping);
      return true;
    } catch {
      return false;
    }
  }

  /** What networkd of the host says of its files. */
  get complaints(): string[] {
    return this.#networkd.stderr.split("\n").filter((line) => /^\/etc\/.*: /.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nspawn[Symbol.asyncDispose]();
    await this.#networkd[Symbol.asyncDispose]();
  }
}
