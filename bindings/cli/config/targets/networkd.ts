import type { Host, Network } from "sixplane";
import type { Folder } from "../../zerotier/identity.ts";
import { bridgeAddress, bridgeOf, bridgeOption } from "../bridge.ts";
import { LAST_METRIC } from "../metric.ts";
import { MTU, mtuOf } from "../mtu.ts";
import { LIST_HELP, nodesOption, originOf, readNodes } from "../nodes.ts";
import type { Subnet } from "../subnet.ts";
import type { Notes } from "../syntax.ts";
import { type ConfigFile, hostTarget } from "../target.ts";
import { UPLINK, type Uplinks, uplinksOf } from "../uplink.ts";

/** What the files are made of. */
interface Values {
  network: Network;
  host: Host;
  bridge: { name: string; origin: string };
  subnet: Subnet | undefined;
  mtu: { bytes: number; origin: string };
  uplinks: Uplinks;
  /** The other nodes of the list, and where it is; empty without a list. */
  peers: Host[];
  list: string;
  notes: Notes;
}

interface NetworkdOptions {
  bridge?: string;
  mtu?: string;
  uplink?: string[];
  nodes?: string;
  zerotier?: Folder;
}

/** What makes each file, by its name. */
const FILES = {
  "interface.network": interfaceNetwork,
  "loopback.network": loopbackNetwork,
  "bridge.netdev": bridgeDevice,
  "bridge.network": bridgeNetwork,
  "sysctl.conf": settings,
} satisfies Record<string, (values: Values) => ConfigFile>;

export const networkd = hostTarget<NetworkdOptions>({
  name: "networkd",
  summary: "ZeroTier's interface and a bridge with the host's /80, for systemd-networkd",
  help: `\
With -o /etc, each file goes to its place. Below systemd/network are: interface.network
with the host's address, bridge.netdev and bridge.network with a bridge for the /80 or
a sub-prefix, and loopback.network with routes that refuse packets for parts of the
/80 that no interface has, and for the whole network while ZeroTier is stopped.
sysctl.d/50-sixplane.conf switches forwarding on: networkd's own setting depends on its
version. ZeroTier's interface is known by its MAC. Forwarding ends a default route that
came from a router's advertisement, unless --uplink names its interface; --zerotier
finds such interfaces on this machine. --nodes adds a route to each node of the list:
each then takes one entry of the neighbour table for all of its containers.
${LIST_HELP}`,
  example: "sixplane config networkd --network 8056c2e21c000001 --node 89e92ceee5",
  subnets: "one",
  files: Object.keys(FILES),
  options: [bridgeOption("br"), MTU, UPLINK, nodesOption("a list of the network's nodes")],
  async write(given, { bridge, mtu, uplink, nodes, zerotier }) {
    const { network, host, subnets, notes } = given;
    const [subnet] = subnets;
    const values: Values = {
      network,
      host,
      subnet,
      notes,
      bridge: bridgeOf("br", bridge, subnet),
      mtu: mtuOf(mtu, given),
      uplinks: uplinksOf(uplink, zerotier),
      peers: nodes === undefined ? [] : await peersIn(network, host, nodes),
      list: nodes === undefined ? "" : originOf(nodes),
    };
    return { files: Object.values(FILES).map((make) => make(values)) };
  },
});

/** The nodes of a list but for the host itself, each once. */
async function peersIn(network: Network, { node }: Host, list: string): Promise<Host[]> {
  const hosts = (await readNodes(network, list)).map(({ host }) => host);
  const peers = new Map(hosts.map((host) => [host.node, host]));
  peers.delete(node);
  return [...peers.values()];
}

/** A file of networkd's: its lines, and where it goes below /etc. */
function networkFile(name: string, path: string, notes: Notes, lines: string[]): ConfigFile {
  return {
    name,
    path: `systemd/network/50-sixplane-${path}`,
    syntax: "#",
    notes,
    body: `${lines.join("\n")}\n`,
  };
}

/** What the bridge's files are called: a host may have several bridges, by sub-prefix. */
function bridgePath({ subnet }: Values): string {
  return subnet ? `bridge-${subnet.name}` : "bridge";
}

function interfaceNetwork({ network, host, peers, list, notes }: Values): ConfigFile {
  const { address } = host.sixplane;
  const own = `${address}/${network.sixplane.length}`;
  return networkFile(
    "interface.network",
    "interface.network",
    [
      ...notes,
      `MACAddress ${host.mac}: the one that ZeroTier gives to this node on this network`,
      ...LINK_NOTES,
      "KeepConfiguration yes: what ZeroTier has set on its interface stays",
      `Address ${own}: the host's own, the second of the host prefix, with the network prefix`,
      ...(peers.length > 0
        ? [
            `Destination and Gateway: the /80 and the address of each of ${peers.length} nodes, from ${list}`,
            "GatewayOnLink yes: the address is a neighbour's, whatever other routes say",
          ]
        : []),
    ],
    [
      "[Match]",
      `MACAddress=${host.mac}`,
      "",
      ...LINK,
      "",
      "[Network]",
      "KeepConfiguration=yes",
      "IPv6AcceptRA=no",
      `Address=${own}`,
      ...peers.flatMap(({ sixplane: { prefix, address } }) => [
        "",
        "[Route]",
        `Destination=${prefix}`,
        `Gateway=${address}`,
        "GatewayOnLink=yes",
      ]),
    ],
  );
}

