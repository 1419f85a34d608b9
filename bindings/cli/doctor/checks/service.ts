import type { Failure } from "../../io/failure.ts";
import { found, type HostCheck, right } from "../check.ts";
import { restart, zerotierCli } from "../service.ts";
import type { HostState } from "../state.ts";

/** Whether ZeroTier's service runs, and reaches others. */
export const service: HostCheck = {
  name: "service",
  async run(state) {
    const { address, version, online } = await state.node();
    if (online) return [right(`ZeroTier ${version} runs, and node ${address} is online`)];
    return [
      found({
        what: `Node ${address} is offline.`,
        why: "It reaches no root of ZeroTier, so it finds no other node.",
        mend: [zerotierCli(state, "peers")],
        where: "this host, to see which roots answer; let UDP port 9993 out of the firewall",
      }),
    ];
  },
};

/** The finding for a service that cannot be asked. */
export function notRunning(state: HostState, { message }: Failure) {
  return found({
    what: `${message[0]?.toUpperCase()}${message.slice(1)}.`,
    why: "Without it there is no interface, and nothing below can be checked.",
    mend: restart(state),
  });
}
