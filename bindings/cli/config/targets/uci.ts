import { InputError, mismatch } from "sixplane";
import { LAST_METRIC } from "../metric.ts";
import { checkInterface, siteOf } from "../site.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

interface UciOptions {
  interface: string;
  lan: string;
}

/** odhcpd gives no addresses out of a longer prefix (upstream: dhcpv6-ia.h, valid_addr). */
const MOST_LENGTH = 96;

export const uci = hostTarget<UciOptions>({
  name: "uci",
  summary: "commands for OpenWrt's uci: a router whose LAN gets addresses of its /80",
  help: `\
The commands are for uci batch, also again. The LAN's router has the second address of
a sub-prefix, the one named lan unless told otherwise, and its devices get theirs by
DHCPv6. They reach the network; the network reaches them by ping only. ZeroTier's
interface has a firewall zone of its own. Then: uci commit, and reload_config.`,
  example: "sixplane config uci --network 8056c2e21c000001 --node 89e92ceee5 --interface ztmjfmfyq5",
  subnets: "one",
  options: [
    { flags: "--interface <name>", description: "ZeroTier's interface", required: true },
    { flags: "--lan <name>", description: "the LAN's section in /etc/config/network", usual: "lan" },
  ],
  write(given, options) {
    const name = checkInterface(options.interface);
    const lan = checkSection(options.lan);
    const site = siteOf(given, "lan");
    if (site.prefix.length > MOST_LENGTH)
      throw new InputError(
        `uci takes sub-prefixes up to /${MOST_LENGTH}, as odhcpd gives no addresses of ${site.prefix}`,
      );
    const { network, host } = given;
    const notes: Notes = [
      ...site.notes,
      `device ${name}: as given`,
      `sections ${lan}: those of the LAN, in network and dhcp`,
      "sections sixplane...: ZeroTier's interface, its firewall zone, and routes for what has no other",
      "unreachable routes: packets for the network never leave in clear, also while ZeroTier is stopped",
      "unreachable host prefix: nobody is asked for addresses of it that are not on the LAN",
      "ra_default 2: the LAN sends packets for the network here, also where this router has no IPv6 but this",
    ];
    const lines = [
      ...section("network.sixplane", "interface", { proto: "none", device: name }),
      ...nowhere("network.sixplane_6plane", String(network.sixplane)),
      ...nowhere("network.sixplane_rfc4193", String(network.rfc4193)),
      ...nowhere("network.sixplane_host", String(host.sixplane.prefix)),
      ...inList(`network.${lan}.ip6addr`, `${site.router}/${site.prefix.length}`),
      `set dhcp.${lan}.ra='server'`,
      `set dhcp.${lan}.dhcpv6='server'`,
      `set dhcp.${lan}.ra_default='2'`,
      ...inList(`dhcp.${lan}.ra_flags`, "managed-config"),
      ...section("firewall.sixplane", "zone", {
        name: "sixplane",
        network: "sixplane",
        input: "REJECT",
        output: "ACCEPT",
        forward: "REJECT",
      }),
      ...section("firewall.sixplane_out", "forwarding", { src: lan, dest: "sixplane" }),
      ...section("firewall.sixplane_ping", "rule", {
        name: "Ping from sixplane",
        src: "sixplane",
        dest: lan,
        family: "ipv6",
        proto: "icmp",
        icmp_type: "echo-request",
        target: "ACCEPT",
      }),
    ];
    return { files: [{ name: "sixplane.uci", syntax: "#", notes, body: `${lines.join("\n")}\n` }] };
  },
});

/** Commands that make a section, or set its options again where it is there. */
function section(path: string, type: string, options: Record<string, string>): string[] {
  return [
    `set ${path}='${type}'`,
    ...Object.entries(options).map(([name, value]) => `set ${path}.${name}='${value}'`),
  ];
}

function nowhere(path: string, target: string): string[] {
  return section(path, "route6", {
    interface: "loopback",
    target,
    type: "unreachable",
    metric: String(LAST_METRIC),
  });
}

/** Commands after which a list has a value once, whatever it had. */
function inList(path: string, value: string): string[] {
  return [`del_list ${path}='${value}'`, `add_list ${path}='${value}'`];
}

/** The names that uci has for sections (upstream: uci_validate_name). */
function checkSection(name: string): string {
  if (/^\w{1,32}$/.test(name)) return name;
  throw mismatch("LAN", "the name of a section: up to 32 letters, digits and underscores", name);
}
