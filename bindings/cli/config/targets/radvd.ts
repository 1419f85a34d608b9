import { checkInterface, SITE_INTERFACE, siteOf } from "../site.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

export const radvd = hostTarget<{ interface: string }>({
  name: "radvd",
  summary:
    "the radvd.conf of a site's router: the route to the network, and a sub-prefix that is on the link",
  help: `\
The file is a whole /etc/radvd.conf. The router has the sub-prefix's second address
on that interface, and forwards. Hosts get their addresses by DHCPv6, for which
sixplane config kea has the same sub-prefix: the one named site unless told
otherwise.`,
  example: "sixplane config radvd --network 8056c2e21c000001 --node 89e92ceee5 --interface lan0",
  subnets: "one",
  options: [SITE_INTERFACE],
  write(given, options) {
    const name = checkInterface(options.interface);
    const site = siteOf(given, "site");
    const notes: Notes = [
      ...site.notes,
      `interface ${name}: as given`,
      "AdvDefaultLifetime 0: a router to the network, and to nothing else",
      "AdvAutonomous off: hosts make up addresses in a /64 only (RFC 4862 §5.5.3), and DHCPv6 has them",
      "route: that to the network prefix (RFC 4191)",
    ];
    const body = `
interface ${name} {
  AdvSendAdvert on;
  AdvManagedFlag on;
  AdvDefaultLifetime 0;
  prefix ${site.prefix} {
    AdvOnLink on;
    AdvAutonomous off;
  };
  route ${given.network.sixplane} {
  };
};
`;
    return { files: [{ name: "radvd.conf", syntax: "#", notes, body }] };
  },
});
