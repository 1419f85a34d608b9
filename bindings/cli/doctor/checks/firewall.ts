import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { type Chain, dropping, type Packet } from "../ruleset.ts";
import { type HostState, type Link, type RulesetItem, Unseen } from "../state.ts";
import { waysOf } from "../ways.ts";

/** Whether the firewall forwards between the network and containers. */
export const firewall: NetworkCheck = {
  name: "firewall",
  async run(subject) {
    const { state, bridges } = subject;
    if (bridges.length === 0) return [];
    const items = state.ruleset();
    const guarded = await bridgesOfDocker(state);
    return bridges.map((bridge) => judge(subject, bridge, items, guarded.includes(bridge.ifname)));
  },
};

/** @param isGuarded whether Docker's engine decides what comes in: that it lets in published ports alone is right */
function judge(subject: Subject, bridge: Link, items: RulesetItem[], isGuarded: boolean): Result {
  const { device } = subject.joined;
  const { ifname } = bridge;
  const [into, out] = waysOf(subject, bridge);
  const closed = [into, out].flatMap((packet) => {
    const chain = dropping(items, packet);
    return chain ? [{ packet, chain }] : [];
  });
  const shut = closed.filter(({ packet, chain }) => packet === out || !isGuarded || !isDockers(chain, items));
  const [first] = shut;
  if (!first && closed.length > 0)
    return right(`Docker's firewall lets in to ${ifname} what is published, and out everything`);
  if (!first) return right(`the firewall forwards between ${device} and ${ifname}`);
  const ways = shut.map(({ packet }) => `from ${packet.from} to ${packet.to}`).join(" and ");
  return found({
    what: `The firewall drops what goes ${ways}: ${first.chain.name} of ${first.chain.family} ${first.chain.table}.`,
    why: whyOf(first.packet, first.chain),
    mend: shut.map(({ packet, chain }) => opening(packet, chain, items)),
  });
}

/** The interfaces of the engine's networks; none where it cannot be asked, which the check `docker` says. */
async function bridgesOfDocker(state: HostState): Promise<string[]> {
  try {
    return (await state.docker())?.networks.map(({ bridge }) => bridge) ?? [];
  } catch (error) {
    if (error instanceof Unseen) return [];
    throw error;
  }
}

/** Whether the engine fills the chain: FORWARD with its own chains behind it or, from 29 on, a table of its own. */
function isDockers({ family, table, hook }: Chain, items: readonly RulesetItem[]): boolean {
  if (table.startsWith("docker-")) return true;
  return family === "ip6" && table === "filter" && hook === "forward" && hasChain(items, "DOCKER");
}

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
  const own =
    hook === "forward" && table === "filter" && hasChain(items, "DOCKER-USER") ? "DOCKER-USER" : name;
  const out = isBeforeRouting ? [] : ["-o", to];
  const where = table === "filter" ? [] : ["-t", table];
  return command("ip6tables", ...where, "-I", own, "-i", from, ...out, "-j", "ACCEPT");
}

/** Whether the table of ip6tables for FORWARD has a chain. */
function hasChain(items: readonly RulesetItem[], wanted: string): boolean {
  return items.some(({ chain }) => {
    const { family, table, name } = Object(chain);
    return family === "ip6" && table === "filter" && name === wanted;
  });
}
