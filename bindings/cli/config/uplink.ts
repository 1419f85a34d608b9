// The interfaces that have their default route from routers' advertisements.

import { mismatch } from "sixplane";
import { LinuxHost } from "../doctor/linux.ts";
import { Unseen } from "../doctor/state.ts";
import { type Folder, usualFolder } from "../zerotier/identity.ts";
import { checkInterface } from "./site.ts";
import type { OptionOfTarget } from "./target.ts";

export interface Uplinks {
  names: string[];
  /** Which they are, and why, for a note. */
  explanation: string;
}

export const UPLINK: OptionOfTarget = {
  flags: "--uplink <name>",
  description: "an interface that has its default route from a router's advertisements; may be repeated",
  repeatable: true,
};

const WHY = "takes routers' advertisements also while the host forwards, and so keeps the default route";

/**
 * The uplinks that were named or, on a host that is asked for its ZeroTier, those that the kernel has such a route by.
 *
 * @throws InputError for a name that no interface can have
 */
export function uplinksOf(given: string[] | undefined, zerotier: Folder): Uplinks {
  if (given) {
    const names = [...new Set(given.map(checkUplink))];
    return { names, explanation: `${names.join(", ")}, as given, ${WHY}` };
  }
  const names = zerotier === undefined ? [] : taught(zerotier);
  if (names.length > 0)
    return { names, explanation: `${names.join(", ")}, by whose routers this machine has a route, ${WHY}` };
  return {
    names,
    explanation: "for no interface; name by --uplink each that has its default route from a router",
  };
}

/** @throws InputError for names by which the kernel means several interfaces, too */
function checkUplink(name: string): string {
  if (name === "all" || name === "default") throw mismatch("uplink", "one interface", name);
  return checkInterface(name);
}

/** The interfaces by which the kernel itself took a default route. Of an interface with accept_ra 0, a program takes them. */
function taught(zerotier: string | true): string[] {
  const host = new LinuxHost(zerotier === true ? usualFolder() : zerotier);
  try {
    const defaults = host.routes().filter(({ dst, protocol }) => dst === "default" && protocol === "ra");
    const names = [...new Set(defaults.flatMap(({ dev }) => dev ?? []))];
    return names.map(checkInterface).filter((name) => host.setting(`net/ipv6/conf/${name}/accept_ra`) !== 0);
  } catch (error) {
    if (error instanceof Unseen) return [];
    throw error;
  }
}
