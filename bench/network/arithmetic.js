// How many solicitations reach other hosts until each of them has talked to each other, from empty neighbour caches
// and without loss.

/** A solicited-node multicast address, and the MAC made of it, name 24 bits of the target (RFC 4291 §2.7.1). */
const GROUPS = 2 ** 24;

/**
 * The solicitations that reach other hosts.
 *
 * Of each two hosts that talk, one asks for the other by one solicitation to its solicited-node multicast address
 * (RFC 4861 §7.2.2), which Ethernet maps to a group MAC (RFC 2464 §7). The other need not ask back, as the
 * solicitation says who sent it (RFC 4861 §7.2.3). A fabric without MLD snooping delivers it to all hosts but the one
 * that asks. One with snooping delivers it to the target, and to each further host with the same low 24 bits by
 * chance. With emulation none leaves its host.
 *
 * @param {number} hosts how many there are, 2 or more
 * @param {number} [groups] how many solicited-node multicast addresses there are
 * @returns {{ flooded: number, snooped: number, emulated: number }} deliveries; `snooped` is what is to be expected
 *   of addresses whose low 24 bits are evenly spread. Exact up to 2^53, and from there as near as a double comes
 * @example
 * solicitationsOf(64); // { flooded: 127008, snooped: 2016.007…, emulated: 0 }
 */
export function solicitationsOf(hosts, groups = GROUPS) {
  const pairs = (hosts * (hosts - 1)) / 2;
  return { flooded: pairs * (hosts - 1), snooped: pairs * (1 + (hosts - 2) / groups), emulated: 0 };
}
