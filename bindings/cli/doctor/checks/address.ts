import type { HostAddress, Prefix } from "sixplane";
import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { restart } from "../service.ts";
import type { Link, LinkAddress } from "../state.ts";

/** An address that the controller assigns, and the prefix that all addresses of its mode are in. */
interface Assigned {
  address: string;
  all: Prefix;
}

/** Whether the interface really has the addresses that the controller assigns, with their routes, and has them alone. */
export const address: NetworkCheck = {
  name: "address",
  run(subject) {
    const { network, host, joined, device } = subject;
    const modes: [HostAddress, Prefix][] = [
      [host.sixplane, network.sixplane],
      [host.rfc4193, network.rfc4193],
    ];
    const assigned = modes
      .map(([{ address }, all]) => ({ address, all }))
      .filter(({ address }) => joined.addresses.includes(address));
    if (joined.status !== "OK" || !joined.allowManaged || assigned.length === 0) return [];
    if (!device)
      return [
        found({
          what: `There is no interface ${joined.device || "of the network"}.`,
          why: "The service lists it, but the kernel does not have it in this network namespace.",
          mend: restart(subject.state),
        }),
      ];
    const programs = rivals(subject, device, assigned);
    if (programs.length > 0) return programs.map((link) => rival(link, device));
    return assigned.flatMap((one) => {
      const results = [...twinsOf(subject, device, one), ...stateOf(subject, device, one)];
      return results.length > 0
        ? results
        : [right(`${device.ifname} has ${one.address}, and no other interface`)];
    });
  },
};

/** Interfaces that another program runs for the same node, such as `sixplane up`. */
function rivals({ state }: Subject, device: Link, assigned: Assigned[]): Link[] {
  const isAssigned = ({ local, prefixlen }: LinkAddress) =>
    assigned.some(({ address, all }) => local === address && prefixlen <= all.length);
  return state
    .links()
    .filter(
      (link) => link !== device && link.linkinfo?.info_kind === "tun" && link.addr_info.some(isAssigned),
    );
}

/** The finding for one. Its program would put back what is taken from it, and ends when the interface goes. */
function rival({ ifname }: Link, device: Link): Result {
  return found({
    what: `A program runs ${ifname} for the same node as ${device.ifname}, with the same addresses.`,
    why: "Two routes lead to the same prefix, and only one of the two is on ZeroTier's network.",
    mend: [command("ip", "link", "delete", "dev", ifname)],
    where: "this host, which ends `sixplane up`; stop the service that starts it, if there is one",
  });
}

/** Other interfaces with the address, or with a route to all that are reached by it. */
function twinsOf({ state }: Subject, device: Link, { address, all }: Assigned): Result[] {
  const others = state.links().filter((link) => link !== device);
  const isSame = ({ local, prefixlen }: LinkAddress) => local === address && prefixlen <= all.length;
  const twins = others.flatMap(({ ifname, addr_info }) =>
    addr_info.filter(isSame).map((one) => ({ ifname, ...one })),
  );
  const routes = state
    .routes()
    .filter(({ type, dst, dev }) => type === "unicast" && dst === `${all}` && dev !== device.ifname)
    .filter(({ dev }) => !twins.some(({ ifname }) => ifname === dev));
  const why = `Two routes lead to the same /${all.length}, and packets take the one with the lower metric, or one by chance.`;
  return [
    ...twins.map(({ ifname, prefixlen }) =>
      found({
        what: `${ifname} has ${address}/${prefixlen}, which ${device.ifname} should have alone.`,
        why,
        mend: [command("ip", "-6", "address", "delete", `${address}/${prefixlen}`, "dev", ifname)],
      }),
    ),
    ...routes.map(({ dev = "", metric = 1024 }) =>
      found({
        what: `A route leads to ${all} by ${dev}, too, not by ${device.ifname} alone.`,
        why,
        mend: [command("ip", "-6", "route", "delete", `${all}`, "dev", dev, "metric", `${metric}`)],
      }),
    ),
  ];
}

/** What the interface lacks: the address, its use, or its route. */
function stateOf({ state }: Subject, { ifname, addr_info }: Link, { address, all }: Assigned): Result[] {
  const own = addr_info.find(({ local }) => local === address);
  if (!own)
    return [
      found({
        what: `${ifname} does not have ${address}, though the controller assigns it.`,
        why: "There is no route to the network, so every ping says that the network is unreachable.",
        mend: [command("ip", "-6", "address", "add", `${address}/${all.length}`, "dev", ifname)],
      }),
    ];
  if (own.dadfailed)
    return [
      found({
        what: `${ifname} does not use ${address}: another host has it.`,
        why: "The kernel found the address in use, so nothing is sent from it.",
        mend: ["delete", "add"].map((act) =>
          command("ip", "-6", "address", act, `${address}/${own.prefixlen}`, "dev", ifname),
        ),
        where:
          "this host, once no other has its identity: give each clone of a machine an identity of its own",
      }),
    ];
  if (state.routes().some(({ dst, dev }) => dev === ifname && dst === `${all}`)) return [];
  return [
    found({
      what: `No route leads to ${all} by ${ifname}, which has ${address}.`,
      why: "Packets for other hosts and their containers go nowhere, or elsewhere.",
      mend: [command("ip", "-6", "route", "add", `${all}`, "dev", ifname, "metric", "256")],
    }),
  ];
}
