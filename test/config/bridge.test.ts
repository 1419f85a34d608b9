// The bridge to containers has the same address wherever something names it.
import { Network } from "sixplane";
import { beforeEach, expect, test } from "vitest";
import { snippets } from "../../examples/explorer/address/snippets.ts";
import { openHosts } from "../../examples/fabric/host.js";
import { Namespace } from "../../examples/fabric/namespace.js";
import { sixplane } from "../support/command.ts";
import { diagnose, inShell, zerotierInterface } from "../support/doctor.ts";
import { A, B, NETWORK, runIn } from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService } from "../support/zerotier.ts";

const OWN = `${A.sixplane}/80`;

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isRoot, "bridges take root");
});

/** What a target prints for host A. */
async function printed(...words: string[]): Promise<string> {
  return (await sixplane(["config", ...words, "--network", NETWORK, "--node", A.node])).stdout;
}

test("for networkd, cni and the explorer, it is the host's own address", async () => {
  const networkd = await printed("networkd", "--file", "bridge.network");
  expect(networkd).toContain(`\nAddress=${OWN}\n`);
  const cni = JSON.parse(await printed("cni"));
  expect(cni.plugins[0].ipam.ranges).toEqual([
    [{ subnet: `${A.sixplane.slice(0, -1)}/80`, gateway: A.sixplane }],
  ]);
  const network = new Network(NETWORK);
  const shown = snippets(network, network.host(A.node)).map(({ text }) => text);
  expect(shown.join("\n").match(/ip address add (\S+) dev br0/)?.[1]).toBe(OWN);
});

test("in a sub-prefix, it is the second address for every target that has one", async () => {
  const second = "fc9c:56c2:e389:e92c:eee5:d3eb:0:1";
  for (const words of [["networkd", "--file", "bridge.network"], ["cni"], ["libvirt"], ["lxd"], ["kea"]]) {
    const more = words[0] === "kea" ? ["--interface", "lan"] : [];
    const text = await printed(...words, "--subnet", "web", ...more);
    expect([words[0], text.includes(second)]).toEqual([words[0], true]);
  }
});

test("the hosts of the example have it, and so does a host that the doctor mends", async () => {
  const outside = Namespace.own();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  const hosts = await openHosts(new Network(NETWORK), [A.node, B.node], outside, "wire");
  for (const host of hosts) host.addContainer();
  const [one] = hosts;
  expect(addresses("containers", one?.namespace)).toEqual([OWN]);
  for (const host of hosts) await host.close();

  zerotierInterface(EARTH.portDeviceName, A.mac, `${A.sixplane}/40`);
  inShell("ip link add br0 type bridge", "ip link set br0 up", `ip -6 address add ${B.sixplane}/80 dev br0`);
  await using zerotier = await startService(answers(STATUS, [EARTH]));
  const { findings } = await diagnose("--zerotier", zerotier.folder);
  inShell(...findings.filter(({ check }) => check === "bridge").flatMap(({ mend = [] }) => mend));
  expect(addresses("br0")).toEqual([OWN]);
});

/** The addresses of an interface to the outside. */
function addresses(device: string, namespace?: Namespace): string[] {
  const shown = runIn(namespace, "ip", "-o", "-6", "address", "show", "dev", device, "scope", "global");
  return [...shown.matchAll(/ inet6 (\S+)/g)].map(([, address = ""]) => address);
}
