import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Joined } from "./networks.ts";

/**
 * The IDs of the networks that ZeroTier's folder has joined: the names of the files in `networks.d`.
 *
 * @throws Error of the operating system where the folder cannot be read
 */
export function joinedIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, "networks.d")).flatMap(
      (name) => /^([0-9a-f]{16})\.conf$/.exec(name)?.[1] ?? [],
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The networks that are joined, but not listed by the service; none where this user may not look. */
export function notListed(folder: string, listed: readonly Pick<Joined, "id">[]): string[] {
  try {
    return joinedIn(folder).filter((id) => !listed.some((network) => network.id === id));
  } catch {
    return [];
  }
}
