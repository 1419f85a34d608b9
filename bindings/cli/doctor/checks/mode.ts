import { command, found, type NetworkCheck, right } from "../check.ts";
import { controller } from "./status.ts";

/** Whether the controller assigns 6PLANE addresses, and whether the interface has one that it does not. */
export const mode: NetworkCheck = {
  name: "mode",
  run({ network, host, joined, device }) {
    if (joined.status !== "OK") return [];
    const { address } = host.sixplane;
    if (joined.addresses.includes(address)) return [right(`the controller assigns ${address}`)];
    const stale = device?.addr_info.find(({ local }) => local === address);
    const off = found({
      what: "The controller does not assign 6PLANE addresses to this node.",
      why: "Nobody answers for addresses of other hosts' /80s, so every container is unreachable.",
      mend: [controller(network.id, "", { v6AssignMode: { "6plane": true } })],
      where: "the network's controller, or switch 6PLANE on in its web interface",
    });
    if (!stale || !device) return [off];
    return [
      off,
      found({
        what: `${device.ifname} still has ${address}, which the controller has taken away.`,
        why: "Hosts still answer each other's pings by ordinary neighbour discovery, and so hide that 6PLANE is off.",
        mend: [
          command("ip", "-6", "address", "delete", `${stale.local}/${stale.prefixlen}`, "dev", device.ifname),
        ],
        where: "this host, unless 6PLANE is switched on again",
      }),
    ];
  },
};
