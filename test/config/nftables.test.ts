// The firewall of containers, as nft takes it and as the kernel keeps it.
import { writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { A, B, C, Host, NETWORK, ping, runIn, Underlay } from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";
import { connects, container } from "./container.ts";
import { runPage } from "./page.ts";

const NFTABLES = ["config", "nftables", "--network", NETWORK];
const OF_A = [...NFTABLES, "--node", A.node];

async function ruleset(words: string[], list = ""): Promise<string> {
  const { status, stdout, stderr } = await sixplane(words, list);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sixplane config nftables", () => {
  const PORT = "tcp, udp or sctp, a slash, and a port or a range such as 8000-8099";

  test.each(["443", "tcp/0", "tcp/65536", "tcp/9-8", "tcp/1,2", "icmp/1", "tcp/443 accept", "tcp/1-"])(
    "refuses the port %j",
    async (port) => {
      const stderr = `sixplane: port must be ${PORT}, got "${port}" (${port.length})\n`;
      expect(await sixplane([...OF_A, "--allow", port])).toEqual({ status: 2, stdout: "", stderr });
    },
  );
});

describe("nft", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "forwarding takes root");
    for (const program of ["nft", "ping", "timeout"]) skip(!isInstalled(program), `no ${program}`);
  });

  test.each([
    [[], ""],
    [["--allow", "tcp/443", "--allow", "udp/53-54", "--allow", "sctp/00080"], ""],
    [["--subnet", "web"], ""],
    [["--nodes", "-"], `${A.node} a\n${B.node}\n${A.node} b\n${C.node} c key=x\n`],
  ])("takes the table with %j, twice", async (words, list) => {
    using files = folder();
    using namespace = Namespace.open();
    const path = files.path("sixplane.nft");
    writeFileSync(path, await ruleset([...OF_A, ...words], list));
    expect(runIn(namespace, "nft", "-c", "-f", path)).toBe("");
    runIn(namespace, "nft", "add", "table", "inet", "other");
    runIn(namespace, "nft", "-f", path);
    const once = runIn(namespace, "nft", "list", "ruleset");
    runIn(namespace, "nft", "-f", path);
    expect(runIn(namespace, "nft", "list", "ruleset")).toBe(once);
    expect(once).toContain("table inet other");
  });

  test("lets through to a container what is wanted, and nothing else", async () => {
    using files = folder();
    await using underlay = await Underlay.open(3);
    const [one, two, three] = underlay.namespaces as [Namespace, Namespace, Namespace];
    const peer = ({ node }: { node: string }, n: number) => ["--peer", `${node}@192.0.2.${n}`];
    await using _a = await Host.up(A.node, [...peer(B, 2), ...peer(C, 3)], one);
    await using _b = await Host.up(B.node, [...peer(A, 1), ...peer(C, 3)], two);
    await using _c = await Host.up(C.node, [...peer(A, 1), ...peer(B, 2)], three);
    using onA = container(one, A.sixplane);
    using onB = container(two, B.sixplane);
    const target = "fc9c:56c2:e389:e92c:eee5::2";
    const load = async (list: string, ...words: string[]) => {
      const path = files.path("sixplane.nft");
      writeFileSync(path, await ruleset([...OF_A, "--allow", "tcp/443", ...words], list));
      runIn(one, "nft", "-f", path);
    };

    expect(connects(onB, target, 80)).toBe(true);
    await load("");
    expect([443, 80].map((port) => connects(onB, target, port))).toEqual([true, false]);
    expect(connects(three, target, 443)).toBe(true);
    expect(ping(onB, target).status).toBe(0);
    expect(connects(onA, "fc9c:56c2:e3de:adbe:ef01::2", 80)).toBe(true); // the reply comes back
    // From outside of the network: the underlay, by a route through this host.
    runIn(three, "ip", "-6", "route", "add", `${target}/128`, "via", "2001:db8:4789::1", "dev", "eth0");
    expect(ping(three, target, "-I", "2001:db8:4789::3", "-W", "1").status).not.toBe(0);
    // In the name of a container of the host's own, which is another way.
    runIn(three, "ip", "address", "add", "fc9c:56c2:e389:e92c:eee5::77/128", "dev", "lo");
    expect(arrivals(onA, () => ping(three, target, "-I", "fc9c:56c2:e389:e92c:eee5::77", "-W", "1"))).toBe(0);
    runIn(three, "ip", "-6", "route", "delete", `${target}/128`);
    expect(arrivals(onA, () => ping(three, target))).toBe(1);

    await load(`${B.node}\n`, "--nodes", "-");
    expect([onB, two, three].map((from) => connects(from, target, 443))).toEqual([true, true, false]);
    expect(ping(three, target, "-W", "1").status).not.toBe(0);
  });
});

/** How many echo requests arrive while something is done. */
function arrivals(container: Namespace, act: () => void): number {
  const rules = `table inet seen
delete table inet seen
table inet seen {
  counter pings {}
  chain input { type filter hook input priority 0; icmpv6 type echo-request counter name pings; }
}`;
  runIn(container, "sh", "-c", 'echo "$0" | nft -f -', rules);
  act();
  return Number(
    /packets (\d+)/.exec(runIn(container, "nft", "list", "counter", "inet", "seen", "pings"))?.[1],
  );
}

test("the page's commands do what it shows", (context) => {
  for (const program of ["nft", "ip6tables"]) context.skip(!isInstalled(program), `no ${program}`);
  runPage("nftables", context);
});