/** The routes that are there whether ZeroTier runs or not: on the loopback interface, which never goes away. */
function loopbackNetwork({ network, host, notes }: Values): ConfigFile {
  const prefixes = [network.sixplane, network.rfc4193, host.sixplane.prefix];
  return networkFile(
    "loopback.network",
    "loopback.network",
    [
      ...notes,
      "Name lo: it is there while ZeroTier's interface is not",
      "KeepConfiguration yes: the addresses of lo stay",
      `Destination ${prefixes.join(", ")}: the network's prefixes, of 6PLANE and RFC 4193, and the host prefix`,
      "Type unreachable: packets that no other route takes are refused; none leave by the default route",
      `Metric ${LAST_METRIC}: behind every other route`,
    ],
    [
      "[Match]",
      "Name=lo",
      "",
      "[Network]",
      "KeepConfiguration=yes",
      ...prefixes.flatMap((prefix) => [
        "",
        "[Route]",
        `Destination=${prefix}`,
        "Type=unreachable",
        `Metric=${LAST_METRIC}`,
      ]),
    ],
  );
}

function bridgeDevice(values: Values): ConfigFile {
  const { bridge, notes } = values;
  return networkFile(
    "bridge.netdev",
    `${bridgePath(values)}.netdev`,
    [...notes, `Name ${bridge.name}: ${bridge.origin}`, "Kind bridge: for containers and virtual machines"],
    ["[NetDev]", `Name=${bridge.name}`, "Kind=bridge"],
  );
}

function bridgeNetwork(values: Values): ConfigFile {
  const { host, bridge, subnet, mtu, notes } = values;
  const { prefix } = subnet ?? host.sixplane;
  const address = `${bridgeAddress(prefix)}/${prefix.length}`;
  return networkFile(
    "bridge.network",
    `${bridgePath(values)}.network`,
    [
      ...notes,
      `Name ${bridge.name}: ${bridge.origin}`,
      ...LINK_NOTES,
      `MTUBytes ${mtu.bytes}: ${mtu.origin}; what is on the bridge needs it, too`,
      "ConfigureWithoutCarrier yes: the bridge has its route before it has a port",
      `Address ${address}: the second of the ${subnet ? "sub-prefix" : "host prefix"}, which is on the bridge`,
    ],
    [
      "[Match]",
      `Name=${bridge.name}`,
      "",
      ...LINK,
      `MTUBytes=${mtu.bytes}`,
      "",
      "[Network]",
      "ConfigureWithoutCarrier=yes",
      "IPv6AcceptRA=no",
      `Address=${address}`,
    ],
  );
}

/**
 * The kernel's settings. systemd-sysctl sets them in this order. A setting that starts with a hyphen may be missing: the thresholds are
 * the machine's, and no container has them.
 */
function settings({ uplinks, peers, list, notes }: Values): ConfigFile {
  const thresholds = thresholdsFor(peers.length);
  const lines = [
    ...uplinks.names.map((name) => `net/ipv6/conf/${name}/accept_ra = 2`),
    "net.ipv6.conf.all.forwarding = 1",
    ...thresholds.map((value, n) => `-net.ipv6.neigh.default.gc_thresh${n + 1} = ${value}`),
  ];
  return {
    name: "sysctl.conf",
    path: "sysctl.d/50-sixplane.conf",
    syntax: "#",
    notes: [
      ...notes,
      `accept_ra 2: ${uplinks.explanation}`,
      "net.ipv6.conf.all.forwarding 1: the host routes between the network and the bridge",
      `gc_thresh ${thresholds.join(", ")}: room in the neighbour table for ${
        list === "" ? "a network of usual size" : `${peers.length} nodes, as listed in ${list}`
      }`,
    ],
    body: `${lines.join("\n")}\n`,
  };
}

/** A node may take four entries of the neighbour table: its 6PLANE, RFC 4193 and link-local addresses, and one to spare. */
const ENTRIES_OF_NODE = 4;

/** What gc_thresh1 is at least: the containers of the host itself take entries, too. */
const LEAST_THRESHOLD = 8192;

/** The three gc_thresh: below the first nothing is collected, and at the third the table is full. */
function thresholdsFor(nodes: number): [number, number, number] {
  const first = 2 ** Math.ceil(Math.log2(Math.max(LEAST_THRESHOLD, nodes * ENTRIES_OF_NODE)));
  return [first, first * 2, first * 4];
}

const LINK = ["[Link]", "RequiredForOnline=no"];

const LINK_NOTES = [
  "RequiredForOnline no: the machine is online without it",
  "IPv6AcceptRA no: no router is asked for, as this host is one",
];
