import { mismatch, type Prefix } from "sixplane";
import type { Subnet } from "./subnet.ts";
import type { OptionOfTarget } from "./target.ts";

/** The option by which a target is told the name of its bridge. */
export function bridgeOption(kind: string): OptionOfTarget {
  const usual = `${kind}-sixplane, or ${kind}- and the name of the --subnet`;
  return { flags: "--bridge <name>", description: `the bridge's name; unless given, ${usual}` };
}

/**
 * The name of a target's bridge, and where it came from.
 *
 * @param kind what the name starts with unless it is given
 * @throws InputError for one that an interface cannot have, or that means something in a file
 */
export function bridgeOf(kind: string, given: string | undefined, subnet: Subnet | undefined) {
  if (given !== undefined) return { name: checked(given), origin: "as given" };
  if (subnet) return { name: checked(`${kind}-${subnet.name}`), origin: "by the name of the sub-prefix" };
  return { name: `${kind}-sixplane`, origin: "always the same" };
}

/**
 * The address of a bridge, and of a site's router: the second of the prefix that is on it. In a host's /80 that is the host's own,
 * so that what is on the bridge reaches its host by the same address as everybody else.
 */
export function bridgeAddress(prefix: Prefix): string {
  return prefix.address(1);
}

/** What Linux calls the settings that all interfaces have or start with. */
const SETTINGS = ["all", "default"];

function checked(name: string): string {
  if (/^[a-z\d][\w.-]{0,14}$/i.test(name) && !SETTINGS.includes(name)) return name;
  const expected =
    "up to 15 letters, digits, dots, hyphens and underscores, with a letter or digit first, and not all or default";
  throw mismatch("bridge name", expected, name);
}
