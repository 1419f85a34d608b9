// What radvd, Kea, libvirt and LXD are asked alike, and what a host on a link gets of its router's radvd and Kea.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { Address6 } from "ip-address";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder, type Run, sixplane } from "../support/command.ts";
import { A, B, Host, NETWORK, Program, ping, runIn, Underlay, until } from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";

const LINK = "fc9c:56c2:e389:e92c:eee5:1246::/96";
const ROUTER = "fc9c:56c2:e389:e92c:eee5:1246:0:1";

const HOST = ["--network", NETWORK, "--node", A.node, "--interface", "lan0"];

const NAME = "up to 63 letters, digits, dots, hyphens and underscores";

/** The targets that are for a site, and the options that each must have. */
const TARGETS: [string, string[]][] = [
  ["radvd", HOST],
  ["kea", HOST],
  ["libvirt", HOST.slice(0, 4)],
  ["lxd", HOST.slice(0, 4)],
];

describe.each(TARGETS)("sixplane config %s", (target, host) => {
  const sentences: [string[], string][] = [
    [["--subnet", "web", "--subnet", "db"], `${target} takes one --subnet, not 2`],
    [
      ["--subnet", "web", "--subnet-length", "127"],
      'the sub-prefix "web" is a /127, which has no room for a router and a pool: make it a /126 at most',
    ],
    ...["80", "128"].map((length): [string[], string] => [
      ["--subnet", "web", "--subnet-length", length],
      `sub-prefix length must be a whole number from 81 to 127, got "${length}" (${length.length})`,
    ]),
    [["--subnet", "w b"], `sub-prefix name must be ${NAME}, with a letter or digit first, got "w b" (3)`],
  ];
  test.each(sentences)("is refused with %j", async (words, sentence) => {
    expect(await sixplane(["config", target, ...host, ...words])).toEqual(refusal(sentence));
  });

  test.each(["81", "126"])("takes a sub-prefix of /%s", async (length) => {
    const words = ["config", target, ...host, "--subnet", "web", "--subnet-length", length];
    const { status, stdout, stderr } = await sixplane(words);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      new RegExp(`sub-prefix fc9c:56c2:e389:e92c:eee5:[\\da-f:]+/${length}: .* its name, web\n`),
    );
  });

  test("warns of a node address that is reserved", async () => {
    const reserved = host.map((word) => (word === A.node ? "ff00000001" : word));
    const { status, stdout, stderr } = await sixplane(["config", target, ...reserved]);
    expect([status, stderr]).toEqual([0, "sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n"]);
    expect(stdout).toContain("fc9c:56c2:e3ff:0:1:");
  });

  test("writes a file once, and no file of somebody else's", async () => {
    using files = folder();
    const path = files.path("file");
    const written = ["config", target, ...host, "-o", path];
    const { stdout } = await sixplane(["config", target, ...host]);
    expect(await sixplane(written)).toEqual({ status: 0, stdout: `${path}: written\n`, stderr: "" });
    expect(readFileSync(path, "utf8")).toBe(stdout);
    utimesSync(path, 0, 0);
    expect(await sixplane(written)).toEqual({ status: 0, stdout: `${path}: unchanged\n`, stderr: "" });
    expect(statSync(path).mtimeMs).toBe(0);
    const changed = `${stdout}\n`;
    writeFileSync(path, changed);
    const sentence = `"${path}" is there already, and is not as sixplane config ${target} wrote it: --force replaces it`;
    expect(await sixplane(written)).toEqual(refusal(sentence));
    expect([readFileSync(path, "utf8"), readdirSync(files.path(""))]).toEqual([changed, ["file"]]);
  });
});

