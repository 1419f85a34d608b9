// What nftables' rules for forwarding make of a packet (upstream: libnftables-json(5)). Rules of ip6tables are among them.
import { isWithin } from "./range.ts";
import type { RulesetItem } from "./state.ts";

/** The first packet of a connection, of no protocol that a rule could ask for. */
export interface Packet {
  /** The interface that it comes from. */
  from: string;
  to: string;
  source: string;
  destination: string;
}

interface Chain {
  family: string;
  table: string;
  name: string;
}

export type Verdict = { accepts: true } | { accepts: false; chain: Chain };

/** The deepest that jumps go (upstream: NFT_JUMP_STACK_SIZE). */
const MOST_JUMPS = 16;

/**
 * What becomes of a packet. It passes if every chain for forwarding accepts it. A rule with a condition that is not
 * understood here is taken not to match.
 */
export function verdictOf(items: readonly RulesetItem[], packet: Packet): Verdict {
  const chains = items.map(({ chain }) => Object(chain)).filter(isForwarding);
  for (const chain of chains) {
    const decided = walk(items, chain, packet, 0);
    const isAccepted = decided === undefined ? chain.policy !== "drop" : decided;
    if (!isAccepted) return { accepts: false, chain };
  }
  return { accepts: true };
}

function isForwarding({ family, hook }: { family?: string; hook?: string }): boolean {
  return hook === "forward" && (family === "ip6" || family === "inet");
}

/** Whether the chain accepts or drops the packet; undefined where it comes to its end. */
function walk(
  items: readonly RulesetItem[],
  chain: Chain,
  packet: Packet,
  jumps: number,
): boolean | undefined {
  if (jumps > MOST_JUMPS) return undefined;
  const rules = items
    .map(({ rule }) => Object(rule))
    .filter(
      ({ family, table, chain: name }) =>
        family === chain.family && table === chain.table && name === chain.name,
    );
  for (const { expr } of rules) {
    const statements: unknown[] = Array.isArray(expr) ? expr : [];
    const action = actionOf(statements, packet);
    if (!action) continue;
    if ("accept" in action) return true;
    if ("drop" in action || "reject" in action) return false;
    if ("return" in action) return undefined;
    const { target } = Object(action["jump"] ?? action["goto"]);
    const decided = walk(items, { ...chain, name: target }, packet, jumps + 1);
    if (decided !== undefined || "goto" in action) return decided;
  }
  return undefined;
}

const ACTIONS = ["accept", "drop", "reject", "return", "jump", "goto"];
const WITHOUT_EFFECT = ["counter", "log", "comment"];

/** What a rule does with the packet, where all of its conditions hold. */
function actionOf(statements: unknown[], packet: Packet): Record<string, unknown> | undefined {
  for (const statement of statements) {
    const name = Object.keys(Object(statement))[0] ?? "";
    if (ACTIONS.includes(name)) return Object(statement);
    const holds = name === "match" ? matches(Object(statement).match, packet) : WITHOUT_EFFECT.includes(name);
    if (!holds) return undefined;
  }
  return undefined;
}

function matches(
  { op, left, right }: { op: string; left: unknown; right: unknown },
  packet: Packet,
): boolean {
  const value = partOf(Object(left), packet);
  if (value === undefined) return false;
  const is = alternatives(right).some((wanted) => isSame(value, wanted));
  return op === "!=" ? !is : is;
}

/** What the packet has where a condition looks; undefined for what this packet does not decide. */
function partOf(
  { meta, payload, ct }: Record<string, { key?: string; field?: string }>,
  packet: Packet,
): string | undefined {
  const { from, to, source, destination } = packet;
  const values: Record<string, string> = {
    iifname: from,
    iif: from,
    oifname: to,
    oif: to,
    nfproto: "ipv6",
    saddr: source,
    daddr: destination,
  };
  if (ct?.key === "state") return "new";
  return values[meta?.key ?? payload?.field ?? ""];
}

function alternatives(right: unknown): unknown[] {
  const { set } = Object(right);
  const list = set ?? right;
  return Array.isArray(list) ? list : [list];
}

function isSame(value: string, wanted: unknown): boolean {
  const { prefix } = Object(wanted);
  if (prefix) return isWithin(value, `${prefix.addr}/${prefix.len}`);
  if (typeof wanted !== "string") return false;
  return wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
}
