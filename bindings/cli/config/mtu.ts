import { parseWhole } from "../io/number.ts";
import type { GivenHost, OptionOfTarget } from "./target.ts";

/** What ZeroTier gives to its interfaces unless the controller says otherwise (upstream: ZT_DEFAULT_MTU). */
const DEFAULT_MTU = 2800;

/** The least that IPv6 takes (RFC 8200 §5), and the most that ZeroTier has (upstream: ZT_MAX_MTU). */
const LEAST_MTU = 1280;
const MOST_MTU = 10_000;

/** The option for the MTU of what is behind the host. */
export const MTU: OptionOfTarget = {
  flags: "--mtu <bytes>",
  description: `the network's MTU; unless given, what ZeroTier's service says with --zerotier, or else ${DEFAULT_MTU}`,
};

/**
 * The network's MTU, and where it came from.
 *
 * @throws InputError for one that IPv6 or ZeroTier cannot have
 */
export function mtuOf(given: string | undefined, { joined }: GivenHost): { bytes: number; origin: string } {
  if (given !== undefined) return { bytes: parseMtu(given), origin: "as given" };
  if (joined && joined.mtu >= LEAST_MTU && joined.mtu <= MOST_MTU)
    return { bytes: joined.mtu, origin: "that of the network, as ZeroTier's service says" };
  return { bytes: DEFAULT_MTU, origin: "that of a ZeroTier network unless its controller changes it" };
}

/** @throws InputError for an MTU that IPv6 or ZeroTier cannot have */
export function parseMtu(text: string): number {
  return parseWhole("MTU", text, LEAST_MTU, MOST_MTU);
}
