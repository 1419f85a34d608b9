import { BlockList, isIP } from "node:net";
import { command, found, type NetworkCheck, right, type Subject } from "../check.ts";
import { restart, serviceFile } from "../service.ts";

/** Whether an address that ZeroTier's own packets need lies inside a route that the network's controller gives. */
export const underlay: NetworkCheck = {
  name: "underlay",
  async run(subject) {
    const { state, joined } = subject;
    if (!joined.allowManaged) return [];
    const { listeningOn } = await state.node();
    const addresses = [...new Set(listeningOn.map((text) => text.replace(/\/.*/, "")))];
    // With an IPv4 address comes a route to its range; those of IPv6 have no length here, and the check `listening`.
    const ranges = [...new Set([...joined.routes, ...joined.addresses.filter(hasLength).map(rangeOf)])];
    const inside = ranges.flatMap((route) =>
      addresses.filter((address) => isInside(address, route)).map((address) => ({ route, address })),
    );
    if (inside.length === 0) return [right("no range of the network contains an address of ZeroTier's own")];
    const harmful = inside.map(({ route }) => route);
    return inside.map(({ route, address }) =>
      found({
        what: `The range ${route} of the network contains ${address}, by which this host reaches other nodes.`,
        why: "ZeroTier's own packets to that range go into the network itself, and the node loses its peers.",
        mend: allowingOthers(subject, harmful),
        where: `this host, which then has no address and no route of ${route}; better give the network another range at its controller`,
      }),
    );
  },
};

/**
 * The commands that have the service take all but some routes: `allowManaged` may list what is taken (upstream: OneService.cpp,
 * checkIfManagedIsAllowed).
 */
function allowingOthers({ state, network, joined }: Subject, harmful: string[]): string[] {
  const file = command(serviceFile(state, "networks.d", `${network.id}.local.conf`));
  const others = joined.routes.filter(
    (route) => !harmful.includes(route) && isIP(route.replace(/\/.*/, "")) > 0,
  );
  const ranges = [...new Set([`${network.sixplane}`, `${network.rfc4193}`, ...others])];
  return [
    `touch ${file}`,
    `sed -i /^allowManaged=/d ${file}`,
    `${command("echo", `allowManaged=${ranges.join(",")}`)} >> ${file}`,
    ...restart(state),
  ];
}

function hasLength(address: string): boolean {
  return /^[\d.]+\/\d+$/.test(address);
}

/** The range of an IPv4 address such as 10.147.17.5/24. */
function rangeOf(address: string): string {
  const [text = "", length = ""] = address.split("/");
  const bits = text.split(".").reduce((bits, part) => bits * 256 + Number(part), 0);
  const first = bits - (bits % 2 ** (32 - Number(length)));
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${length}`;
}

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
