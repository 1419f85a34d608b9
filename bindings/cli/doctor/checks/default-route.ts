import { found, type HostCheck, right, sysctl } from "../check.ts";
import type { HostState, Link } from "../state.ts";

/** Takes advertisements, but not while the host forwards (upstream: ip-sysctl, accept_ra). */
const ONLY_HOSTS = 1;

/** Takes advertisements even while the host forwards. */
const ALWAYS = 2;

/** Whether the default route outlives forwarding. */
export const defaultRoute: HostCheck = {
  name: "default-route",
  run(state) {
    const uplinks = state.links().filter((link) => isTaught(state, link));
    const deaf = uplinks.filter(
      ({ ifname }) => state.setting(`net/ipv6/conf/${ifname}/accept_ra`) === ONLY_HOSTS,
    );
    if (deaf.length === 0) return [right(`forwarding leaves the default route alone`)];
    return deaf.map(({ ifname }) => trouble(state, ifname));
  },
};

/** Whether the interface learned its default route or its address from a router's advertisement. */
function isTaught(state: HostState, { ifname, addr_info }: Link): boolean {
  const isRouted = state
    .routes()
    .some(({ dst, dev, protocol }) => dst === "default" && dev === ifname && protocol === "ra");
  return (
    isRouted ||
    addr_info.some(({ family, scope, dynamic }) => family === "inet6" && scope === "global" && dynamic)
  );
}

function trouble(state: HostState, ifname: string) {
  const forwards = state.setting(`net/ipv6/conf/${ifname}/forwarding`) === 1;
  return found({
    what: forwards
      ? `${ifname} ignores router advertisements, as the host forwards.`
      : `${ifname} will ignore router advertisements as soon as the host forwards.`,
    why: "The IPv6 default route and the address that came from a router go, and do not come back.",
    mend: [sysctl(`net/ipv6/conf/${ifname}/accept_ra`, ALWAYS), ...(forwards ? [`rdisc6 -1 ${ifname}`] : [])],
  });
}
