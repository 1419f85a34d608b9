import { command, found, type NetworkCheck, right } from "../check.ts";
import { isWithin } from "../range.ts";

/** States of an entry whose solicitations get no answer. */
const UNANSWERED = ["FAILED", "INCOMPLETE"];

const ICMPV6 = ["-p", "ipv6-icmp", "-j", "ACCEPT"];

/** Whether the kernel's solicitations in the network are answered, as ZeroTier answers each for another node at once. */
export const unanswered: NetworkCheck = {
  name: "unanswered",
  run({ state, network, host, joined, device }) {
    const isEmulated = joined.status === "OK" && joined.allowManaged;
    if (!device || !isEmulated || !joined.addresses.includes(host.sixplane.address)) return [];
    const entries = state
      .neighbours(device)
      .filter(({ state }) => state.some((one) => UNANSWERED.includes(one)))
      .filter(({ dst }) => isWithin(dst, `${network.sixplane}`) && !isWithin(dst, `${host.sixplane.prefix}`));
    const [first] = entries;
    if (!first) return [right("every neighbour in the network that was asked for has been answered for")];
    const more = entries.length > 1 ? ` and ${entries.length - 1} more` : "";
    return [
      found({
        what: `Nobody answers solicitations for ${first.dst}${more} on ${device.ifname}.`,
        why: "ZeroTier answers for other nodes by itself, so a firewall drops ICMPv6 on this host, or the service does not read its interface.",
        mend: [
          command("ip6tables", "-I", "OUTPUT", "-o", device.ifname, ...ICMPV6),
          command("ip6tables", "-I", "INPUT", "-i", device.ifname, ...ICMPV6),
          command("ip", "-6", "neighbour", "flush", "dev", device.ifname),
        ],
      }),
    ];
  },
};
