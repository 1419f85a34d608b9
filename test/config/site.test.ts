// radvd and Kea, which make a host the router of a site: what they take, and what a host on its link gets of them.
import { spawnSync } from "node:child_process";
import { Address6 } from "ip-address";
import { beforeEach, describe, expect, test } from "vitest";
import { folder, sixplane } from "../command.ts";
import { A, B, Host, NETWORK, Program, runIn, Underlay, until } from "../network/hosts.ts";
import { isInstalled, isRoot, Namespace, obstacle } from "../network/namespace.ts";

const LINK = "fc9c:56c2:e389:e92c:eee5:1246::/96";
const ROUTER = "fc9c:56c2:e389:e92c:eee5:1246:0:1";

const HOST = ["--network", NETWORK, "--node", A.node, "--interface", "lan0"];

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isRoot, "mounts take root of the machine");
  for (const program of ["radvd", "kea-dhcp6", "dhclient", "ping"])
    skip(!isInstalled(program), `no ${program}`);
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
async function site(router: Namespace): Promise<Namespace> {
  const host = await Namespace.open();
  runIn(router, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.accept_dad=0");
  runIn(router, "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "eth1", "netns", `${host.pid}`);
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
  test("gets an address of Kea, and of radvd the route by which it reaches a node", async () => {
    using files = folder();
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces as [Namespace, Namespace];
    await using _router = await Host.up(A.node, ["--peer", `${B.node}@192.0.2.2`], one);
    await using _node = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`], two);
    await using host = await site(one);

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
    expect(await until("an answer", () => spawnSync(...pingFrom(host)).status === 0)).toBe(true);
  });
});

function pingFrom(host: Namespace): [string, string[]] {
  const [program, ...words] = host.words("ping", "-n", "-c", "1", "-W", "1", B.sixplane);
  return [program, words];
}
