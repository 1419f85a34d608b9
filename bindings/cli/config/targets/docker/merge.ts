// Our settings in the daemon.json of a host that has one.

import { isUtf8 } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import type { InputError } from "sixplane";
import type { Merged } from "../../merge.ts";

type Json = Record<string, unknown>;

/** Makes the error for a file that cannot be merged. */
type Refuse = (expected: string, why?: string) => InputError;

/** Where options are that every network of the driver "bridge" starts with. */
const NETWORK_OPTIONS = ["default-network-opts", "bridge"];

/** Where the settings are that this target writes, but for the pools, which are a list. */
const SETTINGS = [
  ["experimental"],
  ["ipv6"],
  ["fixed-cidr-v6"],
  ["ip6tables"],
  ["mtu"],
  [...NETWORK_OPTIONS, "com.docker.network.enable_ipv6"],
  [...NETWORK_OPTIONS, "com.docker.network.bridge.gateway_mode_ipv6"],
  [...NETWORK_OPTIONS, "com.docker.network.driver.mtu"],
];

const POOLS = "default-address-pools";
const LABELS = "labels";
const OWN_LABEL = /^sixplane\.\d+=/;
const CHECKSUM = /(, checksum )[0-9a-f]{16}$/;

/**
 * Puts the settings of `made` into the daemon.json `old`.
 *
 * What the old file's labels name as sixplane's is replaced, or removed where `made` lacks it. Everything else stays, unless
 * it contradicts `made`: then it is a conflict.
 */
export function mergeDaemon(old: Buffer, made: string, refuse: Refuse): Merged {
  const text = old.toString();
  const merge = new DaemonMerge(parse(old, text, refuse), JSON.parse(made), refuse);
  for (const path of SETTINGS) merge.setting(path);
  merge.pools();
  merge.labels();
  const { merged, changes, conflicts } = merge;
  return { text: `${JSON.stringify(merged, null, indentOf(text))}\n`, changes, conflicts };
}

function parse(bytes: Buffer, text: string, refuse: Refuse): Json {
  const expected = "a file with a JSON object";
  if (!isUtf8(bytes)) throw refuse(expected, "it is not in UTF-8");
  if (text.trim() === "") return {}; // an engine reads it so, too
  try {
    const value: unknown = JSON.parse(text);
    JSON.stringify(value); // fails where it is nested too deep
    if (isObject(value)) return value;
  } catch (error) {
    throw refuse(expected, (error as Error).message);
  }
  throw refuse(expected, "it holds another JSON value");
}

