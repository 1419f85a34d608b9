// Hosts on an Ethernet: a bridge in this thread's namespace, and a cable from it to each host.
import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, parseAddress } from "sixplane";
import { addAddresses, Host, skipDetection } from "./host.js";
import { ipBatch, Namespace } from "./namespace.js";
import { until } from "./until.js";

/** @typedef {import("./host.js").Node} Node */
/** @typedef {import("./host.js").Kind} Kind */

const BRIDGE = "segment";
const RESPONSE_MILLISECONDS = 10;

/** A network whose hosts' kernels find each other by asking, and that floods multicast until it is told otherwise. */
export class Segment {
  /** @type {Host[]} */
  hosts = [];
  #nodes;
  /** @type {Namespace[]} */
  #namespaces = [];

  /** @param {Node[]} nodes */
  constructor(nodes) {
    this.#nodes = nodes;
  }

  async open() {
    skipDetection();
    // Version 2, as in version 1 a host is silent where it hears another in the group, even one that was flooded to it.
    const answering = `mcast_mld_version 2 mcast_query_response_interval ${RESPONSE_MILLISECONDS / 10}`;
    ipBatch([`link add ${BRIDGE} type bridge mcast_snooping 0 ${answering}`, `link set ${BRIDGE} up`]);
    for (const _ of this.#nodes) this.#namespaces.push(Namespace.open());
    ipBatch(
      this.#nodes.flatMap(({ mac }, index) => [
        `link add port${index} type veth peer name eth0 address ${mac} netns ${this.#namespaces[index]?.path}`,
        `link set port${index} master ${BRIDGE} up`,
      ]),
    );
    for (const [index, node] of this.#nodes.entries()) {
      await this.#namespaces[index]?.within(async () => {
        skipDetection("eth0");
        addAddresses("eth0", node, ["6plane", "rfc4193", "foreign"]);
        ipBatch(["link set eth0 up"]);
        this.hosts.push(await new Host("eth0", node).listen());
      });
    }
    // A port drops what it gets until the kernel has told the bridge, some time after, that its cable is up.
    await until("the bridge's ports forwarded", doForward);
  }

  /**
   * Has the bridge deliver multicast to the members of a group alone (MLD snooping, RFC 4541), and waits until it
   * does, and knows all hosts' addresses of these kinds.
   *
   * @param {Kind[]} kinds
   */
  async snoop(...kinds) {
    await until("the bridge had an address, to ask from", canAsk);
    // It floods for as long as nobody asks who is in which group, and from then on until the time to answer is over,
    // which the clock alone tells. Told both at once, it would not ask before its next time to.
    ipBatch([`link set ${BRIDGE} type bridge mcast_snooping 1`]);
    ipBatch([`link set ${BRIDGE} type bridge mcast_querier 1`]);
    await delay(3 * RESPONSE_MILLISECONDS); // its clock may tick in 10 ms only
    const groups = kinds.flatMap((kind) =>
      this.#nodes.map(({ addresses }) => solicitedNode(addresses[kind])),
    );
    const wanted = tally(groups);
    const areKnown = () => {
      const known = tally(members());
      return [...wanted].every(([group, number]) => known.get(group) === number);
    };
    await until("the bridge knew the members of all groups", areKnown);
  }

  async close() {
    const ports = execFileSync("ip", ["-json", "link", "show", "master", BRIDGE], { encoding: "utf8" });
    const names = JSON.parse(ports).map((/** @type {{ ifname: string }} */ { ifname }) => ifname);
    ipBatch([...names, BRIDGE].map((name) => `link delete ${name}`));
    for (const host of this.hosts) await host.close();
    for (const namespace of this.#namespaces) namespace.close();
  }
}

function doForward() {
  const ports = JSON.parse(execFileSync("bridge", ["-json", "link", "show"], { encoding: "utf8" }));
  return ports.every((/** @type {{ state: string }} */ { state }) => state === "forwarding");
}

function canAsk() {
  const words = ["-6", "-json", "address", "show", "dev", BRIDGE];
  const [found] = JSON.parse(execFileSync("ip", words, { encoding: "utf8" }));
  return (found?.addr_info ?? []).length > 0;
}

/** The multicast address in which a host is asked for (RFC 4291 §2.7.1). @param {string} address */
function solicitedNode(address) {
  const group = parseAddress("ff02::1:ff00:0");
  group.set(parseAddress(address).subarray(13), 13);
  return formatAddress(group);
}

/** The groups that the bridge knows of, each as often as it has ports. @returns {string[]} */
function members() {
  const [found] = JSON.parse(execFileSync("bridge", ["-json", "mdb", "show"], { encoding: "utf8" }));
  return (found?.mdb ?? []).map((/** @type {{ grp: string }} */ { grp }) => grp);
}

/** How often each of the words is there. @param {string[]} words */
function tally(words) {
  /** @type {Map<string, number>} */
  const numbers = new Map();
  for (const word of words) numbers.set(word, (numbers.get(word) ?? 0) + 1);
  return numbers;
}
