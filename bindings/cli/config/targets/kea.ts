import { checkInterface, explainPool, SITE_INTERFACE, siteOf } from "../site.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

export const kea = hostTarget<{ interface: string }>({
  name: "kea",
  summary: "the kea-dhcp6.conf of a site's router: DHCPv6 with addresses of the host's /80",
  help: `\
The file is a whole /etc/kea/kea-dhcp6.conf. The router has the sub-prefix's second
address on that interface, and forwards. Hosts learn of DHCPv6, and of the route to
the network, from the router's advertisements, for which sixplane config radvd has
the same sub-prefix: the one named site unless told otherwise.`,
  example: "sixplane config kea --network 8056c2e21c000001 --node 89e92ceee5 --interface lan0",
  subnets: "one",
  options: [SITE_INTERFACE],
  write(given, options) {
    const name = checkInterface(options.interface);
    const site = siteOf(given, "site");
    const notes: Notes = [...site.notes, explainPool(site), `interface ${name}: as given`];
    const server = {
      "interfaces-config": { interfaces: [name] },
      subnet6: [{ id: 1, subnet: site.prefix, interface: name, pools: [{ pool: site.pool }] }],
    };
    const body = `${JSON.stringify({ Dhcp6: server }, null, 2)}\n`;
    return { files: [{ name: "kea-dhcp6.conf", syntax: "//", notes, body }] };
  },
});
