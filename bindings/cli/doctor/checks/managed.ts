import { found, type NetworkCheck, right } from "../check.ts";
import { zerotierCli } from "../service.ts";

/** Whether the service may set the addresses that the controller assigns. */
export const managed: NetworkCheck = {
  name: "managed",
  run({ state, network, joined }) {
    if (joined.allowManaged) return [right("the service may set managed addresses")];
    return [
      found({
        what: "The service may not set managed addresses here: allowManaged is off.",
        why: "It still lists them, but the interface has none, so every ping says that the network is unreachable.",
        mend: [zerotierCli(state, "set", network.id, "allowManaged=1")],
      }),
    ];
  },
};
