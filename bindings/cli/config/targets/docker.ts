import { InputError, mismatch, type Prefix } from "sixplane";
import { warn } from "../../io/text.ts";
import { MTU, mtuOf } from "../mtu.ts";
import type { Subnet } from "../subnet.ts";
import { LABELS, type Notes } from "../syntax.ts";
import { type ConfigFile, hostTarget } from "../target.ts";
import { mergeDaemon } from "./docker/merge.ts";

interface DockerOptions {
  engine: string;
  open?: boolean;
  flags?: boolean;
  mtu?: string;
}

type Mtu = ReturnType<typeof mtuOf>;

/** What `dockerd` is told, under the names that its configuration file has for it. */
interface Daemon {
  /** Whether the engine has what its version calls an experiment. */
  experimental?: boolean;
  /** Whether the default bridge has IPv6. */
  ipv6?: boolean;
  /** The default bridge's prefix. The bridge itself, docker0, gets its first address. */
  "fixed-cidr-v6"?: Prefix;
  /** Whether Docker filters IPv6, and translates it where a network does not say otherwise. */
  ip6tables: boolean;
  /** The MTU of containers on the default bridge. */
  mtu?: number;
  /** Where named networks get their prefixes from, and how long these are. */
  "default-address-pools"?: Pool[];
  /** What a named network is made with unless it says otherwise, by its driver. */
  "default-network-opts"?: Record<string, Record<string, string>>;
}

interface Pool {
  base: string | Prefix;
  size: number;
}

