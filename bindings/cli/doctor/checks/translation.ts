import { command, found, type NetworkCheck, type Result, right, type Subject } from "../check.ts";
import { type Chain, translating } from "../ruleset.ts";
import { waysOf } from "../ways.ts";

/** Whether containers keep their addresses on their way to others. */
export const translation: NetworkCheck = {
  name: "translation",
  run(subject) {
    const { state, bridges } = subject;
    const items = bridges.length > 0 ? state.ruleset() : [];
    return bridges.flatMap((bridge): Result[] => {
      const [, out] = waysOf(subject, bridge);
      const chain = translating(items, out);
      if (!chain) return [right(`containers behind ${bridge.ifname} keep their addresses`)];
      return [
        found({
          what: `What containers behind ${bridge.ifname} send to others leaves under this host's address: ${chain.name} of ${chain.family} ${chain.table}.`,
          why: "Others cannot tell the containers apart. If the rule is Docker's, it comes back: `sixplane config docker` has the settings.",
          mend: [exemption(chain, subject)],
        }),
      ];
    });
  },
};

/** The rule that spares the network. Those for the rest of the world stay. */
function exemption({ family, table, name }: Chain, { network, host }: Subject): string {
  const [from, to] = [`${host.sixplane.prefix}`, `${network.sixplane}`];
  if (family === "ip6" && table === "nat" && name === "POSTROUTING")
    return command("ip6tables", "-t", "nat", "-I", name, "-s", from, "-d", to, "-j", "ACCEPT");
  const words = ["insert", "rule", family, table, name, "ip6", "saddr", from, "ip6", "daddr", to, "accept"];
  return command("nft", ...words);
}
