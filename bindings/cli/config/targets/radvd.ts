import { siteInterface, siteOf } from "../site.ts";
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
  options: [siteInterface()],
  write(given, { interface: name }) {
    const { prefix, notes } = siteOf(given, "site");
    const lines = [
      ...notes,
      `interface ${name}: as given`,
      "AdvDefaultLifetime 0: a router to the network, and to nothing else",
      "AdvAutonomous off: hosts make up addresses in a /64 only (RFC 4862 §5.5.3), and DHCPv6 has them",
      "route: that to the network prefix (RFC 4191)",
    ];
    return `\
${lines.map((line) => `# ${line}\n`).join("")}
interface ${name} {
  AdvSendAdvert on;
  AdvManagedFlag on;
  AdvDefaultLifetime 0;
  prefix ${prefix} {
    AdvOnLink on;
    AdvAutonomous off;
  };
  route ${given.network.sixplane} {
  };
};
`;
  },
});
