import { command, found, type NetworkCheck, right } from "../check.ts";

/** Whether ZeroTier's interface is a port of a bridge, whose other ports get no answers. */
export const bridged: NetworkCheck = {
  name: "bridged",
  run({ host, device }) {
    if (!device) return [];
    const { ifname, master } = device;
    if (!master) return [right(`${ifname} is no port of a bridge`)];
    return [
      found({
        what: `${ifname} is a port of ${master}.`,
        why: "ZeroTier answers solicitations to this node's own address, so devices behind the bridge never learn a neighbour.",
        mend: [command("ip", "link", "set", "dev", ifname, "nomaster")],
        where: `this host, and give those devices addresses of ${host.sixplane.prefix} behind a bridge with a route`,
      }),
    ];
  },
};
