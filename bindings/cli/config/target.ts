// What a target of `sixplane config` is: what it is told, and the files that it makes of that.

import { type Host, InputError, Network } from "sixplane";
import { chooseNode, type Folder, usualFolder, warnOfReserved } from "../zerotier/identity.ts";
import type { Joined } from "../zerotier/networks.ts";
import { listedNetworks, onlyNetwork, warnOfMembership } from "./membership.ts";
import type { Merge } from "./merge.ts";
import { type Subnet, subnetsOf } from "./subnet.ts";
import type { Content } from "./syntax.ts";

/** A kind of configuration: a module in `targets`, and its page there. */
export interface Target {
  /** The word on the command line: lower-case letters. */
  readonly name: string;
  /** One line, for --list and --help. */
  readonly summary: string;
  /** What to know before its output is used, for --help. */
  readonly help: string;
  /** A command that works anywhere, as a shell takes it. */
  readonly example: string;
  readonly options: readonly OptionOfTarget[];
  /** The names that --file takes, where it makes several files. */
  readonly files?: readonly string[];
  /**
   * Makes the files, in the order in which they are written.
   *
   * @param values the values of its options, by their long names in camel case
   * @throws InputError for values that cannot be
   */
  make(values: OptionValues): Files | Promise<Files>;
}

/** An option on the command line. */
export interface OptionOfTarget {
  /** As in `--subnet <name>`. */
  flags: string;
  description: string;
  required?: boolean;
  choices?: readonly string[];
  /** The value where it is not given. */
  usual?: string;
  /** Whether it may be repeated; its value is then a list. */
  repeatable?: boolean;
  /** Names of options, in camel case, that it cannot be given with. */
  conflicts?: readonly string[];
}

export type OptionValues = Readonly<Record<string, unknown>>;

export interface Files {
  files: readonly ConfigFile[];
}

/** A file of a configuration. */
export type ConfigFile = Content & {
  /** What it is called in its target, and where it goes below the folder of -o, unless `path` says otherwise. */
  name: string;
  path?: string;
  /** Puts it into a file that is there already; without this, it replaces that file. */
  merge?: Merge;
};

/** What a target for a network is told. */
export interface GivenNetwork {
  network: Network;
  /** The first notes of each file: what the network's values are, and where they came from. */
  notes: [string, ...string[]];
}

/** What a target for a host is told. */
export interface GivenHost extends GivenNetwork {
  host: Host;
  /** The sub-prefixes of --subnet. */
  subnets: Subnet[];
  /** What ZeroTier's service says of the network, where --zerotier was given and the service runs. */
  joined: Joined | undefined;
}

/** A target before the options that it shares with others. */
interface Definition<Given, Options> extends Omit<Target, "make"> {
  /** @throws InputError for options that cannot be */
  write(given: Given, options: Options): Files | Promise<Files>;
}

interface HostDefinition<Options> extends Definition<GivenHost, Options> {
  /** How many times --subnet may be given. */
  subnets: "one" | "many";
}

/** A target for one host of a network: it takes --network, --node or --zerotier, and --subnet. */
export function hostTarget<Options>({ write, subnets, ...target }: HostDefinition<Options>): Target {
  return {
    ...target,
    options: [HOST_NETWORK, NODE, ZEROTIER, ...subnetOptions(subnets), ...target.options],
    async make(values) {
      const options = values as unknown as HostOptions & Options;
      const { subnet = [] } = options;
      if (subnets === "one" && subnet.length > 1)
        throw new InputError(`${target.name} takes one --subnet, not ${subnet.length}`);
      const given = await givenHost(options);
      const made = await write(given, options);
      warnOfReserved(given.host.node);
      return made;
    },
  };
}

/** A target for a network as a whole: it takes --network. */
export function networkTarget<Options>({ write, ...target }: Definition<GivenNetwork, Options>): Target {
  return {
    ...target,
    options: [NETWORK, ...target.options],
    make(values) {
      const options = values as unknown as { network: string } & Options;
      return write(givenNetwork(options.network, "as given"), options);
    },
  };
}

const NETWORK: OptionOfTarget = {
  flags: "--network <id>",
  description: "network ID, 16 hex digits",
};

/** With --zerotier, a host that has joined one network need not name it. */
const HOST_NETWORK: OptionOfTarget = {
  flags: NETWORK.flags,
  description: `${NETWORK.description}; with --zerotier, the one that is joined unless given`,
};

const NODE: OptionOfTarget = {
  flags: "--node <address>",
  description: "the host's own node address, 10 hex digits",
};

/** Takes the node address from ZeroTier; the command line describes it, as for its other commands. */
export const ZEROTIER: OptionOfTarget = { flags: "--zerotier [folder]", description: "" };

function subnetOptions(count: "one" | "many"): OptionOfTarget[] {
  const [repeated, whose] = count === "many" ? ["; may be repeated", "sub-prefixes'"] : ["", "sub-prefix's"];
  return [
    {
      flags: "--subnet <name>",
      description: `a sub-prefix of the host's /80, by a name${repeated}`,
      repeatable: true,
    },
    {
      flags: "--subnet-length <bits>",
      description: `the ${whose} length, 81 to 127; 96 unless given`,
    },
  ];
}

/** The values of the options of every target for a host. */
export interface HostOptions {
  network?: string;
  node?: string;
  zerotier?: Folder;
  subnet?: string[];
  subnetLength?: string;
}

function givenNetwork(id: string, origin: string): GivenNetwork {
  const network = new Network(id);
  return {
    network,
    notes: [
      `network ID ${network.id}: ${origin}`,
      `network prefix ${network.sixplane}: that of 6PLANE for this network ID`,
    ],
  };
}

/** What a target for a host is told, by the options that ask for it. */
export async function givenHost(options: HostOptions): Promise<GivenHost> {
  const { node, zerotier, subnet = [], subnetLength } = options;
  if (subnet.length === 0 && subnetLength !== undefined)
    throw new InputError("--subnet-length is the length of a --subnet: give one");
  const named = options.network === undefined ? undefined : givenNetwork(options.network, "as given");
  const chosen = chooseNode(node, zerotier);
  const folder = typeof zerotier === "string" ? zerotier : usualFolder();
  const listed = zerotier === undefined ? undefined : await listedNetworks(folder);
  const { network, notes } =
    named ?? givenNetwork(onlyNetwork(folder, listed), "the only one that this machine has joined");
  const host = network.host(chosen.address);
  if (listed) warnOfMembership(network, host, listed);
  const { prefix } = host.sixplane;
  const subnets = subnetsOf(prefix, subnet, subnetLength ?? "96");
  return {
    network,
    host,
    subnets,
    joined: listed?.find(({ id }) => id === network.id),
    notes: [
      ...notes,
      `node address ${host.node}: ${chosen.origin}`,
      `host prefix ${prefix}: that of 6PLANE for this node address on this network`,
      ...subnets.map(
        (cut) =>
          `sub-prefix ${cut.prefix}: number ${cut.number} of the host prefix, by its name, ${cut.name}`,
      ),
    ],
  };
}
