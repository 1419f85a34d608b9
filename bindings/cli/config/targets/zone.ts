import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { type Host, InputError, type Mode, mismatch, type Network, Prefix, quote } from "sixplane";
import { systemReason } from "../../io/failure.ts";
import { warnOfReserved } from "../../zerotier/identity.ts";
import type { Notes } from "../syntax.ts";
import { networkTarget } from "../target.ts";

interface ZoneOptions {
  domain: string;
  nodes: string;
  mode: Mode;
  reverse?: boolean;
}

/** A node of the list, and its name below the domain. */
interface Named {
  host: Host;
  name: string;
}

export const zone = networkTarget<ZoneOptions>({
  name: "zone",
  summary: "the records of a list of nodes for a DNS zone, forward or ip6.arpa",
  help: `\
The list has a line for each node: its node address, then its name below the domain.
Empty lines, and what is behind a #, say nothing. The records go into a zone by
$INCLUDE.`,
  example:
    "echo 89e92ceee5 web | sixplane config zone --network 8056c2e21c000001 --domain example.org --nodes -",
  options: [
    { flags: "--domain <name>", description: "the domain that the nodes' names are in", required: true },
    { flags: "--nodes <file>", description: "the list of nodes, - for stdin", required: true },
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
    const list = parseList(network, domain, await read(nodes));
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
      `names: from ${nodes === "-" ? "stdin" : quote(nodes)}, in the domain ${domain}, as given`,
      `addresses: those of ${mode === "6plane" ? "6PLANE" : "RFC 4193"}, in ${prefix}, for the node at the end of each line`,
      ...(reverse ? [`zone: the name of ${prefix} below ip6.arpa`] : []),
    ];
    const body = [`$ORIGIN ${reverse ? zone : domain}.`, ...records, ""].join("\n");
    return { files: [{ name: `${reverse ? zone : domain}.records`, syntax: ";", notes: explained, body }] };
  },
});

async function read(path: string): Promise<string> {
  try {
    return await text(path === "-" ? process.stdin : createReadStream(path));
  } catch (error) {
    throw mismatch("list of nodes", "a file that can be read", path, systemReason(error));
  }
}

function parseList(network: Network, domain: string, list: string): Named[] {
  const lines = list.split("\n").map((line, n) => ({ n: n + 1, words: line.replace(/#.*/, "").trim() }));
  const filled = lines.filter(({ words }) => words !== "");
  if (filled.length === 0) throw new InputError("the list of nodes is empty");
  return filled.map(({ n, words }) => {
    const [node = "", name = "", ...more] = words.split(/\s+/);
    const what = `line ${n} of the list`;
    if (name === "" || more.length > 0) throw mismatch(what, "a node address and a name", words);
    checkName(`name in ${what}`, name, domain);
    return { host: hostOn(what, network, node), name };
  });
}

function hostOn(line: string, network: Network, node: string): Host {
  try {
    return network.host(node);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${line}: ${error.message}`) : error;
  }
}

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
