import { command, found, type NetworkCheck, right } from "../check.ts";
import { isWithin } from "../range.ts";
import { LAST_METRIC } from "./leak.ts";

/** Whether addresses of the /80 that nobody has are refused here, rather than sent back to the network. */
export const hostPrefix: NetworkCheck = {
  name: "host-prefix",
  run({ state, host, bridges }) {
    if (bridges.length === 0) return [];
    const own = host.sixplane.prefix.toString();
    const names = bridges.map(({ ifname }) => ifname);
    const covering = state
      .routes()
      .find(
        ({ type, dst, dev }) =>
          isWithin(own, dst) && dst.endsWith("/80") && (type !== "unicast" || names.includes(dev ?? "")),
      );
    if (covering) return [right(`every packet for ${own} stays on this host`)];
    return [
      found({
        what: `Packets for addresses of ${own} that no container has go out to ZeroTier.`,
        why: "Each takes an entry of the neighbour table, and the sender waits for seconds instead of being told.",
        mend: [command("ip", "-6", "route", "add", "unreachable", own, "metric", `${LAST_METRIC}`)],
      }),
    ];
  },
};
