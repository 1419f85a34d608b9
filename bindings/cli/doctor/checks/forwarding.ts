import { found, type NetworkCheck, right, sysctl } from "../check.ts";

/** Whether the host forwards between the network and its containers. */
export const forwarding: NetworkCheck = {
  name: "forwarding",
  run({ state, bridges }) {
    if (bridges.length === 0) return [];
    if (state.setting("net/ipv6/conf/all/forwarding") === 1) return [right("the host forwards IPv6")];
    return [
      found({
        what: "The host does not forward IPv6.",
        why: "Hosts reach each other, but no packet gets to or from a container.",
        mend: [sysctl("net/ipv6/conf/all/forwarding", 1)],
      }),
    ];
  },
};
