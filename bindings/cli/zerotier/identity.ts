import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, isReservedNode, mismatch, quote } from "sixplane";
import { systemReason } from "../io/failure.ts";
import { warn } from "../io/text.ts";

/** What a command is told of ZeroTier's folder: its path, true for the one that is usual here, or nothing. */
export type Folder = string | true | undefined;

/** A node address, and where it came from. */
export interface ChosenNode {
  address: string;
  /** As in `node address 89e92ceee5: as given`. */
  origin: string;
}

/**
 * Where ZeroTier keeps its files (upstream: OSUtils::platformDefaultHomePath): ZEROTIER_HOME, or what is usual
 * on this platform.
 */
export function usualFolder(): string {
  const { ZEROTIER_HOME, ProgramData = "C:\\ProgramData" } = process.env;
  if (ZEROTIER_HOME) return ZEROTIER_HOME;
  if (process.platform === "win32") return join(ProgramData, "ZeroTier", "One");
  if (process.platform === "darwin") return "/Library/Application Support/ZeroTier/One";
  return process.platform.endsWith("bsd") ? "/var/db/zerotier-one" : "/var/lib/zerotier-one";
}

/**
 * The node address that a command is to work with.
 *
 * @param node what was given, where there is one
 * @param folder ZeroTier's folder, where the option was given
 * @throws InputError unless it is just one of the two, or where nothing can be read there
 */
export function chooseNode(node: string | undefined, folder: Folder): ChosenNode {
  if (node !== undefined && folder !== undefined)
    throw new InputError("give either a node address or --zerotier, not both");
  if (folder !== undefined) return readNodeAddress(folder === true ? usualFolder() : folder);
  if (node !== undefined) return { address: node, origin: "as given" };
  throw new InputError(`give a node address, or --zerotier to take it from ZeroTier's folder`);
}

/**
 * The node address in the `identity.public` of a ZeroTier folder: the first of its fields, before the
 * type, 0, and the public key of 64 bytes (upstream: Identity::toString).
 *
 * @throws InputError that names the file, and quotes nothing of it, as it may be a secret put in the wrong place
 */
function readNodeAddress(folder: string): ChosenNode {
  const path = join(folder, "identity.public");
  const [, address] = /^([0-9a-f]{10}):0:[0-9a-f]{128}\s*$/.exec(read(path)) ?? [];
  if (address) return { address, origin: `from ${quote(path)}` };
  throw mismatch("public identity", "a file with a node address, :0: and 128 hex digits", path);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    throw mismatch("public identity", "a file that can be read", path, systemReason(error));
  }
}

/** Says on stderr where a node address is one that ZeroTier gives to no node. */
export function warnOfReserved(node: string): void {
  if (isReservedNode(node)) warn(`${node} is reserved: ZeroTier gives it to no node`);
}
