// Counts the solicitations that reach other hosts, on real kernels, until each of them has talked to each other.
import { readFileSync } from "node:fs";
import { Network } from "sixplane";
import { EchoSocket } from "../../examples/fabric/echo.js";
import { openHosts } from "../../examples/fabric/host.js";
import { Namespace } from "../../examples/fabric/namespace.js";

/** @typedef {import("../../examples/fabric/host.js").Host} Host */

const NETWORK = "8056c2e21c000001";
const WIRE = "wire";
const PATIENCE_MILLISECONDS = 5000;

/**
 * @typedef {object} Count of solicitations that kernels received from other hosts
 * @property {number} flooded on an Ethernet that floods multicast
 * @property {number} emulated on interfaces of `sixplane up`, with 6PLANE addresses
 * @property {number} answered how many these interfaces answered meanwhile
 * @property {number} foreign on the same interfaces, with addresses that belong to no node: they do get across there
 */

/**
 * Counts, on hosts that are network namespaces. It must be in a namespace of its own, where it makes a bridge.
 *
 * @param {number} number of hosts, 2 to 254
 * @returns {Promise<Count>}
 * @throws Error where a host does not reach another
 */
export async function count(number) {
  const outside = Namespace.own();
  outside.ip(`link add ${WIRE} type bridge mcast_snooping 0`);
  outside.ip(`link set ${WIRE} up`);
  const nodes = Array.from({ length: number }, (_, index) => (0x1000000000 + index).toString(16));
  const hosts = await openHosts(new Network(NETWORK), nodes, outside, WIRE);
  const sockets = hosts.map(({ namespace }) => new EchoSocket(namespace));
  try {
    const flooded = await talk(hosts, sockets, addForeign(hosts, "eth0", "2001:db8:1"));
    const before = await answered(hosts);
    const own = hosts.map(({ names }) => names.sixplane.address);
    const emulated = await talk(hosts, sockets, own);
    const after = await answered(hosts);
    const foreign = await talk(hosts, sockets, addForeign(hosts, "zt0", "2001:db8:2"));
    return { flooded, emulated, answered: after - before, foreign };
  } finally {
    for (const socket of sockets) socket.close();
    // The kernel would remove the cables some time after the hosts.
    for (const name of [...nodes, WIRE]) outside.ip(`link delete ${name}`);
    for (const host of hosts) await host.close();
    outside.close();
  }
}

/**
 * Gives each host an address that names no node. Like 6PLANE addresses, all end in ::1, so all hosts are in the same
 * solicited-node multicast group, and each kernel receives and counts whatever solicitation reaches its host.
 *
 * @param {Host[]} hosts
 * @param {string} name of the interface
 * @param {string} prefix of 48 bits
 */
function addForeign(hosts, name, prefix) {
  return hosts.map(({ namespace }, index) => {
    const address = `${prefix}:${(index + 1).toString(16)}::1`;
    namespace.ip(`address add ${address}/48 dev ${name} nodad`);
    return address;
  });
}

/**
 * Has each host send each later one a datagram, which that answers. Gives how many solicitations the kernels received.
 *
 * @param {Host[]} hosts
 * @param {EchoSocket[]} sockets one of each host
 * @param {string[]} addresses one of each host
 */
async function talk(hosts, sockets, addresses) {
  const before = received(hosts);
  await exchange(sockets, addresses, (from, to) => from < to);
  // Frames from one host to another arrive in order. So once all have talked both ways, for which they need no further
  // solicitation, whatever was sent before has arrived.
  await exchange(sockets, addresses, (from, to) => from !== to);
  return received(hosts) - before;
}

/**
 * Sends datagrams one after the other, and waits for the answer to each.
 *
 * @param {EchoSocket[]} sockets
 * @param {string[]} addresses
 * @param {(from: number, to: number) => boolean} isWanted
 */
async function exchange(sockets, addresses, isWanted) {
  for (const [from, socket] of sockets.entries()) {
    for (const [to, address] of addresses.entries()) {
      if (!isWanted(from, to)) continue;
      const isReached = await socket.reaches(address, PATIENCE_MILLISECONDS);
      if (!isReached) throw new Error(`host ${from + 1} of ${sockets.length} did not reach ${address}`);
    }
  }
}

/** How many Neighbor Solicitations (ICMPv6 type 135) the kernels have received. @param {Host[]} hosts */
function received(hosts) {
  const counters = hosts.map(({ namespace }) =>
    namespace.within(() => readFileSync("/proc/thread-self/net/snmp6", "utf8")),
  );
  return counters.reduce((sum, text) => sum + Number(/^Icmp6InType135\s+(\d+)/m.exec(text)?.[1] ?? 0), 0);
}

/** How many solicitations the interfaces of `sixplane up` have answered. @param {Host[]} hosts */
async function answered(hosts) {
  const lines = await Promise.all(hosts.map((host) => host.line()));
  return lines.reduce((sum, { tap }) => sum + tap.reply, 0);
}
