import { InputError, mismatch, type Prefix } from "sixplane";
import type { Subnet } from "../subnet.ts";
import { LABELS, type Notes } from "../syntax.ts";
import { type ConfigFile, hostTarget } from "../target.ts";
import { mergeDaemon } from "./docker/merge.ts";

interface DockerOptions {
  engine: string;
  flags?: boolean;
}

/** What `dockerd` is told, under the names that its configuration file has for it. */
interface Daemon {
  /** Whether the default bridge has IPv6. */
  ipv6: boolean;
  /** The default bridge's prefix. The bridge itself, docker0, gets its first address. */
  "fixed-cidr-v6": Prefix;
  /** Whether Docker filters and translates IPv6. */
  ip6tables?: boolean;
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

const ENABLE_IPV6 = "com.docker.network.enable_ipv6";
const GATEWAY_MODE = "com.docker.network.bridge.gateway_mode_ipv6";

export const docker = hostTarget<DockerOptions>({
  name: "docker",
  summary: "the daemon.json that gives containers addresses of this host, or its named networks",
  help: `\
The JSON is a whole /etc/docker/daemon.json, which an engine reads as it starts.
Where there is one already, -o keeps its other settings. It shows what it changes,
and waits for --force where sixplane did not write the file; the old file is kept.
The default bridge gets the second /96 of the host's /80, as the first has the
host's own address. Each named network gets a /96 of the /80's upper half; on an
engine before 27, only where it is made with --ipv6 and a --subnet from there.

All ports of the containers are open to the network: so that their addresses are
seen there, Docker leaves IPv6 alone. It is up to the rules of the network, or to
ip6tables on the host, what may reach them. Without "ip6tables": false, engines
from 27 on let in what goes to published ports, and containers on the default
bridge hide behind the host's address; those on named networks do not.

With --subnet, it is instead the command that makes a network of that name, whose
prefix is the same share of every host's /80.`,
  example: "sixplane config docker --network 8056c2e21c000001 --node 89e92ceee5 --engine 20.10",
  subnets: "many",
  options: [
    {
      flags: "--engine <version>",
      description: "the engine's version, such as 20.10, 26.1 or 28",
      usual: "28",
    },
    {
      flags: "--flags",
      description: "print options for the command line of dockerd instead",
      conflicts: ["output", "subnet"],
    },
  ],
  write({ host, subnets, notes }, { engine, flags }) {
    const version = major(engine);
    if (subnets.length > 0) return { files: [networks(subnets, version, notes)] };
    const daemon = (version < 27 ? before27 : since27)(host.sixplane.prefix);
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
      notes: [...notes, ...explain(daemon)],
      body,
      merge: mergeDaemon,
    };
    return { files: [file] };
  },
});

/** The first number of an engine's version, such as `v27.3.1` or Debian's `26.1.5+dfsg1`. */
function major(version: string): number {
  const [, number] = /^v?(\d+)(\.\d+)*([-+~].*)?$/.exec(version) ?? [];
  if (Number(number) >= OLDEST_ENGINE) return Number(number);
  throw mismatch("engine", "a version such as 20.10 or 28, not below 20", version);
}

/**
 * An engine that leaves IPv6 alone unless told otherwise, as those before 27 do (upstream: the release notes
 * of 27.0, which turned ip6tables on). Given the whole /80, it would make the host's
 * own address, ::1, that of docker0, too.
 */
function before27(prefix: Prefix): Daemon {
  return { ipv6: true, "fixed-cidr-v6": prefix.subnet(96, 1) };
}

/**
 * An engine that hides containers behind the host's address unless told otherwise. A named network is
 * told by its gateway mode, but the default bridge takes neither that nor default-network-opts, so for
 * its sake ip6tables is off (upstream: Docker's manual, "Port publishing and mapping"; the release
 * notes of 27.0; initBridgeDriver). That also lets in what 28 keeps from unpublished ports, which
 * allow-direct-routing would not, and 27 does not know.
 */
function since27(prefix: Prefix): Daemon {
  return {
    ...before27(prefix),
    ip6tables: false,
    // Pools that are given replace those for IPv4, too.
    "default-address-pools": [...IPV4_POOLS, { base: prefix.subnet(81, 1), size: 96 }],
    "default-network-opts": {
      bridge: {
        [ENABLE_IPV6]: "true",
        // Keeps addresses where ip6tables is on, too, and keeps the host's proxy from standing in between.
        [GATEWAY_MODE]: "routed",
      },
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
function explain({ "fixed-cidr-v6": bridge, ...daemon }: Daemon): string[] {
  const pool = daemon["default-address-pools"]?.at(-1)?.base;
  return [
    "ipv6: on, for the default bridge",
    `fixed-cidr-v6 ${bridge}: the second /96 of the host prefix, for the default bridge`,
    ...(daemon.ip6tables === undefined
      ? []
      : ["ip6tables: off, so that containers on the default bridge have addresses of their own to others"]),
    ...(pool
      ? [`default-address-pools ${pool}: the upper half of the host prefix, in /96 for named networks`]
      : []),
    ...(daemon["default-network-opts"]
      ? [
          `${ENABLE_IPV6} in default-network-opts: named networks have IPv6`,
          `${GATEWAY_MODE} in default-network-opts: routed, so that no address is translated`,
        ]
      : []),
  ];
}

/** The commands that make named networks. */
function networks(subnets: Subnet[], version: number, notes: Notes): ConfigFile {
  for (const subnet of subnets) checkNetwork(subnet);
  const routed = version < 27 ? [] : [`--opt=${GATEWAY_MODE}=routed`];
  const lines = subnets.map(({ name, prefix }) =>
    ["docker network create --ipv6", `--subnet=${prefix}`, ...routed, name].join(" "),
  );
  return { name: "networks.sh", syntax: "#", notes, body: `${lines.join("\n")}\n` };
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
