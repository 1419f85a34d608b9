// Two hosts with a container each, and what carries frames between them.
import { execFileSync } from "node:child_process";
import { Network } from "sixplane";
import { Host, openHosts } from "../../examples/fabric/host.js";
import { Namespace } from "../../examples/fabric/namespace.js";

export const NETWORK = "8056c2e21c000001";
export const NODES = ["89e92ceee5", "deadbeef01"];
const MTU = 1450;

/**
 * Two ends of a way, and what ends it.
 *
 * @typedef {{ from: Namespace, to: Namespace, address: string, hosts: Host[], close: () => Promise<void> }} Way
 */

/** The ways that are compared, from the slowest on. @type {Record<string, () => Promise<Way>>} */
export const WAYS = {
  "sixplane up, TAP": () => overSixplane(["--datapath", "tap"]),
  "sixplane up, kernel": () => overSixplane(["--datapath", "kernel"]),
  "VXLAN, static neighbours": overStatic,
  "a veth pair": overCable,
};

/** @param {string[]} words for `sixplane up` @returns {Promise<Way>} */
export async function overSixplane(words) {
  const outside = openWire();
  const network = new Network(NETWORK);
  return between(await openHosts(network, NODES, outside, "wire", words), outside);
}

/** VXLAN as `ip` makes it: an entry for the other host in each table, made by hand, and no check of anything. */
async function overStatic() {
  const outside = openWire();
  const network = new Network(NETWORK);
  const hosts = NODES.map((node, index) => {
    const namespace = Namespace.open();
    const other = network.host(NODES[1 - index] ?? "");
    const { mac, sixplane } = network.host(node);
    outside.connect(node, namespace, "eth0");
    outside.ip(`link set ${node} master wire`);
    namespace.ip(`address add 192.0.2.${index + 1}/24 dev eth0`);
    namespace.set("all/forwarding", 1);
    namespace.ip(`link add zt0 address ${mac} mtu ${MTU} type vxlan id 1 dstport 4789 nolearning dev eth0`);
    namespace.ip("link set zt0 up");
    namespace.ip(`address add ${sixplane.address}/40 dev zt0 nodad`);
    namespace.ip(`neighbour add ${other.sixplane.address} lladdr ${other.mac} nud permanent dev zt0`);
    namespace.ip(`route add ${other.sixplane.prefix} via ${other.sixplane.address} dev zt0`);
    const entry = ["append", other.mac, "dev", "zt0", "dst", `192.0.2.${2 - index}`];
    namespace.within(() => execFileSync("bridge", ["fdb", ...entry]));
    const host = new Host(namespace, network.host(node), namespace.start("sleep", "infinity"));
    host.mtu = MTU;
    return host;
  });
  return between(hosts, outside);
}

/** @returns {Promise<Way>} */
async function overCable() {
  const [from, to] = [Namespace.open(), Namespace.open()];
  from.connect("cable", to, "cable");
  from.ip("address add 2001:db8::1/64 dev cable nodad");
  to.ip("address add 2001:db8::2/64 dev cable nodad");
  const close = async () => {
    from.close();
    to.close();
  };
  return { from, to, address: "2001:db8::2", hosts: [], close };
}

/** A namespace with a bridge that joins the hosts. */
function openWire() {
  const outside = Namespace.open();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  return outside;
}

/** From a container of the first host to one of the second. @param {Host[]} hosts @param {Namespace} outside @returns {Way} */
function between(hosts, outside) {
  for (const host of hosts) host.addContainer();
  const [from, to] = hosts.flatMap(({ containers }) => containers);
  if (!from || !to) throw new Error("two containers were expected");
  const close = async () => {
    for (const host of hosts) await host.close();
    outside.close();
  };
  return {
    from: from.namespace,
    to: to.namespace,
    address: to.address,
    hosts,
    close,
  };
}
