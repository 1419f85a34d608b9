import { Prefix } from "sixplane";
import type { Subject } from "./check.ts";
import { isWithin, prefixAround } from "./range.ts";
import type { Packet } from "./ruleset.ts";
import type { Link, Route } from "./state.ts";

/** The first packets between the network and containers behind a bridge: from a far one to a near one, and the other way. */
export function waysOf(subject: Subject, bridge: Link): [Packet, Packet] {
  const { state, network, joined } = subject;
  const { ifname } = bridge;
  const far = network.sixplane.address(1n << 60n);
  const near = containerOf(subject, bridge);
  const by = (address: string) => routeTo(state.routes(), address)?.dev;
  return [
    { from: joined.device, to: ifname, source: far, destination: near, back: by(far) },
    { from: ifname, to: joined.device, source: near, destination: far, back: by(near) },
  ];
}

/** An address that a container behind the bridge may have: in the bridge's own subnet, as rules may ask for it. */
function containerOf({ state, host }: Subject, { ifname, addr_info }: Link): string {
  const own = host.sixplane.prefix;
  const subnets = [
    ...addr_info.map(({ local, prefixlen }) => ({ local, length: prefixlen })),
    ...state
      .routes()
      .filter(({ dev }) => dev === ifname)
      .map(({ dst }) => ({ local: dst.replace(/\/.*/, ""), length: Number(dst.split("/")[1] ?? 128) })),
  ];
  const subnet = subnets.find(
    ({ local, length }) => isWithin(`${local}/${length}`, `${own}`) && length <= MOST_LENGTH,
  );
  const prefix = subnet ? Prefix.parse(prefixAround(subnet.local, subnet.length)) : own;
  return prefix.address(CONTAINER);
}

/** The number of a container's address in its subnet, which few routers have, and the longest prefix with room for it. */
const CONTAINER = 0x242;
const MOST_LENGTH = 116;

/** The route that the kernel takes: the longest prefix, then the least metric. */
export function routeTo(routes: readonly Route[], address: string): Route | undefined {
  const length = ({ dst }: Route) => (dst === "default" ? 0 : Number(dst.split("/")[1] ?? 128));
  return routes
    .filter(({ dst }) => dst === "default" || isWithin(address, dst))
    .sort((one, other) => length(other) - length(one) || (one.metric ?? 0) - (other.metric ?? 0))[0];
}
