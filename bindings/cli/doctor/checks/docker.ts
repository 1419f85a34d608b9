import { formatAddress, parseAddress } from "sixplane";
import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { isWithin } from "../range.ts";
import type { DockerNetwork } from "../state.ts";

/** Whether the networks of Docker's engine, where one runs, have what their containers use as their router. */
export const docker: NetworkCheck = {
  name: "docker",
  async run(subject) {
    const engine = await subject.state.docker();
    if (!engine) return [];
    const own = `${subject.host.sixplane.prefix}`;
    const all = `${subject.network.sixplane}`;
    const parts = engine.networks.flatMap((network) =>
      network.subnets.filter(({ subnet }) => isWithin(subnet, all)).map((part) => ({ network, ...part })),
    );
    if (parts.length === 0)
      return [right(`no network of Docker ${engine.version} gives containers addresses of ${own}`)];
    return parts.map(({ network, subnet, gateway }) => {
      if (!isWithin(subnet, own)) return foreign(network, subnet, subject);
      return withGateway(network, subnet, gateway, subject) ?? right(of(engine.version, network, subnet));
    });
  },
};

function of(version: string, { name, bridge }: DockerNetwork, subnet: string): string {
  return `Docker ${version} gives containers of its network ${name} addresses of ${subnet} behind ${bridge}`;
}

function foreign({ name }: DockerNetwork, subnet: string, { network, host }: Subject): Result {
  const whose = network.ownerOf(subnet.replace(/\/.*/, ""))?.node ?? "no node";
  return found({
    what: `Docker's network ${name} gives containers addresses of ${subnet}, which belongs to node ${whose}, not to this host.`,
    why: "Answers to them go to that node, or nowhere.",
    mend: [
      command("docker", "network", "rm", name),
      command(
        "docker",
        "network",
        "create",
        "--ipv6",
        "--subnet",
        `${host.sixplane.prefix.subnet(96, 1)}`,
        name,
      ),
    ],
    where:
      "this host, without containers on that network; the default bridge has its prefix from daemon.json",
  });
}

/** The finding where the bridge lacks the address that containers send everything to. */
function withGateway(
  { name, bridge }: DockerNetwork,
  subnet: string,
  gateway: string,
  { state }: Subject,
): Result | undefined {
  const link = state.links().find(({ ifname }) => ifname === bridge);
  if (!link || !gateway.includes(":")) return undefined;
  const address = formatAddress(parseAddress(gateway));
  if (link.addr_info.some(({ local }) => local === address)) return undefined;
  return found({
    what: `${bridge} does not have ${address}, the gateway of Docker's network ${name}.`,
    why: "Its containers send to that address everything that is for others, and nobody takes it.",
    mend: [command("ip", "-6", "address", "add", `${address}/${subnet.split("/")[1]}`, "dev", bridge)],
  });
}
