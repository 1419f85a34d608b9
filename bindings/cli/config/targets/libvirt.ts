import { MTU, mtuOf } from "../mtu.ts";
import { explainPool, siteOf } from "../site.ts";
import type { Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

export const libvirt = hostTarget<{ mtu?: string }>({
  name: "libvirt",
  summary: "the XML of a libvirt network that gives virtual machines addresses of this host",
  help: `\
The XML is for virsh net-define. The network has the name of its sub-prefix, which is
libvirt unless told otherwise. Its bridge has the sub-prefix's second address, and
virtual machines get theirs by DHCPv6.`,
  example: "sixplane config libvirt --network 8056c2e21c000001 --node 89e92ceee5 --subnet vms",
  subnets: "one",
  options: [MTU],
  write(given, options) {
    const site = siteOf(given, "libvirt");
    const mtu = mtuOf(options.mtu, given);
    const notes: Notes = [
      ...site.notes,
      explainPool(site),
      `mtu ${mtu.bytes}: ${mtu.origin}, for the bridge and the machines`,
      "forward: routed and not translated, so that addresses are seen as they are",
    ];
    const body = `\
<network>
  <name>${site.name}</name>
  <forward mode="route"/>
  <mtu size="${mtu.bytes}"/>
  <ip family="ipv6" address="${site.router}" prefix="${site.prefix.length}">
    <dhcp>
      <range start="${site.first}" end="${site.last}"/>
    </dhcp>
  </ip>
</network>
`;
    return { files: [{ name: `${site.name}.xml`, syntax: "xml", notes, body }] };
  },
});
