import { InputError, type Mode, Prefix, quote } from "sixplane";
import { warnOfReserved } from "../../zerotier/identity.ts";
import { checkName, DOMAIN, domainOf, isWildcard, MODE } from "../names.ts";
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
    { ...DOMAIN, required: true },
    { ...nodesOption("the list of nodes"), required: true },
    MODE,
    { flags: "--reverse", description: "the records of the ip6.arpa zone" },
    {
      flags: "--shared-names",
      description: "let several nodes have the same name, which has the addresses of all",
    },
  ],
  async write({ network, notes }, options) {
    const { nodes, mode, reverse, sharedNames } = options;
    const domain = domainOf(options.domain);
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
