import { found, type NetworkCheck, right } from "../check.ts";
import { isWithin } from "../range.ts";

/** Whether the service's own packets would travel inside the network. */
export const listening: NetworkCheck = {
  name: "listening",
  async run({ state, network, bridges }) {
    const ranges = [network.sixplane.toString(), network.rfc4193.toString()];
    const inside = (await state.node()).listeningOn.filter((address) =>
      ranges.some((range) => isWithin(address, range)),
    );
    if (inside.length === 0) return [right("the service listens on no address of the network")];
    const names = bridges.map(({ ifname }) => ifname);
    const settings = JSON.stringify({ settings: { interfacePrefixBlacklist: names } });
    return [
      found({
        what: `The service listens on ${inside.join(", ")}, inside the network.`,
        why: "It may send the network's packets through the network itself, and then loses its peers.",
        mend: [`echo '${settings}' > /var/lib/zerotier-one/local.conf`, "systemctl restart zerotier-one"],
        where: "this host, where there is no local.conf; else add the interfacePrefixBlacklist to it",
      }),
    ];
  },
};
