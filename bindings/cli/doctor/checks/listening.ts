import { command, found, type NetworkCheck, right } from "../check.ts";
import { isWithin } from "../range.ts";
import { restart, serviceFile } from "../service.ts";

/** Whether the service's own packets would travel inside the network. */
export const listening: NetworkCheck = {
  name: "listening",
  async run({ state, network, device }) {
    const ranges = [network.sixplane.toString(), network.rfc4193.toString()];
    const inside = (await state.node()).listeningOn.filter((address) =>
      ranges.some((range) => isWithin(address, range)),
    );
    if (inside.length === 0) return [right("the service listens on no address of the network")];
    const names = state
      .links()
      .filter((link) => link !== device && link.addr_info.some(({ local }) => inside.includes(local)))
      .map(({ ifname }) => ifname);
    const path = serviceFile(state, "local.conf");
    const settings = JSON.stringify(withBlacklist(state.localSettings(), names));
    return [
      found({
        what: `The service listens on ${inside.join(", ")}, inside the network.`,
        why: "It may send the network's packets through the network itself, and then loses its peers.",
        mend: [`${command("printf", "%s\\n", settings)} > ${command(path)}`, ...restart(state)],
      }),
    ];
  },
};

/** The settings of local.conf with interfaces that the service is to keep off (upstream: service/README.md). */
function withBlacklist(local: Record<string, unknown>, names: string[]): object {
  const settings = Object(local["settings"]);
  const before: unknown[] = Array.isArray(settings.interfacePrefixBlacklist)
    ? settings.interfacePrefixBlacklist
    : [];
  const interfacePrefixBlacklist = [...new Set([...before, ...names])];
  return { ...local, settings: { ...settings, interfacePrefixBlacklist } };
}
