import { MODE_BITS } from "./core.ts";
import { mismatch } from "./errors.ts";
import { checkKeys } from "./options.ts";

/**
 * The IPv6 source addresses that a node may use besides its own.
 *
 * @example
 * const policy: SourcePolicy = { foreign: false };
 */
export interface SourcePolicy {
  /**
   * Whether a node may use IPv6 sources that belong to no node of the network: global addresses, and unique
   * local addresses of other prefixes. On by default, because a node may route for others.
   */
  foreign?: boolean;
  /**
   * Whether a node may send Router Advertisements, by which hosts change their routes. Off by default.
   */
  routers?: boolean;
}

/**
 * The policy as bits of the record's modes byte.
 *
 * @internal
 * @throws InputError for a wrong policy: to ignore it would permit frames that the caller wants to reject
 */
export function policyBits(policy: SourcePolicy = {}): number {
  if (typeof policy !== "object" || !policy) throw mismatch("source policy", "an object", policy);
  checkKeys(policy, ["foreign", "routers"]);
  const { foreign = true, routers = false } = policy;
  if (typeof foreign !== "boolean") throw mismatch("foreign", "true or false", foreign);
  if (typeof routers !== "boolean") throw mismatch("routers", "true or false", routers);
  return (foreign ? 0 : MODE_BITS.ownSources) | (routers ? MODE_BITS.routers : 0);
}
