import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { controller } from "./status.ts";

/** Whether the controller assigns 6PLANE addresses, and whether the interface has addresses that it does not. */
export const mode: NetworkCheck = {
  name: "mode",
  run(subject) {
    const { network, host, joined } = subject;
    if (joined.status !== "OK") return [];
    const { address } = host.sixplane;
    const stale = [
      ...staleOf(subject, address, "6PLANE is off"),
      ...staleOf(subject, host.rfc4193.address, "the mode is off"),
    ];
    if (joined.addresses.includes(address)) return [right(`the controller assigns ${address}`), ...stale];
    const off = found({
      what: "The controller does not assign 6PLANE addresses to this node.",
      why: "Nobody answers for addresses of other hosts' /80s, so every container is unreachable.",
      mend: [controller(network.id, "", { v6AssignMode: { "6plane": true } })],
      where: "the network's controller, or switch 6PLANE on in its web interface",
    });
    return [off, ...stale];
  },
};

/** The finding for an address that the interface has kept. */
function staleOf({ joined, device }: Subject, address: string, hidden: string): Result[] {
  const kept = device?.addr_info.find(({ local }) => local === address);
  if (!kept || !device || joined.addresses.includes(address)) return [];
  return [
    found({
      what: `${device.ifname} still has ${address}, which the controller has taken away.`,
      why: `Hosts still answer each other's pings by ordinary neighbour discovery, and so hide that ${hidden}.`,
      mend: [command("ip", "-6", "address", "delete", `${address}/${kept.prefixlen}`, "dev", device.ifname)],
      where: "this host, unless the mode is switched on again",
    }),
  ];
}
