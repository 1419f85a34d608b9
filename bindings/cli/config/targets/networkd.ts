import { Option } from "commander";
import type { Host, Network } from "sixplane";
import { bridgeOf, bridgeOption } from "../bridge.ts";
import type { Subnet } from "../subnet.ts";
import { hostTarget } from "../target.ts";

/** What a file is about: the notes on its values, and its lines. */
interface File {
  notes: string[];
  lines: string[];
}

/** What the files are made of. */
interface Values {
  network: Network;
  host: Host;
  bridge: { name: string; origin: string };
  subnet: Subnet | undefined;
}

interface NetworkdOptions {
  file: keyof typeof FILES;
  bridge?: string;
}

/** Behind every other route, such as that of a bridge, which the kernel gives 256. */
const LAST_METRIC = 4096;

/** The files, by their names: what they would be called behind a name of the user's. */
const FILES = {
  "interface.network": interfaceNetwork,
  "bridge.netdev": bridgeDevice,
  "bridge.network": bridgeNetwork,
  "sysctl.conf": forwarding,
} satisfies Record<string, (values: Values) => File>;

export const networkd = hostTarget<NetworkdOptions>({
  name: "networkd",
  summary: "ZeroTier's interface and a bridge with the host's /80, for systemd-networkd",
  help: `\
The files for /etc/systemd/network are interface.network, with the host's address and
an unreachable route for what of its /80 nobody has, and bridge.netdev and
bridge.network, a bridge with the /80, or with a sub-prefix of it. sysctl.conf is for
/etc/sysctl.d: it turns forwarding on, as no one setting of networkd does so in all
its versions. ZeroTier's interface is known by its MAC, whatever its name is.`,
  example: "sixplane config networkd --network 8056c2e21c000001 --node 89e92ceee5 --file interface.network",
  subnets: "one",
  options: [
    new Option("--file <name>", "which of the files").choices(Object.keys(FILES)).makeOptionMandatory(),
    bridgeOption("br"),
  ],
  write({ network, host, subnets: [subnet], notes }, { file, bridge }) {
    const made = FILES[file]({ network, host, subnet, bridge: bridgeOf("br", bridge, subnet) });
    return [...[...notes, ...made.notes].map((note) => `# ${note}`), ...made.lines, ""].join("\n");
  },
});

function interfaceNetwork({ network, host }: Values): File {
  const { address, prefix } = host.sixplane;
  const own = `${address}/${network.sixplane.length}`;
  return {
    notes: [
      `MACAddress ${host.mac}: the one that ZeroTier gives to this node on this network`,
      ...LINK_NOTES,
      "KeepConfiguration yes: what ZeroTier has set on its interface stays",
      `Address ${own}: the host's own, the second of the host prefix, with the network prefix`,
      `Destination ${prefix}: the host prefix`,
      "Type unreachable: for what of it no other route leads to",
      `Metric ${LAST_METRIC}: behind every other route`,
    ],
    lines: [
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
  };
}

function bridgeDevice({ bridge }: Values): File {
  return {
    notes: [`Name ${bridge.name}: ${bridge.origin}`, "Kind bridge: for containers and virtual machines"],
    lines: ["[NetDev]", `Name=${bridge.name}`, "Kind=bridge"],
  };
}

function bridgeNetwork({ host, bridge, subnet }: Values): File {
  const { prefix } = subnet ?? host.sixplane;
  const address = `${prefix.address(1)}/${prefix.length}`;
  return {
    notes: [
      `Name ${bridge.name}: ${bridge.origin}`,
      ...LINK_NOTES,
      "ConfigureWithoutCarrier yes: the bridge has its route before it has a port",
      `Address ${address}: the second of the ${subnet ? "sub-prefix" : "host prefix"}, which is on the bridge`,
    ],
    lines: [
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
  };
}

function forwarding(): File {
  return {
    notes: ["net.ipv6.conf.all.forwarding 1: the host routes between the network and the bridge"],
    lines: ["net.ipv6.conf.all.forwarding = 1"],
  };
}

const LINK = ["[Link]", "RequiredForOnline=no"];

const LINK_NOTES = [
  "RequiredForOnline no: the machine is online without it",
  "IPv6AcceptRA no: no router is asked for, as this host is one",
];
