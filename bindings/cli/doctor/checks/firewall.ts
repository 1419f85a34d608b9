import { command, found, type NetworkCheck, type Result, right } from "../check.ts";
import { type Packet, verdictOf } from "../ruleset.ts";

/** Whether the firewall forwards between the network and containers. */
export const firewall: NetworkCheck = {
  name: "firewall",
  run({ state, network, host, joined, bridges }) {
    const items = bridges.length > 0 ? state.ruleset() : [];
    const far = network.sixplane.address(1n << 60n);
    const near = host.sixplane.prefix.address(0x242);
    return bridges.flatMap(({ ifname }): Result[] => {
      const ways: Packet[] = [
        { from: joined.device, to: ifname, source: far, destination: near },
        { from: ifname, to: joined.device, source: near, destination: far },
      ];
      const shut = ways.flatMap((packet) => {
        const verdict = verdictOf(items, packet);
        return verdict.accepts ? [] : [{ packet, chain: verdict.chain }];
      });
      const [first] = shut;
      if (!first) return [right(`the firewall forwards between ${joined.device} and ${ifname}`)];
      return [
        found({
          what: `The firewall drops what goes ${shut.map(({ packet }) => `from ${packet.from} to ${packet.to}`).join(" and ")}: ${first.chain.name} of ${first.chain.family} ${first.chain.table}.`,
          why: "Containers are silent, though their hosts answer.",
          mend: shut.map(({ packet, chain }) => opening(packet, chain, items)),
        }),
      ];
    });
  },
};

/** The command that lets the packet through: by ip6tables in its own chain, so that it and Docker still know the chain. */
function opening(
  { from, to }: Packet,
  chain: { family: string; table: string; name: string },
  items: readonly object[],
): string {
  const isIptables = chain.family === "ip6" && chain.table === "filter" && chain.name === "FORWARD";
  if (!isIptables)
    return command(
      "nft",
      "insert",
      "rule",
      chain.family,
      chain.table,
      chain.name,
      "iifname",
      from,
      "oifname",
      to,
      "accept",
    );
  const hasDocker = items.some((item) => {
    const { family, table, name } = Object(Object(item).chain);
    return family === "ip6" && table === "filter" && name === "DOCKER-USER";
  });
  return command(
    "ip6tables",
    "-I",
    hasDocker ? "DOCKER-USER" : "FORWARD",
    "-i",
    from,
    "-o",
    to,
    "-j",
    "ACCEPT",
  );
}