describe.each(["radvd", "kea"])("the interface of %s", (target) => {
  const site = HOST.slice(0, 4);

  test("must be told", async () => {
    const sentence = "required option '--interface <name>' not specified";
    expect(await sixplane(["config", target, ...site])).toEqual(refusal(sentence));
  });

  test.each(["", "..", "lan 0", "lan0;", "n".repeat(16)])("is not %j", async (name) => {
    const expected = "up to 15 letters, digits, dots, hyphens and underscores";
    const sentence = `interface must be ${expected}, got "${name}" (${name.length})`;
    expect(await sixplane(["config", target, ...site, `--interface=${name}`])).toEqual(refusal(sentence));
  });

  test.each(["enp3s0.12", "n".repeat(15)])("may be %j", async (name) => {
    const { status, stdout, stderr } = await sixplane(["config", target, ...site, "--interface", name]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(` interface ${name}: as given\n`);
  });
});

/** Words that run a program whose folders of state are in memory, and gone with it. */
function stateless(...words: string[]): string[] {
  const script = `
    for folder in /run /var/lib; do mount -t tmpfs none $folder; done
    mkdir -m 700 /run/kea /var/lib/kea /var/lib/dhcp
    exec "$@"`;
  return ["unshare", "--mount", "sh", "-ec", script, "sh", ...words];
}

/** What a target makes, in a file. */
async function configured(files: { path(name: string): string }, target: string, ...words: string[]) {
  const path = files.path(`${target}.conf`);
  const { status, stderr } = await sixplane(["config", target, ...HOST, ...words, "-o", path]);
  expect([status, stderr]).toEqual([0, ""]);
  return path;
}

/** A link between two namespaces: lan0 of a router, which has the sub-prefix's second address, and eth0 of a host. */
function site(router: Namespace): Namespace {
  const host = Namespace.open();
  runIn(router, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.accept_dad=0");
  runIn(router, "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "eth1", "netns", host.path);
  runIn(router, "ip", "address", "add", `${ROUTER}/96`, "dev", "lan0");
  runIn(router, "ip", "link", "set", "lan0", "up");
  runIn(
    host,
    "sysctl",
    "-qw",
    "net.ipv6.conf.eth1.accept_dad=0",
    "net.ipv6.conf.eth1.accept_ra_rt_info_max_plen=64",
  );
  runIn(host, "ip", "link", "set", "eth1", "up"); // Kea does not listen where there is no carrier
  return host;
}

describe("a host of a site", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "mounts take root of the machine");
    for (const program of ["radvd", "kea-dhcp6", "dhclient", "ping"])
      skip(!isInstalled(program), `no ${program}`);
  });

  test("gets an address of Kea, and of radvd the route by which it reaches a node", async () => {
    using files = folder();
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces as [Namespace, Namespace];
    await using _router = await Host.up(A.node, ["--peer", `${B.node}@192.0.2.2`], one);
    await using _node = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`], two);
    using host = site(one);

    const nobody = "fc9c:56c2:e389:e92c:eee5:1::2"; // of the router's /80, and of no sub-prefix
    // up answers for all that is of no peer: here the router sends it back to the network.
    expect(ping(two, nobody).stdout).toContain(
      `From ${A.sixplane} icmp_seq=1 Destination unreachable: Address unreachable`,
    );
    runIn(one, "ip", "-6", "route", "add", "unreachable", "fc9c:56c2:e389:e92c:eee5::/80", "metric", "4096");
    expect(ping(two, nobody).stdout).toContain(
      `From ${A.sixplane} icmp_seq=1 Destination unreachable: No route`,
    );

    const kea = await configured(files, "kea");
    await using _server = new Program(one.words(...stateless("kea-dhcp6", "-c", kea)));
    await until("Kea listening", () => runIn(one, "ss", "-Hlun", "sport = 547") !== "");
    const radvd = await configured(files, "radvd");
    await using _advertiser = new Program(
      one.words("radvd", "-n", "-m", "stderr", "-C", radvd, "-p", files.path("radvd.pid")),
    );
    const routes = (): { dst: string; dev: string; protocol: string }[] =>
      JSON.parse(runIn(host, "ip", "-6", "-json", "route"));
    const route = (to: string) => routes().find(({ dst }) => dst === to);
    const toNetwork = await until("the route to the network", () => route("fc9c:56c2:e300::/40"));
    expect(toNetwork).toMatchObject({ dev: "eth1", protocol: "ra" });
    expect(await until("the link's own prefix", () => route(LINK))).toMatchObject({ dev: "eth1" });
    expect(route("default")).toBeUndefined();

    const leases = ["-lf", files.path("leases"), "-pf", files.path("dhclient.pid")];
    await using _client = new Program(host.words(...stateless("dhclient", "-6", "-d", ...leases, "eth1")));
    const own = await until("an address", () => {
      const [link] = JSON.parse(
        runIn(host, "ip", "-6", "-json", "address", "show", "dev", "eth1", "scope", "global"),
      );
      return link?.addr_info?.find(({ prefixlen }: { prefixlen?: number }) => prefixlen === 128)
        ?.local as string;
    });
    expect(new Address6(own).isInSubnet(new Address6("fc9c:56c2:e389:e92c:eee5:1246:1:0/112"))).toBe(true);
    expect(JSON.parse(runIn(host, "ip", "-6", "-json", "route", "get", B.sixplane))[0].prefsrc).toBe(own);
    expect(await until("an answer", () => ping(host, B.sixplane, "-W", "1").status === 0)).toBe(true);
    expect(ping(host, nobody).stdout).toContain(
      `From ${ROUTER} icmp_seq=1 Destination unreachable: No route`,
    );
    expect(ping(two, own).status).toBe(0);
  });
});

function refusal(sentence: string): Run {
  return { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
}
