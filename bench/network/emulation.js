// Hosts whose TAPs answer: what these pass on goes to the TAPs of the others, as on an Ethernet that floods multicast.
import { formatMac } from "sixplane";
import { openTap } from "sixplane/tap";
import { addAddresses, Host, NETWORK, skipDetection } from "./host.js";
import { Namespace } from "./namespace.js";

/** @typedef {import("sixplane/tap").Tap} Tap */

/** A network whose hosts' kernels ask their TAPs. */
export class Emulation {
  /** @type {Host[]} */
  hosts = [];
  #nodes;
  /** @type {Namespace[]} */
  #namespaces = [];
  /** @type {Map<string, Tap>} by MAC */
  #taps = new Map();

  /** @param {import("./host.js").Node[]} nodes */
  constructor(nodes) {
    this.#nodes = nodes;
  }

  async open() {
    for (const node of this.#nodes) {
      const namespace = Namespace.open();
      this.#namespaces.push(namespace);
      await namespace.within(async () => {
        skipDetection();
        const tap = await openTap({
          network: NETWORK,
          node: node.node,
          forward: (frames) => {
            for (const frame of frames) this.#deliver(node.mac, frame);
          },
        });
        this.#taps.set(node.mac, tap);
        addAddresses(tap.name, node, ["foreign"]);
        this.hosts.push(await new Host(tap.name, node).listen());
      });
    }
  }

  /** How many solicitations the TAPs have answered so far. */
  answered() {
    return [...this.#taps.values()].reduce((sum, tap) => sum + tap.counters().reply, 0);
  }

  /** @param {string} from the MAC of the TAP that passes it on @param {Uint8Array} frame */
  #deliver(from, frame) {
    const owner = this.#taps.get(formatMac(frame.subarray(0, 6)));
    if (owner) owner.inject(frame);
    else for (const [mac, tap] of this.#taps) if (mac !== from) tap.inject(frame);
  }

  async close() {
    for (const host of this.hosts) await host.close();
    await Promise.all([...this.#taps.values()].map((tap) => tap.close()));
    for (const namespace of this.#namespaces) namespace.close();
  }
}