/** What lines of the file start with, so that it keeps its look; two spaces where it has one line. */
function indentOf(text: string): string {
  return /^\s*\{[^\S\n]*\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
}

class DaemonMerge {
  readonly merged: Json;
  readonly changes: string[] = [];
  readonly conflicts: string[] = [];
  readonly #made: Json;
  readonly #refuse: Refuse;
  readonly #labels: string[];

  constructor(old: Json, made: Json, refuse: Refuse) {
    this.merged = old;
    this.#made = made;
    this.#refuse = refuse;
    this.#labels = this.#list(LABELS) as string[];
    if (!this.#labels.every((label) => typeof label === "string"))
      throw refuse("a daemon.json whose labels are text");
  }

  /** Sets one value, or removes it where it was ours and is not any more. */
  setting(path: string[]): void {
    const [was, is] = [valueAt(this.merged, path), valueAt(this.#made, path)];
    const isOurs = this.#note(path.at(-1) ?? "") !== undefined;
    if (isDeepStrictEqual(was, is) || (is === undefined && !isOurs)) return;
    const name = path.join(".");
    if (was !== undefined && !isOurs) this.conflicts.push(name);
    this.#change(name, was, is);
    if (is === undefined) remove(this.merged, path);
    else this.#set(path, is);
  }

  /** Replaces our pool. Those for IPv4 stay; another one for IPv6 would be used before ours. */
  pools(): void {
    const pools = this.#list(POOLS);
    const made = (this.#made[POOLS] ?? []) as unknown[];
    const ourBase = this.#note(POOLS)?.split(" ")[1]?.replace(/:$/, "");
    const isOurs = (pool: unknown) => baseOf(pool) === ourBase;
    const others = pools.filter((pool) => !isOurs(pool));
    const rivals = made.length === 0 ? [] : others.filter((pool) => baseOf(pool).includes(":"));
    const added = made.filter((pool) => others.length === 0 || baseOf(pool).includes(":"));
    const merged = [...others.filter((pool) => !rivals.includes(pool)), ...added];
    if (isDeepStrictEqual(pools, merged)) return;
    const isIn = (list: unknown[], pool: unknown) => list.some((one) => isDeepStrictEqual(one, pool));
    for (const pool of pools) if (!isIn(merged, pool)) this.#change(POOLS, pool, undefined);
    for (const pool of merged) if (!isIn(pools, pool)) this.#change(POOLS, undefined, pool);
    if (rivals.length > 0) this.conflicts.push(POOLS);
    if (merged.length > 0) this.merged[POOLS] = merged;
    else delete this.merged[POOLS];
  }

  /** Replaces our comments. */
  labels(): void {
    const made = this.#made[LABELS] as string[];
    const without = (labels: string[]) => labels.map((label) => label.replace(CHECKSUM, "$1"));
    const ours = this.#labels.filter((label) => OWN_LABEL.test(label));
    if (!isDeepStrictEqual(without(ours), without(made)))
      this.changes.push(
        `+ ${LABELS}: sixplane.1 to sixplane.${made.length}, which say what these values are`,
      );
    this.merged[LABELS] = [...this.#labels.filter((label) => !OWN_LABEL.test(label)), ...made];
  }

  /** What our comments in the old file say of a value of ours: its name, and what comes behind that. */
  #note(name: string): string | undefined {
    return this.#labels
      .filter((label) => OWN_LABEL.test(label))
      .map((label) => label.replace(OWN_LABEL, ""))
      .find((note) => note.startsWith(`${name} `) || note.startsWith(`${name}:`));
  }

  #list(name: string): unknown[] {
    const list = valueAt(this.merged, [name]) ?? [];
    if (Array.isArray(list)) return list;
    throw this.#refuse(`a daemon.json whose ${name} are a list`);
  }

  #set(path: string[], value: unknown): void {
    let within = this.merged;
    for (const [n, name] of path.slice(0, -1).entries()) {
      const next = valueAt(within, [name]) ?? {};
      if (!isObject(next))
        throw this.#refuse(`a daemon.json whose ${path.slice(0, n + 1).join(".")} is an object`);
      within[name] = next;
      within = next;
    }
    within[path.at(-1) ?? ""] = value;
  }

  #change(name: string, was: unknown, is: unknown): void {
    if (was !== undefined) this.changes.push(`- ${name}: ${JSON.stringify(was)}`);
    if (is !== undefined) this.changes.push(`+ ${name}: ${JSON.stringify(is)}`);
  }
}

/** The value at a path; undefined where there is none. */
function valueAt(object: unknown, path: string[]): unknown {
  return path.reduce(
    (within, name) => (isObject(within) && Object.hasOwn(within, name) ? within[name] : undefined),
    object,
  );
}

/** Removes the value at a path, and the objects that it leaves empty. */
function remove(object: Json, path: string[]): void {
  for (let length = path.length; length > 0; length--) {
    const within = valueAt(object, path.slice(0, length - 1));
    const name = path[length - 1] ?? "";
    if (!isObject(within)) return;
    delete within[name];
    if (Object.keys(within).length > 0) return;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The prefix of a pool; empty where it has none. */
function baseOf(pool: unknown): string {
  const base = valueAt(pool, ["base"]);
  return typeof base === "string" ? base : "";
}
