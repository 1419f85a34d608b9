// What iperf3 carries between two containers on different hosts, and over a cable between two namespaces.
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { Network } from "sixplane";
import { openHosts } from "../../examples/fabric/host.js";
import { Namespace } from "../../examples/fabric/namespace.js";

const NETWORK = "8056c2e21c000001";
const NODES = ["89e92ceee5", "deadbeef01"];
const SECONDS = "3";

/** Bits per second of one TCP connection. */
export async function throughputs() {
  return { fabric: await overFabric(), veth: await overCable() };
}

async function overFabric() {
  const outside = Namespace.own();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  const hosts = await openHosts(new Network(NETWORK), NODES, outside, "wire", ["--datapath", "tap"]);
  try {
    for (const host of hosts) host.addContainer();
    const [from, to] = hosts.flatMap(({ containers }) => containers);
    if (!from || !to) throw new Error("two containers were expected");
    return await throughput(from.namespace, to.namespace, to.address);
  } finally {
    for (const host of hosts) await host.close();
  }
}

async function overCable() {
  const [from, to] = [Namespace.open(), Namespace.open()];
  try {
    from.connect("cable", to, "cable");
    from.ip("address add 2001:db8::1/64 dev cable nodad");
    to.ip("address add 2001:db8::2/64 dev cable nodad");
    return await throughput(from, to, "2001:db8::2");
  } finally {
    from.close();
    to.close();
  }
}

/**
 * @param {Namespace} from
 * @param {Namespace} to
 * @param {string} address of the latter
 */
async function throughput(from, to, address) {
  const server = to.start("iperf3", "--server", "--one-off", "--forceflush");
  const ended = once(server, "exit");
  await once(server.stdout, "data"); // it listens
  server.stdout.resume();
  const client = from.start("iperf3", "--client", address, "--time", SECONDS, "--json");
  const { end, error } = /** @type {any} */ (await json(client.stdout));
  if (error) throw new Error(`iperf3: ${error}`);
  await ended;
  return end.sum_received.bits_per_second;
}
