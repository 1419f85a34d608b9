import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, mismatch } from "../errors.ts";
import { isReservedNode, parseNode } from "../identifier.ts";
import { systemReason } from "./failure.ts";

/**
 * The node address that a command is to work with.
 *
 * @param node the argument, where there is one
 * @param folder ZeroTier's folder, where the option names one
 * @throws InputError unless it is just one of the two, or where nothing can be read there
 */
export function nodeAddress(node: string | undefined, folder: string | undefined): string {
  if (node !== undefined && folder !== undefined)
    throw new InputError("give either a node address or --zerotier, not both");
  if (folder !== undefined) return readNodeAddress(folder);
  if (node !== undefined) return node;
  throw new InputError(
    "give a node address, or --zerotier and ZeroTier's folder, such as /var/lib/zerotier-one",
  );
}

/**
 * The node address in the `identity.public` of a ZeroTier folder: the first of its fields, before the
 * type, 0, and the public key of 64 bytes (upstream: Identity::toString).
 *
 * @throws InputError that names the file, and quotes nothing of it, as it may be a secret put in the wrong place
 */
function readNodeAddress(folder: string): string {
  const path = join(folder, "identity.public");
  const [, node] = /^([0-9a-f]{10}):0:[0-9a-f]{128}\s*$/.exec(read(path)) ?? [];
  if (node) return node;
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
  if (isReservedNode(parseNode(node)))
    process.stderr.write(`sixplane: ${node} is reserved: ZeroTier gives it to no node\n`);
}
