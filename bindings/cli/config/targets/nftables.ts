import type { Prefix } from "sixplane";
import { mismatch } from "sixplane";
import { LIST_HELP, nodesOption, originOf, readNodes } from "../nodes.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

interface NftablesOptions {
  allow?: string[];
  nodes?: string;
}

/** What IPv6 does not work without (RFC 4890 §4.3.1), and what pings. */
const ICMPV6 = [
  "destination-unreachable",
  "packet-too-big",
  "time-exceeded",
  "parameter-problem",
  "echo-request",
];

export const nftables = hostTarget<NftablesOptions>({
  name: "nftables",
  summary: "the firewall of a host's containers: what of the network may reach its /80, for nftables",
  help: `\
The file is for nft -f, also after itself: it replaces its own table, and no other. It
lets replies, pings and ICMPv6 errors to what is in the /80, or in the sub-prefix,
and the ports of --allow, all from the network only; with --nodes, from the nodes of
the list. It drops the rest, and all whose source has not come the way that leads to
it. Containers may send what they will. What another table drops stays dropped.
${LIST_HELP}`,
  example:
    "sixplane config nftables --network 8056c2e21c000001 --node 89e92ceee5 --allow tcp/443 --allow udp/53",
  subnets: "one",
  options: [
    {
      flags: "--allow <port>",
      description: "a port that the network may reach: tcp/443, udp/53, tcp/8000-8099; may be repeated",
      repeatable: true,
    },
    nodesOption("a list of the nodes that may send; without it, all of the network"),
  ],
  async write({ network, host, subnets: [subnet], notes }, { allow = [], nodes }) {
    const prefix = subnet?.prefix ?? host.sixplane.prefix;
    const services = allow.map(serviceOf);
    const listed = nodes === undefined ? undefined : await readNodes(network, nodes);
    const senders = listed && prefixesOf(listed.map((node) => node.host.sixplane.prefix));
    const explained: Notes = [
      ...notes,
      `what is behind this firewall: ${prefix}, ${subnet ? "the sub-prefix" : "the host prefix"}`,
      `who may send: ${nodes === undefined ? `all of ${network.sixplane}` : `nodes from ${originOf(nodes)}`}`,
      `ports: ${allow.length === 0 ? "none" : allow.join(", ")}, as given`,
    ];
    const body = ruleset(String(prefix), senders ?? [String(network.sixplane)], services);
    return { files: [{ name: "sixplane.nft", syntax: "#", notes: explained, body }] };
  },
});

/** The table. The first two lines let it be loaded again. */
function ruleset(prefix: string, senders: string[], services: string[]): string {
  return `\
table inet sixplane
delete table inet sixplane

table inet sixplane {
  set senders {
    type ipv6_addr
    flags interval
    elements = {
${senders.map((sender) => `      ${sender},\n`).join("")}    }
  }

  chain forward {
    type filter hook forward priority filter; policy accept;
    ip6 daddr ${prefix} jump containers
  }

  chain containers {
    fib saddr . iif oif missing drop
    ct state established,related accept
    ip6 saddr ${prefix} accept
    ip6 saddr != @senders drop
    icmpv6 type { ${ICMPV6.join(", ")} } accept
${services.map((service) => `    ${service} accept\n`).join("")}    drop
  }
}
`;
}

/** The prefixes of nodes, each once: nft refuses overlaps. */
function prefixesOf(prefixes: Prefix[]): string[] {
  return [...new Set(prefixes.map(String))];
}

/** A port, or a range of ports, as a match of nft. */
function serviceOf(text: string): string {
  const [, protocol = "", first = "", last = first] =
    /^(tcp|udp|sctp)\/(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const isRight = Number(first) > 0 && Number(first) <= Number(last) && Number(last) <= 0xffff;
  if (protocol !== "" && isRight)
    return `${protocol} dport ${first === last ? Number(first) : `${Number(first)}-${Number(last)}`}`;
  throw mismatch("port", "tcp, udp or sctp, a slash, and a port or a range such as 8000-8099", text);
}
