// What nftables' rules make of a packet that is forwarded (upstream: libnftables-json(5)). Rules of ip6tables are among them.
import { isWithin } from "./range.ts";
import type { RulesetItem } from "./state.ts";

/** The first packet of a connection, of no protocol that a rule could ask for. */
export interface Packet {
  /** The interface that it comes from. */
  from: string;
  to: string;
  source: string;
  destination: string;
  /** The interface by which its source would be reached; undefined where there is no route. */
  back: string | undefined;
}

export interface Chain {
  family: string;
  table: string;
  name: string;
  hook: string;
}

interface Rule {
  family: string;
  table: string;
  chain: string;
  expr: unknown;
}

/** What a rule does with a packet in the end. */
type End = "accept" | "drop" | "translate";

/** The deepest that jumps go (upstream: NFT_JUMP_STACK_SIZE). */
const MOST_JUMPS = 16;

/** The hooks that a forwarded packet passes, in their order. */
const HOOKS = ["prerouting", "forward", "postrouting"];

/**
 * The chain that drops a packet; undefined where it passes, as it does if every chain for forwarding accepts it. A rule with a
 * condition that is not understood here is taken not to match.
 */
export function dropping(items: readonly RulesetItem[], packet: Packet): Chain | undefined {
  return basesOf(items, "filter", HOOKS).find((chain) => {
    const end = walk(rulesOf(items), chain, packet, 0);
    return end === undefined ? chain.policy === "drop" : end === "drop";
  });
}

/** The chain that gives a packet another source; undefined where none does. */
export function translating(items: readonly RulesetItem[], packet: Packet): Chain | undefined {
  const chains = basesOf(items, "nat", ["postrouting"]);
  return chains.find((chain) => walk(rulesOf(items), chain, packet, 0) === "translate");
}

/** The chains of a type that the kernel starts with, in the order of their hooks. */
function basesOf(
  items: readonly RulesetItem[],
  type: string,
  hooks: string[],
): (Chain & { policy?: string })[] {
  const chains = items
    .map(({ chain }) => Object(chain))
    .filter(({ family }) => family === "ip6" || family === "inet");
  return hooks.flatMap((hook) => chains.filter((chain) => chain.type === type && chain.hook === hook));
}

function rulesOf(items: readonly RulesetItem[]): Rule[] {
  return items.map(({ rule }) => Object(rule));
}

/** What the chain does with the packet; undefined where it comes to its end. */
function walk(
  all: readonly Rule[],
  chain: Omit<Chain, "hook">,
  packet: Packet,
  jumps: number,
): End | undefined {
  if (jumps > MOST_JUMPS) return undefined;
  const rules = all.filter(
    ({ family, table, chain: name }) =>
      family === chain.family && table === chain.table && name === chain.name,
  );
  for (const { expr } of rules) {
    const action = actionOf(Array.isArray(expr) ? expr : [], packet);
    if (!action) continue;
    if ("return" in action) return undefined;
    const end = endOf(action);
    if (end) return end;
    const { target } = Object(action["jump"] ?? action["goto"]);
    const decided = walk(all, { ...chain, name: target }, packet, jumps + 1);
    if (decided !== undefined || "goto" in action) return decided;
  }
  return undefined;
}

function endOf(action: Record<string, unknown>): End | undefined {
  if ("accept" in action) return "accept";
  if ("drop" in action || "reject" in action) return "drop";
  return "masquerade" in action || "snat" in action || "xt" in action ? "translate" : undefined;
}

const ACTIONS = ["accept", "drop", "reject", "return", "jump", "goto", "masquerade", "snat"];
const WITHOUT_EFFECT = ["counter", "log", "comment"];

/** What a rule does with the packet, where all of its conditions hold. */
function actionOf(statements: unknown[], packet: Packet): Record<string, unknown> | undefined {
  for (const statement of statements) {
    const name = Object.keys(Object(statement))[0] ?? "";
    if (ACTIONS.includes(name) || isTranslation(statement)) return Object(statement);
    const holds =
      name === "match"
        ? matches(Object(statement).match, packet)
        : WITHOUT_EFFECT.includes(name) || (isReversePath(statement) && holdsReversePath(statements, packet));
    if (!holds) return undefined;
  }
  return undefined;
}

/** A target of ip6tables that changes the source. */
function isTranslation(statement: unknown): boolean {
  const { type, name } = Object(Object(statement).xt);
  return type === "target" && (name === "MASQUERADE" || name === "SNAT");
}

/** The match of ip6tables for packets whose source is reached by their interface. */
function isReversePath(statement: unknown): boolean {
  const { type, name } = Object(Object(statement).xt);
  return type === "match" && name === "rpfilter";
}

/** nft does not tell whether rpfilter is inverted: where it drops, nobody would have it otherwise. */
function holdsReversePath(statements: unknown[], packet: Packet): boolean {
  const drops = statements.some((statement) => "drop" in Object(statement) || "reject" in Object(statement));
  return drops === (packet.back !== packet.from);
}

function matches(
  { op, left, right }: { op: string; left: unknown; right: unknown },
  packet: Packet,
): boolean {
  const { fib } = Object(left);
  if (fib) return matchesRoute(fib, op, right, packet);
  const value = partOf(Object(left), packet);
  if (value === undefined || isNamedSet(right)) return false;
  const is = alternatives(right).some((wanted) => isSame(value, wanted));
  return op === "!=" ? !is : is;
}

/** Whether a route leads back to the source, as `fib saddr . iif oif` has it: `false` and 0 are for none. */
function matchesRoute(
  { result, flags }: { result?: string; flags?: string | string[] },
  op: string,
  right: unknown,
  { from, back }: Packet,
): boolean {
  const keys = [flags].flat();
  if (result !== "oif" || !keys.includes("saddr")) return false;
  const isMissing = keys.includes("iif") ? back !== from : back === undefined;
  const asksForMissing = right === false || right === 0 || right === "0";
  if (!asksForMissing && right !== true) return false;
  return (isMissing === asksForMissing) === (op !== "!=");
}

function isNamedSet(right: unknown): boolean {
  return typeof right === "string" && right.startsWith("@");
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
