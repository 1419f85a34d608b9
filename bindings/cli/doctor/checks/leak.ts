import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { isWithin } from "../range.ts";

/** Behind every other route, such as that of ZeroTier's interface, which the kernel gives 256. */
export const LAST_METRIC = 4096;

const REFUSING = ["unreachable", "blackhole", "prohibit"];

/** Whether packets for the network stay here while its interface is away. */
export const leak: NetworkCheck = {
  name: "leak",
  run(subject) {
    const { network, host, joined } = subject;
    const isUsed = joined.addresses.includes(host.rfc4193.address);
    return [network.sixplane, ...(isUsed ? [network.rfc4193] : [])].map((all) => leakOf(subject, `${all}`));
  },
};

function leakOf({ state, joined }: Subject, all: string): Result {
  const others = state.routes().filter(({ dev }) => dev !== joined.device);
  const covers = (dst: string) => dst === "default" || isWithin(all, dst);
  if (others.some(({ type, dst }) => REFUSING.includes(type) && dst !== "default" && covers(dst)))
    return right(`packets for ${all} stay here while ZeroTier is stopped`);
  const way = others.find(({ type, dst, dev }) => type === "unicast" && dev && covers(dst));
  if (!way) return right(`there is no other way out for packets for ${all}`);
  return found({
    what: `When ZeroTier stops, packets for ${all} leave by ${way.dev}.`,
    why: "The route to the network goes away with its interface, and the packets leave in clear by the next best route.",
    mend: [command("ip", "-6", "route", "add", "unreachable", all, "metric", `${LAST_METRIC}`)],
  });
}
