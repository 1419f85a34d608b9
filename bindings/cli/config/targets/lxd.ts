import { MTU, mtuOf } from "../mtu.ts";
import { explainPool, siteOf } from "../site.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

export const lxd = hostTarget<{ mtu?: string }>({
  name: "lxd",
  summary: "the bridge network of LXD, or Incus, that gives instances addresses of this host",
  help: `\
The YAML is what lxc network edit NAME, or incus network edit NAME, reads from stdin
for a network that has been created. The bridge has the second address of a
sub-prefix, the one named lxd unless told otherwise, and instances get theirs by
DHCPv6.`,
  example: "sixplane config lxd --network 8056c2e21c000001 --node 89e92ceee5 --subnet web",
  subnets: "one",
  options: [MTU],
  write(given, options) {
    const site = siteOf(given, "lxd");
    const mtu = mtuOf(options.mtu, given);
    const notes: Notes = [
      ...site.notes,
      explainPool(site),
      `bridge.mtu ${mtu.bytes}: ${mtu.origin}, for the bridge and the instances`,
      "ipv4.address: none, as what else the instances are to have is not known here",
      "ipv6.nat: off, so that addresses are seen as they are",
      "ipv6.dhcp.stateful: on, as instances make up addresses in a /64 only (RFC 4862 §5.5.3)",
    ];
    const config = {
      "bridge.mtu": String(mtu.bytes),
      "ipv4.address": "none",
      "ipv6.address": `${site.router}/${site.prefix.length}`,
      "ipv6.nat": "false",
      "ipv6.routing": "true",
      "ipv6.dhcp": "true",
      "ipv6.dhcp.stateful": "true",
      "ipv6.dhcp.ranges": `${site.first}-${site.last}`,
    };
    const lines = Object.entries(config).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
    return { files: [{ name: `${site.name}.yaml`, syntax: "#", notes, body: `config:\n${lines.join("")}` }] };
  },
});