/** The pools of an engine that is told of none (upstream: Docker's manual, "Subnet allocation"). */
const IPV4_POOLS: Pool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/16", size: 16 },
  { base: "172.19.0.0/16", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/14", size: 16 },
  { base: "172.28.0.0/14", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

/** The first engine that takes daemon.json for IPv6 as it is written here. */
const OLDEST_ENGINE = 20;

/** The networks that an engine has of itself, and makes no other of these names. */
const PREDEFINED = ["bridge", "default", "host", "none"];

/** An engine takes a /127, but finds no address in it for a container. */
const MOST_LENGTH = 126;

/** The first engine whose networks can be routed, and that makes those which name no prefix from the pools. */
const FIRST_ROUTED = 27;

const ENABLE_IPV6 = "com.docker.network.enable_ipv6";
const GATEWAY_MODE = "com.docker.network.bridge.gateway_mode_ipv6";
const DRIVER_MTU = "com.docker.network.driver.mtu";
const MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade";

const EXPOSURE = "every port of every container is open to the whole network, published or not";

export const docker = hostTarget<DockerOptions>({
  name: "docker",
  summary: "the daemon.json that gives containers addresses of this host, or its named networks",
  help: `\
The JSON is a whole /etc/docker/daemon.json, which an engine reads as it starts.
Where there is one already, -o keeps its other settings. It shows what it changes,
and waits for --force where sixplane did not write the file; the old file is kept.

Containers on named networks, such as those of Compose, have addresses of the host's
/80 that others see. Docker's firewall stays: what is published with -p is open to
the network, and nothing else. From engine 27 on, each named network gets a /96 of
the /80's upper half. Before that, make it with the command that --subnet prints.

--open gives the default bridge the second /96, and switches Docker's firewall for
IPv6 off: every port of every container is open to the whole network.

With --subnet, it is instead the command that makes a network of that name, whose
prefix is the same share of every host's /80.`,
  example: "sixplane config docker --network 8056c2e21c000001 --node 89e92ceee5 --engine 20.10",
  subnets: "many",
  options: [
    {
      flags: "--engine <version>",
      description: "the engine's version, such as 20.10 or 28, or what dockerd --version prints",
      usual: "28",
    },
    {
      flags: "--open",
      description: "the default bridge, too, and no firewall: all ports of all containers are open",
    },
    {
      flags: "--flags",
      description: "print options for the command line of dockerd instead",
      conflicts: ["output", "subnet"],
    },
    MTU,
  ],
  write(given, { engine, open = false, flags, mtu: givenMtu }) {
    const { host, subnets, notes } = given;
    const version = major(engine);
    const mtu = mtuOf(givenMtu, given);
    if (open) warn(`${EXPOSURE}, on this host`);
    if (subnets.length > 0) return { files: [networks(subnets, version, open, mtu, notes)] };
    const { prefix } = host.sixplane;
    const daemon = {
      ...(open ? openBridge(prefix, mtu) : firewall(version)),
      ...pools(prefix, version, mtu),
    };
    if (flags) {
      return {
        files: [{ name: "flags", syntax: "words", notes: [], body: `${asFlags(daemon).join(" ")}\n` }],
      };
    }
    // An engine leaves no other place for comments than its labels, which `docker info` shows.
    const body = { labels: LABELS, ...daemon } as const;
    const file: ConfigFile = {
      name: "daemon.json",
      syntax: "json",
      notes: [...notes, ...explain(daemon, mtu)],
      body,
      merge: mergeDaemon,
    };
    return { files: [file] };
  },
});

/** The first number of an engine's version, such as `v27.3.1` or what `dockerd --version` prints. */
function major(version: string): number {
  const [, number] = /^(?:Docker version )?v?(\d+)(\.\d+)*([-+~,].*)?$/.exec(version.trim()) ?? [];
  if (Number(number) >= OLDEST_ENGINE) return Number(number);
  throw mismatch("engine", "a version such as 20.10 or 28, not below 20", version);
}

/** Docker filters IPv6. Before 27 that was an experiment (upstream: verifyDaemonSettings). */
function firewall(version: number): Daemon {
  return version < FIRST_ROUTED ? { experimental: true, ip6tables: true } : { ip6tables: true };
}

/**
 * The default bridge with addresses that are seen. It takes neither a gateway mode nor default-network-opts, so that ip6tables
 * must be off, or it would hide containers behind the host's address (upstream: Docker's manual, "Port publishing and
 * mapping"; initBridgeDriver). Given the whole /80, docker0 would have the host's own address, ::1.
 */
function openBridge(prefix: Prefix, { bytes }: Mtu): Daemon {
  return { ipv6: true, "fixed-cidr-v6": prefix.subnet(96, 1), ip6tables: false, mtu: bytes };
}

/** What makes each named network one of the host's, routed and not translated; nothing before 27, which does not know it. */
function pools(prefix: Prefix, version: number, { bytes }: Mtu): Partial<Daemon> {
  if (version < FIRST_ROUTED) return {};
  return {
    // Pools that are given replace those for IPv4, too.
    "default-address-pools": [...IPV4_POOLS, { base: prefix.subnet(81, 1), size: 96 }],
    "default-network-opts": {
      bridge: { [ENABLE_IPV6]: "true", [GATEWAY_MODE]: "routed", [DRIVER_MTU]: `${bytes}` },
    },
  };
}

/** The same as options of `dockerd`. Nothing in them means anything to a shell. */
function asFlags(daemon: Daemon): string[] {
  const { "default-address-pools": pools = [], "default-network-opts": drivers = {}, ...plain } = daemon;
  return [
    ...Object.entries(plain).map(([name, value]) => `--${name}=${value}`),
    ...pools.map(({ base, size }) => `--default-address-pool=base=${base},size=${size}`),
    ...Object.entries(drivers).flatMap(([driver, values]) =>
      Object.entries(values).map(([name, value]) => `--default-network-opt=${driver}=${name}=${value}`),
    ),
  ];
}

/** What each value of the file is, and where it came from: behind its name, by which a later merge knows it for ours. */
function explain(daemon: Daemon, mtu: Mtu): string[] {
  const { experimental, "fixed-cidr-v6": bridge, ip6tables } = daemon;
  const pool = daemon["default-address-pools"]?.at(-1)?.base;
  return [
    ...(experimental ? ["experimental: on, as ip6tables takes it before engine 27"] : []),
    ...(bridge ? ["ipv6: on, for the default bridge"] : []),
    ...(bridge ? [`fixed-cidr-v6 ${bridge}: the second /96 of the host prefix, for the default bridge`] : []),
    ip6tables
      ? "ip6tables: on, so that only published ports are open"
      : `ip6tables: off, so that containers on the default bridge have addresses of their own to others; ${EXPOSURE}`,
    ...(daemon.mtu ? [`mtu ${mtu.bytes}: ${mtu.origin}, for containers on the default bridge`] : []),
    ...(pool
      ? [`default-address-pools ${pool}: the upper half of the host prefix, in /96 for named networks`]
      : []),
    ...(daemon["default-network-opts"]
      ? [
          `${ENABLE_IPV6} in default-network-opts: named networks have IPv6`,
          `${GATEWAY_MODE} in default-network-opts: routed, so that no address is translated`,
          `${DRIVER_MTU} in default-network-opts: ${mtu.bytes}, ${mtu.origin}`,
        ]
      : []),
  ];
}

/** The commands that make named networks. */
function networks(subnets: Subnet[], version: number, open: boolean, mtu: Mtu, notes: Notes): ConfigFile {
  for (const subnet of subnets) checkNetwork(subnet);
  const options = [...untranslated(version, open), `--opt=${DRIVER_MTU}=${mtu.bytes}`].join(" ");
  const lines = subnets.map(
    ({ name, prefix }) => `docker network create --ipv6 --subnet=${prefix} ${options} ${name}`,
  );
  const explained: Notes = [...notes, `mtu ${mtu.bytes}: ${mtu.origin}, for the containers`];
  return { name: "networks.sh", syntax: "#", notes: explained, body: `${lines.join("\n")}\n` };
}

/** The option that has Docker translate nothing of a network's IPv6; before 27, nothing of its IPv4 either. */
function untranslated(version: number, open: boolean): string[] {
  if (version >= FIRST_ROUTED) return [`--opt=${GATEWAY_MODE}=routed`];
  return open ? [] : [`--opt=${MASQUERADE}=false`];
}

function checkNetwork({ name, prefix }: Subnet): void {
  if (PREDEFINED.includes(name))
    throw mismatch(
      "name of a Docker network",
      `none of ${PREDEFINED.join(", ")}, which engines have of themselves`,
      name,
    );
  if (prefix.length > MOST_LENGTH)
    throw new InputError(
      `docker takes sub-prefixes up to /${MOST_LENGTH}, as ${prefix} has no address for a container`,
    );
}
