import type { Host, Network } from "sixplane";
import { bridgeOf, bridgeOption } from "../bridge.ts";
import type { Subnet } from "../subnet.ts";
import type { Notes } from "../syntax.ts";
import { type ConfigFile, hostTarget } from "../target.ts";

/** What the files are made of. */
interface Values {
  network: Network;
  host: Host;
  bridge: { name: string; origin: string };
  subnet: Subnet | undefined;
  notes: Notes;
}

interface NetworkdOptions {
  bridge?: string;
}

/** Behind every other route, such as that of a bridge, which the kernel gives 256. */
const LAST_METRIC = 4096;

/** What makes each file, by its name. */
const FILES = {
  "interface.network": interfaceNetwork,
  "bridge.netdev": bridgeDevice,
  "bridge.network": bridgeNetwork,
  "sysctl.conf": forwarding,
} satisfies Record<string, (values: Values) => ConfigFile>;

export const networkd = hostTarget<NetworkdOptions>({
  name: "networkd",
  summary: "ZeroTier's interface and a bridge with the host's /80, for systemd-networkd",
  help: `\
With -o /etc, everything is in its place: below systemd/network, interface.network has
the host's address and an unreachable route for what of its /80 nobody has, and
bridge.netdev and bridge.network a bridge with the /80, or with a sub-prefix of it.
sysctl.d/50-sixplane.conf turns forwarding on, as no one setting of networkd does so in
all its versions. ZeroTier's interface is known by its MAC, whatever its name is.`,
  example: "sixplane config networkd --network 8056c2e21c000001 --node 89e92ceee5",
  subnets: "one",
  files: Object.keys(FILES),
  options: [bridgeOption("br")],
  write({ network, host, subnets: [subnet], notes }, { bridge }) {
    const values = { network, host, subnet, bridge: bridgeOf("br", bridge, subnet), notes };
    return { files: Object.values(FILES).map((make) => make(values)) };
  },
});

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

function interfaceNetwork({ network, host, notes }: Values): ConfigFile {
  const { address, prefix } = host.sixplane;
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
      `Destination ${prefix}: the host prefix`,
      "Type unreachable: for what of it no other route leads to",
      `Metric ${LAST_METRIC}: behind every other route`,
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
      "",
      "[Route]",
      `Destination=${prefix}`,
      "Type=unreachable",
      `Metric=${LAST_METRIC}`,
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
  const { host, bridge, subnet, notes } = values;
  const { prefix } = subnet ?? host.sixplane;
  const address = `${prefix.address(1)}/${prefix.length}`;
  return networkFile(
    "bridge.network",
    `${bridgePath(values)}.network`,
    [
      ...notes,
      `Name ${bridge.name}: ${bridge.origin}`,
      ...LINK_NOTES,
      "ConfigureWithoutCarrier yes: the bridge has its route before it has a port",
      `Address ${address}: the second of the ${subnet ? "sub-prefix" : "host prefix"}, which is on the bridge`,
    ],
    [
      "[Match]",
      `Name=${bridge.name}`,
      "",
      ...LINK,
      "",
      "[Network]",
      "ConfigureWithoutCarrier=yes",
      "IPv6AcceptRA=no",
      `Address=${address}`,
    ],
  );
}

function forwarding({ notes }: Values): ConfigFile {
  return {
    name: "sysctl.conf",
    path: "sysctl.d/50-sixplane.conf",
    syntax: "#",
    notes: [...notes, "net.ipv6.conf.all.forwarding 1: the host routes between the network and the bridge"],
    body: "net.ipv6.conf.all.forwarding = 1\n",
  };
}

const LINK = ["[Link]", "RequiredForOnline=no"];

const LINK_NOTES = [
  "RequiredForOnline no: the machine is online without it",
  "IPv6AcceptRA no: no router is asked for, as this host is one",
];
