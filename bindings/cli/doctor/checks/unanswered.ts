import { setTimeout as delay } from "node:timers/promises";
import { command, found, type NetworkCheck, right, type Subject } from "../check.ts";
import { isWithin } from "../range.ts";
import type { Link } from "../state.ts";

/** Longer than ZeroTier takes to answer, and shorter than the 3 seconds in which the kernel asks. */
const SECOND_LOOK_MILLISECONDS = 500;

const ICMPV6 = ["-p", "ipv6-icmp", "-j", "ACCEPT"];

/** Whether the kernel's solicitations in the network are answered, as ZeroTier answers each for another node at once. */
export const unanswered: NetworkCheck = {
  name: "unanswered",
  async run(subject) {
    const { host, joined, device } = subject;
    const isEmulated = joined.status === "OK" && joined.allowManaged;
    if (!device || !isEmulated || !joined.addresses.includes(host.sixplane.address)) return [];
    const before = asked(subject, device);
    if (before.length > 0) await delay(SECOND_LOOK_MILLISECONDS);
    const entries = before.length > 0 ? asked(subject, device).filter((dst) => before.includes(dst)) : [];
    const [first] = entries;
    if (!first) return [right("no solicitation in the network waits for its answer")];
    const more = entries.length > 1 ? ` and ${entries.length - 1} more` : "";
    return [
      found({
        what: `Nobody answers solicitations for ${first}${more} on ${device.ifname}.`,
        why: "ZeroTier answers for other nodes by itself, so a firewall drops ICMPv6 on this host, or the service does not read its interface.",
        mend: [
          command("ip6tables", "-I", "OUTPUT", "-o", device.ifname, ...ICMPV6),
          command("ip6tables", "-I", "INPUT", "-i", device.ifname, ...ICMPV6),
        ],
      }),
    ];
  },
};

/**
 * Addresses of other nodes that the kernel asks for now. Those that it has given up may be right: for containers, nobody
 * answers the unicast probes of an entry that gets old, and the next packet asks anew.
 */
function asked({ state, network, host }: Subject, device: Link): string[] {
  return state
    .neighbours(device)
    .filter(({ state }) => state.includes("INCOMPLETE"))
    .map(({ dst }) => dst)
    .filter((dst) => isWithin(dst, `${network.sixplane}`) && !isWithin(dst, `${host.sixplane.prefix}`));
}
