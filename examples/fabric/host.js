// A host of the network: a namespace with `sixplane up` in it, and a bridge to its containers.
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Namespace } from "./namespace.js";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const BRIDGE = "containers";

/**
 * Starts the hosts of a network on a common wire, and waits until all are ready.
 *
 * @param {import("sixplane").Network} network
 * @param {string[]} nodes
 * @param {Namespace} outside where the wire is
 * @param {string} wire the bridge that joins them
 */
export async function openHosts(network, nodes, outside, wire) {
  const endpoints = nodes.map((node, index) => ({ node, address: `192.0.2.${index + 1}` }));
  return Promise.all(
    endpoints.map(async ({ node, address }) => {
      const namespace = await Namespace.open();
      outside.connect(node, namespace, "eth0");
      outside.ip(`link set ${node} master ${wire}`);
      namespace.ip(`address add ${address}/24 dev eth0`);
      namespace.set("all/forwarding", 1);
      const peers = endpoints.filter((peer) => peer.node !== node);
      const up = namespace.start(
        ...[process.execPath, COMMAND, "up", "--network", network.id, "--node", node, "--name", "zt0"],
        ...["--probes", "--json"], // probes: no kernel holds the containers' addresses, and would answer them
        ...peers.flatMap((peer) => ["--peer", `${peer.node}@${peer.address}`]),
      );
      await ready(up);
      return new Host(namespace, network.host(node), up);
    }),
  );
}

/** Waits for its first line. @param {import("node:child_process").ChildProcessByStdio<null, Readable, Readable>} up */
async function ready(up) {
  const said = text(up.stderr);
  const ended = once(up, "exit").then(async () => Promise.reject(new Error(await said)));
  await Promise.race([once(up.stdout, "data"), ended]);
  up.stdout.resume(); // its counters are not shown
}

/** A running host. */
export class Host {
  /** @type {Container[]} */
  containers = [];
  #up;

  /**
   * @param {Namespace} namespace
   * @param {import("sixplane").Host} names
   * @param {import("node:child_process").ChildProcess} up
   */
  constructor(namespace, names, up) {
    this.namespace = namespace;
    this.names = names;
    this.#up = up;
  }

  /** Adds a container, with the next address of the host's /80, and gives that. */
  async addContainer() {
    const { prefix } = this.names.sixplane;
    const index = this.containers.length;
    if (index === 0) this.#addBridge();
    const namespace = await Namespace.open();
    this.namespace.connect(`container${index}`, namespace, "eth0");
    this.namespace.ip(`link set container${index} master ${BRIDGE}`);
    const address = prefix.address(0x10 + index);
    namespace.ip(`address add ${address}/${prefix.length} dev eth0 nodad`);
    namespace.ip(`route add default via ${prefix.address(2)}`);
    this.containers.push({ namespace, address });
    return address;
  }

  #addBridge() {
    const { prefix } = this.names.sixplane;
    this.namespace.ip(`link add ${BRIDGE} type bridge`);
    // Or its link-local address, from which the kernel looks for containers, could not be used for 2 seconds.
    this.namespace.set(`${BRIDGE}/accept_dad`, 0);
    this.namespace.ip(`address add ${prefix.address(2)}/${prefix.length} dev ${BRIDGE}`);
    this.namespace.ip(`link set ${BRIDGE} up`);
  }

  /** Ends `sixplane up`, and the namespaces with it. */
  async close() {
    const gone = once(this.#up, "exit");
    this.#up.kill();
    await gone;
    for (const { namespace } of [...this.containers, this]) await namespace.close();
  }
}

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {{ namespace: Namespace, address: string }} Container */
