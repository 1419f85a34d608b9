// Hosts with containers, which find each other without a single solicitation between the hosts.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { initSync, Network } from "sixplane";
import { capture } from "./capture.js";
import { openHosts } from "./host.js";
import { isInOwnNamespace, Namespace, obstacle, runInOwnNamespace } from "./namespace.js";

const NETWORK = "8056c2e21c000001";
const NODES = ["89e92ceee5", "deadbeef01", "1122334455", "3b1c0ffee7", "5e77ab1e42"];

/** What is in a datagram, from UDP on: VXLAN, Ethernet, IPv6, ICMPv6 of these types. */
const ICMPV6 = "udp[28:2] = 0x86dd and udp[36] = 58 and udp[70]";
const ECHOES = `${ICMPV6} >= 128 and udp[70] <= 129`;
const SOLICITATIONS = `${ICMPV6} = 135`;

const { values } = parseArgs({
  options: { hosts: { type: "string", default: "3" }, containers: { type: "string", default: "2" } },
});

const why = obstacle("ping", "tcpdump");
if (why) {
  console.log(`Hosts and containers cannot be shown here: ${why}.\nInstead, frames from a capture:`);
  await import("../capture/start.js");
} else if (isInOwnNamespace) {
  await show(number("hosts", 2, NODES.length), number("containers", 1, 50));
} else {
  process.exitCode = await runInOwnNamespace();
}

/** @param {number} hostCount @param {number} containerCount */
async function show(hostCount, containerCount) {
  initSync();
  const network = new Network(NETWORK);
  console.log(`Network ${network.id} is ${network.sixplane}`);
  const outside = Namespace.own();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  const hosts = await openHosts(network, NODES.slice(0, hostCount), outside, "wire");
  const stopCapture = await capture(outside, "wire");
  try {
    await addContainers(hosts, containerCount);
    const containers = hosts.flatMap((host) => host.containers);
    const [firstHost, secondHost] = /** @type {[Host, Host]} */ (hosts);
    const [firstContainer] = /** @type {[Container]} */ (containers);
    await pingAll(containers);
    const nobody = await pingNobody(firstContainer, secondHost);
    showNeighbours(firstHost);
    showFrames(await stopCapture(), nobody);
  } finally {
    for (const host of hosts) await host.close();
  }
}

/** @param {Host[]} hosts @param {number} count */
async function addContainers(hosts, count) {
  for (const host of hosts) {
    console.log(`  host ${host.names.node} has ${host.names.sixplane.prefix}`);
    for (let n = 0; n < count; n++) console.log(`    container ${await host.addContainer()}`);
  }
}

/** @param {Container[]} containers */
async function pingAll(containers) {
  let asked = 0;
  let answered = 0;
  for (const from of containers) {
    const others = containers.filter((other) => other !== from);
    const replies = await Promise.all(others.map(({ address }) => ping(from, address, 5)));
    asked += replies.length;
    answered += replies.filter(Boolean).length;
  }
  console.log(`\nEvery container pings every other: ${answered} of ${asked} answer.`);
  if (answered < asked) process.exitCode = 1;
}

/**
 * Pings an address of another host that no container has.
 *
 * @param {Container} from
 * @param {Host} other
 */
async function pingNobody(from, other) {
  const nobody = other.names.sixplane.prefix.address(randomBytes(6).readUIntBE(0, 6));
  const reply = await ping(from, nobody, 1);
  console.log(`One pings ${nobody}, which no container has: ${reply ? "an answer" : "no answer"}.`);
  return nobody;
}

/** @param {Host} host */
function showNeighbours({ names, namespace }) {
  console.log(`\nThe neighbours of host ${names.node}, as its kernel has them:`);
  const lines = namespace.ip("-6 neighbour show dev zt0").trim().split("\n");
  for (const line of lines) console.log(`  ${line.trim()}`);
}

/** @param {(filter?: string) => string[]} frames @param {string} nobody */
function showFrames(frames, nobody) {
  const echoes = frames(ECHOES);
  const unanswered = echoes.filter((line) => line.includes(`> ${nobody}: ICMP6, echo request`));
  console.log("\nBetween the hosts, since they are up, tcpdump saw:");
  console.log(`  ${echoes.length - unanswered.length} echo requests and replies of containers`);
  console.log(`  ${unanswered.length} echo request to the address that no container has`);
  console.log(`  ${frames(SOLICITATIONS).length} Neighbor Solicitations`);
}

/** @param {Container} from @param {string} address @param {number} seconds to wait for an answer */
async function ping({ namespace }, address, seconds) {
  const [status] = await once(namespace.start("ping", "-q", "-c", "1", "-W", `${seconds}`, address), "exit");
  return status === 0;
}

/**
 * @param {"hosts" | "containers"} name
 * @param {number} least
 * @param {number} most
 */
function number(name, least, most) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  console.error(
    `--${name} must be a whole number from ${least} to ${most}, got ${JSON.stringify(values[name])}`,
  );
  process.exit(2);
}

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./host.js").Container} Container */
