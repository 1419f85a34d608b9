import { command, found, type NetworkCheck, type Result, right } from "../check.ts";
import { type Chain, dropping, type Packet } from "../ruleset.ts";
import type { RulesetItem } from "../state.ts";
import { waysOf } from "../ways.ts";

/** Whether the firewall forwards between the network and containers. */
export const firewall: NetworkCheck = {
  name: "firewall",
  run(subject) {
    const { state, joined, bridges } = subject;
    const items = bridges.length > 0 ? state.ruleset() : [];
    return bridges.flatMap((bridge): Result[] => {
      const shut = waysOf(subject, bridge).flatMap((packet) => {
        const chain = dropping(items, packet);
        return chain ? [{ packet, chain }] : [];
      });
      const [first] = shut;
      if (!first) return [right(`the firewall forwards between ${joined.device} and ${bridge.ifname}`)];
      const ways = shut.map(({ packet }) => `from ${packet.from} to ${packet.to}`).join(" and ");
      return [
        found({
          what: `The firewall drops what goes ${ways}: ${first.chain.name} of ${first.chain.family} ${first.chain.table}.`,
          why: whyOf(first.packet, first.chain),
          mend: shut.map(({ packet, chain }) => opening(packet, chain, items)),
        }),
      ];
    });
  },
};

function whyOf({ from, back }: Packet, { hook }: Chain): string {
  if (hook !== "prerouting" || back === from) return "Containers are silent, though their hosts answer.";
  return `The source is reached by ${back ?? "no interface"}, so a filter of the reverse path takes the packets for forged.`;
}

/** The tables of ip6tables. Their chains are changed by it, so that it and Docker still know them. */
const IP6TABLES = ["filter", "mangle", "raw", "security"];

/** The command that lets the packet through. Before routing, a rule cannot know where the packet goes. */
function opening({ from, to }: Packet, chain: Chain, items: readonly RulesetItem[]): string {
  const { family, table, name, hook } = chain;
  const isBeforeRouting = hook === "prerouting";
  const isIptables = family === "ip6" && IP6TABLES.includes(table) && name === hook.toUpperCase();
  if (!isIptables) {
    const out = isBeforeRouting ? [] : ["oifname", to];
    return command("nft", "insert", "rule", family, table, name, "iifname", from, ...out, "accept");
  }
  const own = hook === "forward" && table === "filter" && hasDocker(items) ? "DOCKER-USER" : name;
  const out = isBeforeRouting ? [] : ["-o", to];
  const where = table === "filter" ? [] : ["-t", table];
  return command("ip6tables", ...where, "-I", own, "-i", from, ...out, "-j", "ACCEPT");
}

function hasDocker(items: readonly RulesetItem[]): boolean {
  return items.some(({ chain }) => {
    const { family, table, name } = Object(chain);
    return family === "ip6" && table === "filter" && name === "DOCKER-USER";
  });
}
