import { found, type HostCheck, right } from "../check.ts";
import { restart } from "../service.ts";

/** Whether the service lists the networks that it was told to join: without /dev/net/tun it lists none. */
export const tun: HostCheck = {
  name: "tun",
  async run(state) {
    const listed = new Set((await state.networks()).map(({ id }) => id));
    const lost = state.joined().filter((id) => !listed.has(id));
    if (lost.length === 0) return [right("the service lists every network of its folder networks.d")];
    const device = state.hasTun() ? [] : ["modprobe tun"];
    return [
      found({
        what: `The service does not list ${lost.join(", ")}, though its folder networks.d has them joined.`,
        why: state.hasTun()
          ? "It made no interface for them when it started."
          : "There is no /dev/net/tun, so it can make no interface.",
        mend: [...device, ...restart(state)],
      }),
    ];
  },
};
