import type { Mode } from "sixplane";
import { warnOfReserved } from "../../zerotier/identity.ts";
import { checkName, DOMAIN, domainOf, isWildcard, MODE } from "../names.ts";
import { LIST_HELP, lineOf, type NamedNode, nodesOption, originOf, readNamedNodes } from "../nodes.ts";
import type { Notes } from "../syntax.ts";
import { networkTarget } from "../target.ts";

interface HostsOptions {
  domain?: string;
  nodes: string;
  mode: Mode;
}

/** The line by which the fragment can be found again in a file that has others. */
const END = "# end of what sixplane config hosts wrote\n";

export const hosts = networkTarget<HostsOptions>({
  name: "hosts",
  summary: "lines of /etc/hosts with the names of a list of nodes",
  help: `\
${LIST_HELP}
The lines are a part of /etc/hosts, not the whole file. With --domain, a node has its
name below the domain, and the short name, too.`,
  example: "echo 89e92ceee5 web | sixplane config hosts --network 8056c2e21c000001 --nodes -",
  options: [{ ...nodesOption("the list of nodes"), required: true }, DOMAIN, MODE],
  async write({ network, notes }, { domain: given, nodes, mode }) {
    const domain = given === undefined ? undefined : domainOf(given);
    const list = await readNamedNodes(network, nodes);
    for (const { line, name } of list) checkName(`name in ${lineOf(line)}`, name, domain ?? "");
    for (const { host } of list) warnOfReserved(host.node);
    const named = list.filter(({ name }) => !isWildcard(name));
    const explained: Notes = [
      ...notes,
      `names: from ${originOf(nodes)}${domain === undefined ? "" : `, in the domain ${domain}, as given`}`,
      `addresses: those of ${mode === "6plane" ? "6PLANE" : "RFC 4193"}`,
      ...(named.length < list.length
        ? [`wildcards left out: ${list.length - named.length}, as /etc/hosts has none`]
        : []),
    ];
    const lines = named.map((node) => `${lineFor(node, domain, mode)}\n`);
    return {
      files: [{ name: "sixplane.hosts", syntax: "#", notes: explained, body: `${lines.join("")}${END}` }],
    };
  },
});

/** An address and its names: the full one first, which is the canonical one (hosts(5)). */
function lineFor({ host, name }: NamedNode, domain: string | undefined, mode: Mode): string {
  const { address } = mode === "6plane" ? host.sixplane : host.rfc4193;
  return [address, ...(domain === undefined ? [] : [`${name}.${domain}`]), name].join(" ");
}
