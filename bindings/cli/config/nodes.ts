// The list of nodes that --nodes names: one reader for all targets.

import { createReadStream } from "node:fs";
import { type Host, InputError, mismatch, type Network, quote } from "sixplane";
import { systemReason } from "../io/failure.ts";
import { parseNode } from "../io/identifiers.ts";
import type { OptionOfTarget } from "./target.ts";

/** A line of the list: a node address, then a name where there is one, then fields such as `key=VALUE`. */
export interface ListedNode {
  /** Counted from 1. */
  line: number;
  /** The line as it is, without its comment. */
  text: string;
  host: Host;
  name: string | undefined;
  fields: Readonly<Partial<Record<Field, string>>>;
}

/** A line that has a name. */
export interface NamedNode extends ListedNode {
  name: string;
}

/** What a line may tell of a node besides its name. A target takes the fields that it needs, and ignores the others. */
const FIELDS = ["endpoint", "key"] as const;

export type Field = (typeof FIELDS)[number];

/** Room for about a million nodes. */
const MOST_MEBIBYTES = 64;

/** The option that names the list. */
export function nodesOption(description: string): OptionOfTarget {
  return { flags: "--nodes <file>", description: `${description}, - for stdin` };
}

/** The list's format, for --help. */
export const LIST_HELP = `\
The list has a line for each node: its node address, then its name, such as web or
db.int, where it has one. Empty lines and comments, which start with #, are skipped.`;

/** Where the list came from, for a note. */
export function originOf(path: string): string {
  return path === "-" ? "stdin" : quote(path);
}

/**
 * Reads a list in which names are optional.
 *
 * @param path a file, or `-` for stdin
 * @throws InputError that names the line and quotes it
 */
export async function readNodes(network: Network, path: string): Promise<ListedNode[]> {
  const list = await read(path);
  const lines = list.split("\n").map((line, n) => ({ line: n + 1, text: line.replace(/#.*/s, "").trim() }));
  const filled = lines.filter(({ text }) => text !== "");
  if (filled.length === 0) throw new InputError("the list of nodes is empty");
  return filled.map(({ line, text }) => parseLine(network, line, text));
}

/**
 * Reads a list in which every node has a name.
 *
 * @param path a file, or `-` for stdin
 * @throws InputError that names the line and quotes it
 */
export async function readNamedNodes(network: Network, path: string): Promise<NamedNode[]> {
  return (await readNodes(network, path)).map((node) => {
    const { line, text, name } = node;
    if (name === undefined) throw mismatch(lineOf(line), "a node address and a name", text);
    return { ...node, name };
  });
}

/** The lines of each node, in the order in which nodes come first. */
export function byNode(list: readonly ListedNode[]): [ListedNode, ...ListedNode[]][] {
  const nodes = new Map<string, [ListedNode, ...ListedNode[]]>();
  for (const listed of list) {
    const same = nodes.get(listed.host.node);
    if (same) same.push(listed);
    else nodes.set(listed.host.node, [listed]);
  }
  return [...nodes.values()];
}

/**
 * A field that one of a node's lines may have.
 *
 * @throws InputError where two of them have it
 */
export function fieldOf(
  same: readonly ListedNode[],
  field: Field,
): { line: number; value: string } | undefined {
  const [found, other] = same.flatMap(({ line, fields }) => {
    const value = fields[field];
    return value === undefined ? [] : [{ line, value }];
  });
  if (other) throw new InputError(`${lineOf(other.line)} has ${field} again for a node that has it already`);
  return found;
}

/** What an error calls a line. */
export function lineOf(line: number): string {
  return `line ${line} of the list`;
}

function parseLine(network: Network, line: number, text: string): ListedNode {
  const [node = "", ...words] = text.split(/\s+/);
  const name = words[0]?.includes("=") ? undefined : words[0];
  const pairs = name === undefined ? words : words.slice(1);
  if (pairs.some((pair) => !pair.includes("=")))
    throw mismatch(lineOf(line), "a node address and a name", text);
  return { line, text, host: hostOn(line, network, node), name, fields: parseFields(line, pairs) };
}

function parseFields(line: number, pairs: string[]): ListedNode["fields"] {
  const fields: Partial<Record<Field, string>> = {};
  for (const pair of pairs) {
    const [, word = "", value = ""] = /^(.*?)=(.*)$/.exec(pair) ?? [];
    const field = FIELDS.find((known) => known === word);
    if (!field) throw mismatch(`field in ${lineOf(line)}`, `${FIELDS.join(" or ")} with = and a value`, pair);
    if (fields[field] !== undefined) throw new InputError(`${lineOf(line)} has ${field} twice`);
    fields[field] = value;
  }
  return fields;
}

function hostOn(line: number, network: Network, node: string): Host {
  try {
    return network.host(parseNode(node));
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${lineOf(line)}: ${error.message}`) : error;
  }
}

async function read(path: string): Promise<string> {
  const what = "list of nodes";
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of path === "-" ? process.stdin : createReadStream(path)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_MEBIBYTES * 2 ** 20) break;
    }
  } catch (error) {
    throw mismatch(what, "a file that can be read", path, systemReason(error));
  }
  if (bytes > MOST_MEBIBYTES * 2 ** 20) throw mismatch(what, `a file of ${MOST_MEBIBYTES} MiB at most`, path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw mismatch(what, "text in UTF-8", path);
  }
}
