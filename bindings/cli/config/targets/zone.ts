import { type Mode, mismatch, Prefix } from "sixplane";
import { warnOfReserved } from "../../zerotier/identity.ts";
import { LIST_HELP, lineOf, nodesOption, originOf, readNamedNodes } from "../nodes.ts";
import type { Notes } from "../syntax.ts";
import { networkTarget } from "../target.ts";

interface ZoneOptions {
  domain: string;
  nodes: string;
  mode: Mode;
  reverse?: boolean;
}

export const zone = networkTarget<ZoneOptions>({
  name: "zone",
  summary: "the records of a list of nodes for a DNS zone, forward or ip6.arpa",
  help: `\
${LIST_HELP}
The records go into a zone by $INCLUDE.`,
  example:
    "echo 89e92ceee5 web | sixplane config zone --network 8056c2e21c000001 --domain example.org --nodes -",
  options: [
    { flags: "--domain <name>", description: "the domain that the nodes' names are in", required: true },
    { ...nodesOption("the list of nodes"), required: true },
    {
      flags: "--mode <mode>",
      description: "which addresses of the nodes",
      choices: ["6plane", "rfc4193"],
      usual: "6plane",
    },
    { flags: "--reverse", description: "the records of the ip6.arpa zone" },
  ],
  async write({ network, notes }, { domain, nodes, mode, reverse }) {
    checkName("domain", domain);
    const list = await readNamedNodes(network, nodes);
    for (const { line, name } of list) checkName(`name in ${lineOf(line)}`, name, domain);
    const prefix = mode === "6plane" ? network.sixplane : network.rfc4193;
    const zone = prefix.arpa;
    const records = list.map(({ host, name }) => {
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
    ];
    const body = [`$ORIGIN ${reverse ? zone : domain}.`, ...records, ""].join("\n");
    return { files: [{ name: `${reverse ? zone : domain}.records`, syntax: ";", notes: explained, body }] };
  },
});

/** Names of hosts are of letters, digits and hyphens, 63 between dots, 253 in all (RFC 1123 §2.1). */
function checkName(what: string, name: string, domain?: string): void {
  const expected = "letters, digits and hyphens, with dots between them";
  const isHostName = name.split(".").every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(label));
  if (!isHostName) throw mismatch(what, expected, name);
  const { length } = domain === undefined ? name : `${name}.${domain}`;
  if (length > 253) throw mismatch(what, "so short that there are 253 characters with its domain", name);
}

/** A name of a zone without the zone. */
function below(zone: string, name: string): string {
  return name.slice(0, -zone.length - 1);
}
