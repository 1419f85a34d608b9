import { bridgeAddress } from "../../config/bridge.ts";
import { command, found, type NetworkCheck, type Result, right } from "../check.ts";
import { isWithin, prefixAround } from "../range.ts";
import type { Link, LinkAddress, Route } from "../state.ts";

/** Whether each interface to containers has its address in this host's /80, and a route to what it has there. */
export const bridge: NetworkCheck = {
  name: "bridge",
  run({ state, network, host, bridges }) {
    if (bridges.length === 0) return [right("no interface leads to containers: nothing to check for them")];
    const all = network.sixplane.toString();
    const own = host.sixplane.prefix.toString();
    return bridges.flatMap((link) => {
      const addresses = link.addr_info.filter(
        ({ local, prefixlen }) => isWithin(local, all) && prefixlen > network.sixplane.length,
      );
      const foreign = addresses.filter(({ local }) => !isWithin(local, own));
      const lost = addresses.filter(
        (address) => isWithin(address.local, own) && !isRouted(state.routes(), link, address),
      );
      const results: Result[] = [
        ...foreign.map((address) =>
          elsewhere(
            link,
            address,
            owner(network.ownerOf(address.local)),
            bridgeAddress(host.sixplane.prefix),
          ),
        ),
        ...lost.map((address) => unrouted(link, address)),
      ];
      if (results.length > 0 || addresses.length === 0) return results;
      return [right(`${link.ifname} has ${addresses.map(text).join(", ")}, of this host's /80`)];
    });
  },
};

function text({ local, prefixlen }: LinkAddress): string {
  return `${local}/${prefixlen}`;
}

function owner(found: { node: string } | undefined): string {
  return found ? `node ${found.node}` : "no node";
}

/** Whether some route leads to the address's neighbours by its interface. */
function isRouted(routes: Route[], { ifname }: Link, { local, prefixlen }: LinkAddress): boolean {
  if (prefixlen === 128) return true;
  return routes.some(
    ({ dst, dev, type }) =>
      dev === ifname && type === "unicast" && dst.includes("/") && isWithin(`${local}/${prefixlen}`, dst),
  );
}

function elsewhere({ ifname }: Link, address: LinkAddress, whose: string, own: string) {
  return found({
    what: `${ifname} has ${text(address)}, which belongs to ${whose}, not to this host.`,
    why: "Answers to containers with addresses from there go to that node, or nowhere.",
    mend: [
      command("ip", "-6", "address", "delete", text(address), "dev", ifname),
      command("ip", "-6", "address", "add", `${own}/80`, "dev", ifname),
    ],
  });
}

function unrouted({ ifname }: Link, address: LinkAddress) {
  return found({
    what: `No route leads to ${prefixOf(address)} by ${ifname}, which has ${text(address)}.`,
    why: "Packets for its containers go back out to ZeroTier, or nowhere.",
    mend: [command("ip", "-6", "route", "add", prefixOf(address), "dev", ifname, "metric", "256")],
  });
}

function prefixOf({ local, prefixlen }: LinkAddress): string {
  return prefixAround(local, prefixlen);
}
