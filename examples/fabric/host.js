// A host of the network: a namespace with `sixplane up` in it, and a bridge to its containers.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { EchoSocket } from "./echo.js";
import { Namespace } from "./namespace.js";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const INTERFACE = "zt0";
const BRIDGE = "containers";

/**
 * Starts the hosts of a network on a common wire, and waits until all are ready.
 *
 * @param {import("sixplane").Network} network
 * @param {string[]} nodes
 * @param {Namespace} outside where the wire is
 * @param {string} wire the bridge that joins them
 * @param {string[]} words further ones for `sixplane up`
 */
export async function openHosts(network, nodes, outside, wire, words = []) {
  const endpoints = nodes.map((node, index) => ({ node, address: `192.0.2.${index + 1}` }));
  const hosts = endpoints.map(({ node, address }) => {
    const namespace = Namespace.open();
    outside.connect(node, namespace, "eth0");
    outside.ip(`link set ${node} master ${wire}`);
    namespace.ip(`address add ${address}/24 dev eth0`);
    namespace.set("all/forwarding", 1);
    const peers = endpoints.filter((peer) => peer.node !== node);
    const up = namespace.start(
      ...[process.execPath, COMMAND, "up", "--network", network.id, "--node", node, "--name", INTERFACE],
      ...["--probes", "--json"], // probes: no kernel holds the containers' addresses, and would answer them
      ...peers.flatMap((peer) => ["--peer", `${peer.node}@${peer.address}`]),
      ...words,
    );
    return new Host(namespace, network.host(node), up);
  });
  await Promise.all(hosts.map((host) => host.ready()));
  return hosts;
}

/** A running host. */
export class Host {
  /** @type {Container[]} */
  containers = [];
  /** That of its interface, when it is ready. */
  mtu = 0;
  /** What carries its frames to other hosts: "kernel" or "tap". Known when it is ready. */
  datapath = "";
  #lines;
  #ended;

  /**
   * @param {Namespace} namespace
   * @param {import("sixplane").Host} names
   * @param {import("node:child_process").ChildProcessByStdio<null, Readable, Readable>} up
   */
  constructor(namespace, names, up) {
    this.namespace = namespace;
    this.names = names;
    this.process = up;
    this.#lines = createInterface(up.stdout);
    const said = text(up.stderr);
    this.#ended = once(up, "exit").then(async () => Promise.reject(new Error(await said)));
    this.#ended.catch(() => {}); // it is no error while nobody waits for a line
  }

  async ready() {
    ({ mtu: this.mtu, datapath: this.datapath } = await this.line()); // the first line says so
  }

  /**
   * The next line that `sixplane up --json` prints: when it is ready, and then each second with its counters.
   *
   * @throws Error with what it said if it ends
   */
  async line() {
    const [line] = await Promise.race([once(this.#lines, "line"), this.#ended]);
    return JSON.parse(line);
  }

  /** Adds a container with the next address of the host's /80. */
  addContainer() {
    const { prefix, address: gateway } = this.names.sixplane;
    const index = this.containers.length;
    if (index === 0) this.#addBridge();
    const namespace = Namespace.open();
    this.namespace.connect(`container${index}`, namespace, "eth0");
    this.namespace.ip(`link set container${index} master ${BRIDGE}`);
    const address = prefix.address(0x10 + index);
    namespace.ip(`address add ${address}/${prefix.length} dev eth0 nodad`);
    namespace.ip(`route add default via ${gateway}`);
    const container = { namespace, address, socket: new EchoSocket(namespace) };
    this.containers.push(container);
    return container;
  }

  /** The bridge has the host's own address, as the interface has, like the bridges of `sixplane config`. */
  #addBridge() {
    const { prefix, address } = this.names.sixplane;
    this.namespace.ip(`link add ${BRIDGE} type bridge`);
    // Or its link-local address, from which the kernel looks for containers, could not be used for 2 seconds.
    this.namespace.set(`${BRIDGE}/accept_dad`, 0);
    this.namespace.ip(`address add ${address}/${prefix.length} dev ${BRIDGE}`);
    this.namespace.ip(`link set ${BRIDGE} up`);
  }

  /** Ends `sixplane up`, and the namespaces with it. */
  async close() {
    this.process.kill();
    await this.#ended.catch(() => {});
    for (const { socket } of this.containers) socket.close();
    for (const { namespace } of [...this.containers, this]) namespace.close();
  }
}

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {{ namespace: Namespace, address: string, socket: EchoSocket }} Container */
