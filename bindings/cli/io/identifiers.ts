// Network IDs and node addresses as people type and paste them.

import { InputError, isMac, mismatch, quote } from "sixplane";
import type { Folder } from "../zerotier/identity.ts";

interface Kind {
  what: string;
  digits: number;
}

const NETWORK: Kind = { what: "network ID", digits: 16 };
const NODE: Kind = { what: "node address", digits: 10 };

/** What the help says of the words that stand for them. */
export const NETWORK_WORD = "network ID, 16 hex digits; or by --network";
export const NODE_WORD = "node address, 10 hex digits; or by --node";

/** What a command is told of a network and a node, by options or by words. */
export interface Identifiers {
  /** 16 lower-case hex digits. */
  network?: string;
  /** 10 lower-case hex digits. */
  node?: string;
  zerotier?: Folder;
  /** Whether the command takes a node at all. */
  takesNode: boolean;
  /** The words that are neither, in their order. */
  rest: string[];
}

interface Options {
  network?: string;
  node?: string;
  zerotier?: Folder;
}

/**
 * Finds the network ID and the node address among a command's words, in whatever order: one has 16 digits, the other 10.
 * What an option gives is not taken from the words. An ID or `-` behind `--zerotier` is a word, not a folder.
 *
 * @throws InputError where an option's value is no ID, or the two options are swapped
 */
export function findIdentifiers(words: readonly string[], options: Options, takesNode: boolean): Identifiers {
  refuseSwapped(options);
  const { network, node, zerotier } = options;
  const found: Identifiers = { zerotier, takesNode, rest: [] };
  if (network !== undefined) found.network = parseNetworkId(network);
  if (node !== undefined) found.node = parseNode(node);
  const isWord =
    typeof zerotier === "string" && (zerotier === "-" || nameOfIdentifier(zerotier) !== undefined);
  if (isWord) found.zerotier = true;
  for (const word of isWord ? [zerotier, ...words] : words) {
    if (found.network === undefined && isKind(NETWORK, word)) found.network = parseNetworkId(word);
    else if (takesNode && found.node === undefined && isKind(NODE, word)) found.node = parseNode(word);
    else found.rest.push(word);
  }
  return found;
}

/** The network ID. @throws InputError where there is none */
export function networkOf({ network }: Identifiers): string {
  if (network !== undefined) return network;
  throw new InputError("give a network ID: 16 hex digits, alone or behind --network");
}

/**
 * Refuses the words that a command has no use for.
 *
 * @param most how many it takes besides IDs
 * @throws InputError that says why a word is not the ID that is missing, or that it is one too many
 */
export function refuseMore({ network, node, zerotier, takesNode, rest }: Identifiers, most = 0): void {
  const [first = ""] = rest;
  if (rest.length <= most) return;
  if (network === undefined) parseNetworkId(first);
  if (takesNode && node === undefined && zerotier === undefined) parseNode(first);
  throw new InputError(`${quote(rest.at(most) ?? "")} is one argument too many`);
}

/**
 * The one word that a command takes besides IDs, and ZeroTier's folder. Where there is no other, it is the word behind `--zerotier`.
 *
 * @throws InputError where there are several
 */
export function soleWord(given: Identifiers): { word: string | undefined; zerotier: Folder } {
  refuseMore(given, 1);
  const { zerotier, rest } = given;
  const [word] = rest;
  if (word === undefined && typeof zerotier === "string") return { word: zerotier, zerotier: true };
  return { word, zerotier };
}

/**
 * The digits of a network ID, lower-case: with or without `0x`, blanks, hyphens or colons.
 *
 * @throws InputError for anything else
 * @example parseNetworkId("8056C2E2-1C000001"); // "8056c2e21c000001"
 */
export function parseNetworkId(text: string): string {
  return parse(NETWORK, text);
}

/** The same for a node address. @example parseNode("0x89e92ceee5"); // "89e92ceee5" */
export function parseNode(text: string): string {
  return parse(NODE, text);
}

/** Whether a text is a node address, or a network ID: the name of what it is. */
export function nameOfIdentifier(text: string): string | undefined {
  return [NETWORK, NODE].find((kind) => isKind(kind, text))?.what;
}

function refuseSwapped({ network = "", node = "" }: Options): void {
  if (!isKind(NODE, network) || !isKind(NETWORK, node)) return;
  throw new InputError(
    `--network and --node are swapped: ${quote(network)} is a node address, and ${quote(node)} a network ID`,
  );
}

function isKind({ digits }: Kind, text: string): boolean {
  return digitsOf(text)?.length === digits;
}

function parse(kind: Kind, text: string): string {
  const digits = digitsOf(text);
  if (digits?.length === kind.digits) return digits;
  throw mismatch(kind.what, `${kind.digits} hex digits`, text, whyNot(kind, text, digits));
}

function whyNot(kind: Kind, text: string, digits: string | undefined): string | undefined {
  const other = nameOfIdentifier(text);
  if (other) return `it is a ${other}`;
  if (isMac(text)) return "it is a MAC, and sixplane owner tells whose";
  const [stranger] = /[^0-9a-f]/i.exec(text) ?? [];
  if (digits !== undefined && stranger !== undefined) return `it has ${digits.length} digits`;
  if (text.length === kind.digits && stranger !== undefined) return `${quote(stranger)} is not a hex digit`;
  return undefined;
}

/**
 * The hex digits of a text without `0x` and separators; undefined where something else is in it. Between colons are pairs or
 * fours, all of them: other groups are an IPv6 address.
 */
function digitsOf(text: string): string | undefined {
  const bare = text.trim().toLowerCase().replace(/^0x/, "");
  const isGrouped =
    /^[0-9a-f]+([ -])[0-9a-f]+(\1[0-9a-f]+)*$|^[0-9a-f]{2}(:[0-9a-f]{2})+$|^[0-9a-f]{4}(:[0-9a-f]{4})+$/;
  return /^[0-9a-f]+$/.test(bare) || isGrouped.test(bare) ? bare.replace(/[ :-]/g, "") : undefined;
}
