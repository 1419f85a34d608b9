import { BlockList, isIP } from "node:net";
import { command, found, type NetworkCheck, right } from "../check.ts";

/** Whether an address that ZeroTier's own packets need lies inside a route that the network's controller gives. */
export const underlay: NetworkCheck = {
  name: "underlay",
  async run({ state, network, joined }) {
    if (!joined.allowManaged) return [];
    const { listeningOn } = await state.node();
    const addresses = [...new Set(listeningOn.map((text) => text.replace(/\/.*/, "")))];
    const results = joined.routes.flatMap((route) => {
      const inside = addresses.filter((address) => isInside(address, route));
      return inside.map((address) =>
        found({
          what: `The route ${route} of the network contains ${address}, by which this host reaches other nodes.`,
          why: "ZeroTier's own packets to that range go into the network itself, and the node loses its peers.",
          mend: [command("zerotier-cli", "set", network.id, "allowManaged=0")],
          where: "this host, until the controller gives the network another range; managed addresses go, too",
        }),
      );
    });
    return results.length > 0
      ? results
      : [right("no route of the network contains an address of ZeroTier's own")];
  },
};

/** Whether an address is within a prefix of its family; a default route is for what no other is for, and holds none. */
function isInside(address: string, route: string): boolean {
  const [first = "", length = ""] = route.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(first) !== family || !/^[1-9]\d{0,2}$/.test(length)) return false;
  if (Number(length) > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  range.addSubnet(first, Number(length), type);
  return range.check(address, type);
}
