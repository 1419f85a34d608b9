import { Option, type OptionValues } from "commander";
import { type Host, InputError, Network } from "sixplane";
import { chooseNode, type Folder, warnOfReserved, zerotierOption } from "../zerotier/identity.ts";
import { mark } from "./signature.ts";
import { type Subnet, subnetsOf } from "./subnet.ts";

/** A kind of configuration: a module in `targets`, and its page there. */
export interface Target {
  /** The word on the command line: lower-case letters. */
  readonly name: string;
  /** What it is, in one line, as --list and --help have it. */
  readonly summary: string;
  /** What --help says below the options: what to know before its output is used. */
  readonly help: string;
  /** A command that works anywhere, as a shell takes it. */
  readonly example: string;
  /** The options by which it is told the network, the host and so on, and those of its own. */
  readonly asks: readonly Option[];
  readonly options: readonly Option[];
  /**
   * The configuration, with a newline at its end.
   *
   * @param options as commander has them
   * @throws InputError for options, or what else is asked, that cannot be
   */
  text(options: OptionValues): string | Promise<string>;
}

/** What a target for a network is told. */
export interface GivenNetwork {
  network: Network;
  /**
   * Lines for a comment: the mark by which the file is known again, which must be there as it is, then what
   * each value is and where it came from. They have no two hyphens in a row.
   */
  notes: string[];
}

/** What a target for a host is told. */
export interface GivenHost extends GivenNetwork {
  host: Host;
  /** The sub-prefixes that were asked for by --subnet. */
  subnets: Subnet[];
}

/** A target whose network, and so on, is asked for here. */
interface Definition<Given, Options> extends Omit<Target, "asks" | "text"> {
  /**
   * Makes the configuration of what is given, its notes in a comment, and of the target's own options.
   *
   * @throws InputError for options that cannot be
   */
  write(given: Given, options: Options): string | Promise<string>;
}

interface HostDefinition<Options> extends Definition<GivenHost, Options> {
  /** How many times --subnet may be given. */
  subnets: "one" | "many";
}

/** A target that is for one host of a network: it takes --network, --node or --zerotier, and --subnet. */
export function hostTarget<Options>({ write, subnets, ...target }: HostDefinition<Options>): Target {
  return {
    ...target,
    asks: [networkOption(), nodeOption(), zerotierOption(), ...subnetOptions(subnets)],
    async text(values) {
      if (subnets === "one" && values["subnet"]?.length > 1)
        throw new InputError(`${target.name} takes one --subnet, not ${values["subnet"].length}`);
      const given = givenHost(target.name, values as HostOptions);
      const text = await write(given, values as Options);
      warnOfReserved(given.host.node);
      return text;
    },
  };
}

/** A target that is for a network as a whole: it takes --network. */
export function networkTarget<Options>({ write, ...target }: Definition<GivenNetwork, Options>): Target {
  return {
    ...target,
    asks: [networkOption()],
    text: (values) => write(givenNetwork(target.name, values["network"]), values as Options),
  };
}

function networkOption(): Option {
  return new Option("--network <id>", "network ID, 16 hex digits").makeOptionMandatory();
}

function nodeOption(): Option {
  return new Option("--node <address>", "the host's own node address, 10 hex digits");
}

function subnetOptions(count: "one" | "many"): Option[] {
  const [repeated, whose] = count === "many" ? ["; may be repeated", "sub-prefixes'"] : ["", "sub-prefix's"];
  return [
    new Option("--subnet <name>", `a sub-prefix of the host's /80, by a name${repeated}`).argParser(
      (name, before: string[] = []) => [...before, name],
    ),
    new Option("--subnet-length <bits>", `the ${whose} length, 81 to 127; 96 unless given`),
  ];
}

/** The values of the options of every target for a host. */
export interface HostOptions {
  network: string;
  node?: string;
  zerotier?: Folder;
  subnet?: string[];
  subnetLength?: string;
}

function givenNetwork(name: string, id: string): GivenNetwork {
  const network = new Network(id);
  return {
    network,
    notes: [
      mark(name),
      `network ID ${network.id}: as given`,
      `network prefix ${network.sixplane}: that of 6PLANE for this network ID`,
    ],
  };
}

/** What a target for a host is told, by the options that ask for it. */
export function givenHost(name: string, options: HostOptions): GivenHost {
  const { network: id, node, zerotier, subnet = [], subnetLength } = options;
  if (subnet.length === 0 && subnetLength !== undefined)
    throw new InputError("--subnet-length is the length of a --subnet: give one");
  const { network, notes } = givenNetwork(name, id);
  const chosen = chooseNode(node, zerotier);
  const host = network.host(chosen.address);
  const { prefix } = host.sixplane;
  const subnets = subnetsOf(prefix, subnet, subnetLength ?? "96");
  return {
    network,
    host,
    subnets,
    notes: [
      ...notes,
      `node address ${host.node}: ${spaced(chosen.origin)}`,
      `host prefix ${prefix}: that of 6PLANE for this node address on this network`,
      ...subnets.map(
        (cut) =>
          `sub-prefix ${cut.prefix}: number ${cut.number} of the host prefix, by its name, ${spaced(cut.name)}`,
      ),
    ],
  };
}

/** A text of somebody else's, without two hyphens in a row, which XML comments may not have. */
function spaced(text: string): string {
  return text.replace(/-(?=-)/g, "- ");
}
