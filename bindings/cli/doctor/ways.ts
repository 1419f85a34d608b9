import type { Subject } from "./check.ts";
import { isWithin } from "./range.ts";
import type { Packet } from "./ruleset.ts";
import type { Link, Route } from "./state.ts";

/** The first packets between the network and containers: from a far one to a near one, and the other way. */
export function waysOf({ state, network, host, joined }: Subject, { ifname }: Link): [Packet, Packet] {
  const far = network.sixplane.address(1n << 60n);
  const near = host.sixplane.prefix.address(0x242);
  const by = (address: string) => routeTo(state.routes(), address)?.dev;
  return [
    { from: joined.device, to: ifname, source: far, destination: near, back: by(far) },
    { from: ifname, to: joined.device, source: near, destination: far, back: by(near) },
  ];
}

/** The route that the kernel takes: the longest prefix, then the least metric. */
export function routeTo(routes: readonly Route[], address: string): Route | undefined {
  const length = ({ dst }: Route) => (dst === "default" ? 0 : Number(dst.split("/")[1] ?? 128));
  return routes
    .filter(({ dst }) => dst === "default" || isWithin(address, dst))
    .sort((one, other) => length(other) - length(one) || (one.metric ?? 0) - (other.metric ?? 0))[0];
}
