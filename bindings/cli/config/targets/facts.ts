import type { Host, Network } from "sixplane";
import { NOTES } from "../syntax.ts";
import { hostTarget } from "../target.ts";

export const facts = hostTarget({
  name: "facts",
  summary: "a host's addresses as facts, for Ansible, Puppet's Facter and Chef's Ohai",
  help: `\
The file is the same for all three, and it depends on its name where they find it:
/etc/ansible/facts.d/sixplane.fact, /etc/facter/facts.d/sixplane.json and
/etc/chef/ohai/hints/sixplane.json.`,
  example: "sixplane config facts --network 8056c2e21c000001 --node 89e92ceee5 --subnet web",
  subnets: "many",
  options: [],
  write({ network, host, subnets, notes }) {
    const sixplane = {
      comment: NOTES,
      ...valuesOf(network, host),
      subnets: Object.fromEntries(subnets.map(({ name, prefix }) => [name, prefix])),
    } as const;
    return {
      files: [
        {
          name: "sixplane.json",
          syntax: "json",
          notes: [...notes, ...explain(network, host)],
          body: { sixplane },
        },
      ],
    };
  },
});

/** What the notes, which every target has, do not say. */
export function explain(network: Network, { mac, sixplane, rfc4193 }: Host): string[] {
  return [
    `MAC ${mac}: the one that ZeroTier gives to this node on this network`,
    `sixplane_address ${sixplane.address}: the host's own, the second of the host prefix`,
    `rfc4193_address ${rfc4193.address}: that of RFC 4193 mode, in which a host has no more than this one`,
    `rfc4193_network_prefix ${network.rfc4193}: that of RFC 4193 mode for this network ID`,
  ];
}

/** What other programs are told of a host. */
export function valuesOf(network: Network, host: Host): Record<string, string> {
  return {
    network_id: network.id,
    node_address: host.node,
    mac: host.mac,
    sixplane_address: host.sixplane.address,
    sixplane_host_prefix: String(host.sixplane.prefix),
    sixplane_network_prefix: String(network.sixplane),
    rfc4193_address: host.rfc4193.address,
    rfc4193_network_prefix: String(network.rfc4193),
  };
}
