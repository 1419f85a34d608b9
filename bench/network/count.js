// Counts the solicitations that reach other hosts, each in a network namespace of its own, until each of them has
// talked to each other.
import { initSync } from "sixplane";
import { Emulation } from "./emulation.js";
import { nodeOf } from "./host.js";
import { Segment } from "./segment.js";

/** @typedef {import("./host.js").Host} Host */

/** So few that what is under way at once, up to 63 copies of each solicitation, has room in a core's queue of 1,000. */
const EXCHANGES_AT_ONCE = 4;

/** Exchanges between two times of forgetting: the kernel knows 1,024 neighbours, in all namespaces together. */
const ROUND = 128;

const PATIENCE_MILLISECONDS = 60_000;

/**
 * @typedef {object} Count of solicitations that came in at hosts which had not sent them
 * @property {number} flooded where multicast goes to all, and hosts use their 6PLANE addresses
 * @property {number} snooped with MLD snooping, and RFC 4193 addresses, whose low 24 bits differ
 * @property {number} snooped6plane the same with 6PLANE addresses, which all end in ::1
 * @property {number} emulated where TAPs answer, and multicast goes to all, with 6PLANE addresses
 * @property {number} answered how many the TAPs answered meanwhile
 * @property {number} emulatedRfc4193 the same with RFC 4193 addresses
 * @property {number} foreign on the same hosts, with addresses that are not emulated
 */

/**
 * Counts. It takes this thread to other namespaces meanwhile, and makes a bridge in its own.
 *
 * @param {number} number of hosts, 2 to 64
 * @returns {Promise<Count>}
 * @throws Error where a host does not reach another
 */
export async function count(number) {
  initSync();
  const nodes = Array.from({ length: number }, (_, index) => nodeOf(index));
  return { ...(await countAsking(new Segment(nodes))), ...(await countEmulated(new Emulation(nodes))) };
}

/** @param {Segment} network */
async function countAsking(network) {
  try {
    await network.open();
    const flooded = await talk(network.hosts, "6plane");
    await network.snoop("6plane", "rfc4193");
    const snooped = await talk(network.hosts, "rfc4193");
    return { flooded, snooped, snooped6plane: await talk(network.hosts, "6plane") };
  } finally {
    await network.close();
  }
}

/** @param {Emulation} network */
async function countEmulated(network) {
  try {
    await network.open();
    const before = network.answered();
    const emulated = await talk(network.hosts, "6plane");
    const answered = network.answered() - before;
    const emulatedRfc4193 = await talk(network.hosts, "rfc4193");
    return { emulated, answered, emulatedRfc4193, foreign: await talk(network.hosts, "foreign") };
  } finally {
    await network.close();
  }
}

/**
 * Has each host exchange datagrams with each other, and counts the solicitations that come in at hosts meanwhile.
 *
 * @param {Host[]} hosts
 * @param {import("./host.js").Kind} kind of address
 */
async function talk(hosts, kind) {
  const pairs = hosts.flatMap((host, index) => hosts.slice(index + 1).map((other) => ({ host, other })));
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  for (const host of hosts) host.solicitations();
  for (let start = 0; start < pairs.length; start += ROUND) {
    const round = pairs.slice(start, start + ROUND).values();
    const inTurn = async () => {
      for (const { host, other } of round) await host.greet(other, kind, signal);
    };
    await Promise.all(Array.from({ length: EXCHANGES_AT_ONCE }, inTurn)).catch((error) => {
      if (!signal.aborted) throw error;
      throw new Error(
        `${hosts.length} hosts did not reach each other by their ${kind} addresses in a minute`,
      );
    });
    for (const host of hosts) host.forget();
  }
  return hosts.reduce((sum, host) => sum + host.solicitations(), 0);
}
