import { InputError, type Mode, mismatch, Prefix, quote } from "sixplane";
import { warnOfReserved } from "../../zerotier/identity.ts";
import { LIST_HELP, lineOf, type NamedNode, nodesOption, originOf, readNamedNodes } from "../nodes.ts";
import type { Notes } from "../syntax.ts";
import { networkTarget } from "../target.ts";

interface ZoneOptions {
  domain: string;
  nodes: string;
  mode: Mode;
  reverse?: boolean;
  sharedNames?: boolean;
}

export const zone = networkTarget<ZoneOptions>({
  name: "zone",
  summary: "the records of a list of nodes for a DNS zone, forward or ip6.arpa",
  help: `\
${LIST_HELP}
A name may start with *. as that of a wildcard. The records go into a zone by $INCLUDE.`,
  example:
    "echo 89e92ceee5 web | sixplane config zone --network 8056c2e21c000001 --domain example.org --nodes -",
  options: [
    {
      flags: "--domain <name>",
      description: "the domain that the nodes' names are in, with a dot at its end or without",
      required: true,
    },
    { ...nodesOption("the list of nodes"), required: true },
    {
      flags: "--mode <mode>",
      description: "which addresses of the nodes",
      choices: ["6plane", "rfc4193"],
      usual: "6plane",
    },
    { flags: "--reverse", description: "the records of the ip6.arpa zone" },
    {
      flags: "--shared-names",
      description: "let several nodes have the same name, which has the addresses of all",
    },
  ],
  async write({ network, notes }, options) {
    const { nodes, mode, reverse, sharedNames } = options;
    const domain = options.domain.replace(/(?<=.)\.$/, "");
    checkName("domain", domain);
    const list = await readNamedNodes(network, nodes);
    for (const { line, name } of list) checkName(`name in ${lineOf(line)}`, name, domain);
    if (!sharedNames) refuseShared(list);
    const wildcards = list.filter(({ name }) => isWildcard(name)).length;
    const prefix = mode === "6plane" ? network.sixplane : network.rfc4193;
    const zone = prefix.arpa;
    const recorded = reverse ? list.filter(({ name }) => !isWildcard(name)) : list;
    const records = recorded.map(({ host, name }) => {
      const { address } = mode === "6plane" ? host.sixplane : host.rfc4193;
      if (!reverse) return `${name} IN AAAA ${address} ; node ${host.node}`;
      return `${below(zone, new Prefix(address, 128).arpa)} IN PTR ${name}.${domain}. ; node ${host.node}`;
    });
    for (const { host } of list) warnOfReserved(host.node);
    const explained: Notes = [
      ...notes,
      `names: from ${originOf(nodes)}, in the domain ${domain}, as given`,
      `addresses: those of ${mode === "6plane" ? "6PLANE" : "RFC 4193"}, in ${prefix}, for the node at the end of each line`,
      ...(reverse ? [`zone: the name of ${prefix} below ip6.arpa`] : []),
      ...(reverse && wildcards > 0
        ? [`wildcards left out: ${wildcards}, as none of them is the name of a host`]
        : []),
    ];
    const body = [`$ORIGIN ${reverse ? zone : domain}.`, ...records, ""].join("\n");
    return { files: [{ name: `${reverse ? zone : domain}.records`, syntax: ";", notes: explained, body }] };
  },
});

/**
 * Names of hosts are of letters, digits and hyphens, 63 between dots, 253 in all (RFC 1123 §2.1). Below a domain, an asterisk may
 * stand for the first label (RFC 4592 §2.1.1).
 */
function checkName(what: string, name: string, domain?: string): void {
  const expected = "letters, digits and hyphens, with dots between them";
  const labels = name.split(".");
  if (domain !== undefined && isWildcard(name)) labels.shift();
  const isHostName = labels.every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(label));
  if (!isHostName) throw mismatch(what, expected, name);
  const { length } = domain === undefined ? name : `${name}.${domain}`;
  if (length > 253) throw mismatch(what, "so short that there are 253 characters with its domain", name);
}

function isWildcard(name: string): boolean {
  return name === "*" || name.startsWith("*.");
}

/** @throws InputError where two nodes have the same name, in whatever case (RFC 4343) */
function refuseShared(list: readonly NamedNode[]): void {
  const lines = new Map<string, number>();
  for (const { line, name } of list) {
    const first = lines.get(name.toLowerCase());
    if (first !== undefined) {
      throw new InputError(
        `${lineOf(line)} has the name ${quote(name)} again, which line ${first} has: --shared-names lets several nodes have a name`,
      );
    }
    lines.set(name.toLowerCase(), line);
  }
}

/** A name of a zone without the zone. */
function below(zone: string, name: string): string {
  return name.slice(0, -zone.length - 1);
}
