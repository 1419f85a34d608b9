import { InputError, mismatch, type Prefix } from "sixplane";
import { bridgeAddress } from "./bridge.ts";
import { type Subnet, subnetsOf } from "./subnet.ts";
import type { Notes } from "./syntax.ts";
import type { GivenHost, OptionOfTarget } from "./target.ts";

/** The part of a host's /80 that is on a link behind the host, where the host is the router. */
export interface Site extends Subnet {
  /** The host's address there. */
  router: string;
  /** What DHCPv6 gives out: 65,536 addresses, or half of the prefix where that is less. */
  pool: Prefix;
  /** The pool's first address, and its last. */
  first: string;
  last: string;
  /** The notes so far, and what these values are. */
  notes: Notes;
}

/** The longest prefix that has room for a router, behind the routers' anycast address (RFC 4291 §2.6.1), and a pool. */
const MOST_LENGTH = 126;

/** libvirt refuses a range in which more than the last 16 bits differ (upstream: virSocketAddrGetRange). */
const POOL_LENGTH = 112;

/**
 * The sub-prefix that was asked for, or else one by a name of the target's own: never the whole /80, as its
 * first /95 has the host's own address, which is on another link.
 *
 * @throws InputError where the sub-prefix has no room
 */
export function siteOf({ host, subnets, notes }: GivenHost, name: string): Site {
  const { prefix } = host.sixplane;
  const [subnet] = [...subnets, ...subnetsOf(prefix, [name], "96")] as [Subnet];
  const { length } = subnet.prefix;
  if (length > MOST_LENGTH)
    throw new InputError(
      `the sub-prefix "${subnet.name}" is a /${length}, which has no room for a router and a pool: make it a /${MOST_LENGTH} at most`,
    );
  const pool = subnet.prefix.subnet(Math.max(POOL_LENGTH, length + 1), 1);
  const router = bridgeAddress(subnet.prefix);
  const byDefault = `sub-prefix ${subnet.prefix}: number ${subnet.number} of the host prefix, by the name it has unless told otherwise, ${name}`;
  return {
    ...subnet,
    router,
    pool,
    first: pool.address(0),
    last: pool.address(2n ** BigInt(128 - pool.length) - 1n),
    notes: [
      ...notes,
      ...(subnets.length === 0 ? [byDefault] : []),
      `router ${router}: the second address of the sub-prefix, for this host`,
    ],
  };
}

/** What the pool is and where it came from. */
export function explainPool({ pool }: Site): string {
  return `pool ${pool}: of the sub-prefix, the second share of that length, for DHCPv6`;
}

/** The option that names the interface to the site. */
export const SITE_INTERFACE: OptionOfTarget = {
  flags: "--interface <name>",
  description: "the router's interface to the site",
  required: true,
};

/** The name of the interface, where Linux allows it. @throws InputError for any other */
export function checkInterface(name: string): string {
  if (isInterface(name)) return name;
  throw mismatch("interface", "up to 15 letters, digits, dots, hyphens and underscores", name);
}

/** The names that Linux allows (upstream: dev_valid_name), of characters that mean nothing to any program. */
function isInterface(name: string): boolean {
  return /^[a-z0-9_.-]{1,15}$/i.test(name) && !/^\.{1,2}$/.test(name);
}
