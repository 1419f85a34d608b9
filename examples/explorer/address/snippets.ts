// What to type to use an address.
import { type Host, type Network, parseAddress } from "sixplane";
import { hexOf } from "./fields.ts";

export interface Snippet {
  title: string;
  note: string;
  text: string;
}

/** The number of the sub-prefix that the name "containers" has on every host (`sixplane config docker --help`). */
const CONTAINERS = 10950;

/** That of a ZeroTier network unless its controller changes it. */
const MTU = 2800;

export function snippets(network: Network, host: Host): Snippet[] {
  const { prefix } = host.sixplane;
  const daemon = {
    ipv6: true,
    "fixed-cidr-v6": prefix.subnet(96, 1),
    ip6tables: false,
    mtu: MTU,
  };
  return [
    {
      title: "Docker, all containers",
      note: "In /etc/docker/daemon.json: the default bridge gets a /96, and every port of every container is open to the network. sixplane config docker keeps Docker's firewall.",
      text: JSON.stringify(daemon, null, 2),
    },
    {
      title: "Docker, one network",
      note: "As sixplane config docker --subnet containers prints it: the same share of every host's /80.",
      text: [
        `docker network create --ipv6 --subnet=${prefix.subnet(96, CONTAINERS)} \\`,
        "  --opt=com.docker.network.bridge.gateway_mode_ipv6=routed \\",
        `  --opt=com.docker.network.driver.mtu=${MTU} containers`,
      ].join("\n"),
    },
    {
      title: "Linux, by ip(8)",
      note: "As root, for a TAP interface zt0 whose solicitations a responder answers; br0 is for containers.",
      text: [
        `ip link set dev zt0 address ${host.mac} up`,
        `ip address add ${host.sixplane.address}/40 dev zt0`,
        `ip address add ${host.rfc4193.address}/88 dev zt0`,
        `ip address add ${host.sixplane.address}/80 dev br0`,
      ].join("\n"),
    },
    {
      title: "A host, by sixplane",
      note: "As root: the TAP, its addresses and the responder, and UDP to another host.",
      text: [
        `npx sixplane up --network ${network.id} --node ${host.node} \\`,
        "  --peer deadbeef01@192.0.2.2",
      ].join("\n"),
    },
    {
      title: "What the kernel asks, by tcpdump",
      note: "Solicitations for addresses of this network that this host sends.",
      text: [
        "tcpdump -i zt0 -e \\",
        `  'ether src ${host.mac} and icmp6[0] == 135`,
        `   and ${isTarget(network)}'`,
      ].join("\n"),
    },
    {
      title: "JavaScript",
      note: "In Node, Deno and browsers.",
      text: [
        'import { Network } from "sixplane";',
        "",
        `const host = new Network("${network.id}").host("${host.node}");`,
        "console.log(host.sixplane.address, host.rfc4193.address, host.mac);",
      ].join("\n"),
    },
  ];
}

/** Whether a solicitation's target, which starts at its ninth byte, is in the network's /40. */
function isTarget(network: Network): string {
  const prefix = hexOf(parseAddress(network.sixplane.address(0)));
  return `icmp6[8:4] == 0x${prefix.slice(0, 8)} and icmp6[12] == 0x${prefix.slice(8, 10)}`;
}
