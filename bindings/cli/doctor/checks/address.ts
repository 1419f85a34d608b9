import { command, found, type NetworkCheck, right } from "../check.ts";

/** Whether the interface really has the 6PLANE address that the controller assigns, and has it alone. */
export const address: NetworkCheck = {
  name: "address",
  run({ state, network, host, joined, device }) {
    const { address } = host.sixplane;
    if (joined.status !== "OK" || !joined.allowManaged || !joined.addresses.includes(address)) return [];
    const { length } = network.sixplane;
    const own = device?.addr_info.find(({ local }) => local === address);
    const twins = state
      .links()
      .filter(
        (link) =>
          link !== device &&
          link.addr_info.some(({ local, prefixlen }) => local === address && prefixlen <= length),
      );
    if (!device)
      return [
        found({
          what: `There is no interface ${joined.device || "of the network"}.`,
          why: "The service lists it, but the kernel does not have it in this network namespace.",
          mend: ["systemctl restart zerotier-one"],
        }),
      ];
    const results = twins.map(({ ifname }) =>
      found({
        what: `${ifname} has ${address}/${length}, which ${device.ifname} should have alone.`,
        why: "Two routes lead to the same /40, and packets take one of them by chance.",
        mend: [command("ip", "-6", "address", "delete", `${address}/${length}`, "dev", ifname)],
      }),
    );
    if (own?.dadfailed)
      results.push(
        found({
          what: `${device.ifname} does not use ${address}: another host has it.`,
          why: "The kernel found the address in use, so nothing is sent from it.",
          mend: [
            command("ip", "-6", "address", "delete", `${address}/${own.prefixlen}`, "dev", device.ifname),
            command("ip", "-6", "address", "add", `${address}/${own.prefixlen}`, "dev", device.ifname),
          ],
          where:
            "this host, once no other has its identity: give each clone of a machine an identity of its own",
        }),
      );
    else if (!own)
      results.push(
        found({
          what: `${device.ifname} does not have ${address}, though the controller assigns it.`,
          why: "There is no route to the network, so every ping says that the network is unreachable.",
          mend: [command("ip", "-6", "address", "add", `${address}/${length}`, "dev", device.ifname)],
        }),
      );
    else if (!state.routes().some(({ dst, dev }) => dev === device.ifname && dst === `${network.sixplane}`))
      results.push(
        found({
          what: `No route leads to ${network.sixplane} by ${device.ifname}, which has ${address}.`,
          why: "Packets for other hosts and their containers go nowhere, or elsewhere.",
          mend: [
            command("ip", "-6", "route", "add", `${network.sixplane}`, "dev", device.ifname, "metric", "256"),
          ],
        }),
      );
    return results.length > 0 ? results : [right(`${device.ifname} has ${address}, and no other interface`)];
  },
};
