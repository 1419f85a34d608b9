// Hosts with containers that reach each other, while no Neighbor Solicitation leaves its host.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { Network } from "sixplane";
import { capture } from "./capture.js";
import { PORT } from "./echo.js";
import { openHosts } from "./host.js";
import { isInOwnNamespace, isInstalled, Namespace, obstacle, runInOwnNamespace } from "./namespace.js";

const NETWORK = "8056c2e21c000001";
const NODES = ["89e92ceee5", "deadbeef01", "1122334455", "3b1c0ffee7", "5e77ab1e42"];

/** How long a container waits for an answer. */
const PATIENCE_MILLISECONDS = 5000;
/** The same for the address that no container has. */
const NOBODY_MILLISECONDS = 500;

/** Why a TAP passes a solicitation on instead of answering it. */
const PASSED_ON = ["not-emulated", "own-address", "reserved-owner", "unicast-probe"];

/** For tcpdump: what is in a datagram from UDP on. That is VXLAN, Ethernet and IPv6, and then UDP or ICMPv6. */
const QUESTIONS_AND_ANSWERS = `udp[28:2] = 0x86dd and udp[36] = 17 and udp[72:2] = ${PORT}`;
const SOLICITATIONS = "udp[28:2] = 0x86dd and udp[36] = 58 and udp[70] = 135";

const { values } = parseArgs({
  options: { hosts: { type: "string", default: "3" }, containers: { type: "string", default: "2" } },
});

const lacking = obstacle();
if (lacking) {
  console.log(`Hosts and containers cannot run here, as they need ${lacking}.`);
  console.log("Instead, this is what sixplane says of frames that a Linux kernel sent before:");
  await import("../capture/start.js");
} else if (isInOwnNamespace) {
  await show(number("hosts", 2, NODES.length), number("containers", 1, 50));
} else {
  process.exitCode = await runInOwnNamespace();
}

/** @param {number} hostCount @param {number} containerCount */
async function show(hostCount, containerCount) {
  const network = new Network(NETWORK);
  console.log(`Network ${network.id} has the prefix ${network.sixplane}`);
  const outside = Namespace.own();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  const hosts = await openHosts(network, NODES.slice(0, hostCount), outside, "wire");
  const stopCapture = isInstalled("tcpdump") ? await capture(outside, "wire") : undefined;
  try {
    addContainers(hosts, containerCount);
    const before = await counters(hosts);
    const nobody = await reachAll(hosts);
    showNeighbours(/** @type {Host} */ (hosts[0]));
    showSolicitations(hosts, before, await counters(hosts));
    if (stopCapture) showFrames(await stopCapture(), nobody);
  } finally {
    for (const host of hosts) await host.close();
  }
}

/** @param {Host[]} hosts @param {number} count */
function addContainers(hosts, count) {
  for (const host of hosts) {
    console.log(`  host ${host.names.node} has ${host.names.sixplane.prefix}`);
    for (let n = 0; n < count; n++) console.log(`    container ${host.addContainer().address}`);
  }
}

/** What each host's interface has counted so far. @param {Host[]} hosts @returns {Promise<Counters[]>} */
async function counters(hosts) {
  return Promise.all(hosts.map(async (host) => (await host.line()).tap));
}

/**
 * Has every container ask every other, and the first one an address of the second host that no container has.
 *
 * @param {Host[]} hosts
 * @returns {Promise<string>} that address
 */
async function reachAll(hosts) {
  const containers = hosts.flatMap((host) => host.containers);
  const [firstContainer] = /** @type {[Container]} */ (containers);
  const [, secondHost] = /** @type {[Host, Host]} */ (hosts);
  const nobody = secondHost.names.sixplane.prefix.address(randomBytes(6).readUIntBE(0, 6));
  const nobodyAnswers = firstContainer.socket.reaches(nobody, NOBODY_MILLISECONDS);

  const answers = [];
  for (const from of containers) {
    const others = containers.filter((other) => other !== from);
    const asked = others.map(({ address }) => from.socket.reaches(address, PATIENCE_MILLISECONDS));
    answers.push(...(await Promise.all(asked)));
  }
  const answered = answers.filter(Boolean).length;
  console.log(
    `\nEvery container sends a datagram to every other: ${answered} of ${answers.length} are answered.`,
  );
  console.log(
    `One goes to ${nobody}, which no container has: ${(await nobodyAnswers) ? "answered" : "no answer"}.`,
  );
  console.log(
    secondHost.datapath === "kernel"
      ? "The kernel carries them from host to host, by the same core as an eBPF program."
      : "sixplane itself carries them from host to host, through TAP interfaces.",
  );
  if (answered < answers.length) process.exitCode = 1;
  return nobody;
}

/** @param {Host} host */
function showNeighbours({ names, namespace }) {
  console.log(`\nThe kernel of host ${names.node} has found these neighbours:`);
  const lines = namespace.ip("-6 neighbour show dev zt0").trim().split("\n");
  for (const line of lines.sort()) console.log(`  ${line.trim()}`);
}

/** @param {Host[]} hosts @param {Counters[]} before @param {Counters[]} after */
function showSolicitations(hosts, before, after) {
  console.log(
    "\nTo find neighbours, kernels send Neighbor Solicitations. The interface of each host took them:",
  );
  for (const [index, { names }] of hosts.entries()) {
    const [earlier, later] = /** @type {[Counters, Counters]} */ ([before[index], after[index]]);
    const answered = later.reply - earlier.reply;
    const passed = passedOn(later) - passedOn(earlier);
    console.log(
      `  host ${names.node} answered ${answered} on the spot and passed ${passed} on to the other hosts`,
    );
  }
}

/** How many solicitations a TAP has passed on to other hosts. @param {Counters} counters */
function passedOn({ reasons }) {
  return PASSED_ON.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0);
}

/** @param {(filter?: string) => string[]} frames @param {string} nobody */
function showFrames(frames, nobody) {
  const datagrams = frames(QUESTIONS_AND_ANSWERS);
  const unanswered = datagrams.filter((line) => line.includes(`> ${nobody}.`));
  console.log("\nOn the wire between the hosts, tcpdump saw:");
  console.log(`  ${datagrams.length - unanswered.length} datagrams between containers`);
  console.log(`  ${unanswered.length} datagram to the address that no container has`);
  console.log(`  ${frames(SOLICITATIONS).length} Neighbor Solicitations`);
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
/** @typedef {{ reply: number, reasons: Record<string, number> }} Counters */
