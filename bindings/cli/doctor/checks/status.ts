import { whyNever, whyUnusable } from "../../zerotier/usable.ts";
import { command, type Finding, found, type NetworkCheck, right, type Subject } from "../check.ts";
import { restart, zerotierCli } from "../service.ts";

/** Whether the network's status is OK, and whether it can ever be. */
export const status: NetworkCheck = {
  name: "status",
  run(subject) {
    const { network, host, joined } = subject;
    if (joined.status === "OK") return [right("its status is OK")];
    const why = `${whyUnusable(network, host.node, joined)}.`;
    return [
      found({
        what: `The status of the network is ${joined.status}.`,
        why: why[0]?.toUpperCase() + why.slice(1),
        ...mendOf(subject),
      }),
    ];
  },
};

function mendOf({ state, network, host, joined }: Subject): Pick<Finding, "mend" | "where"> {
  const leave = { mend: [zerotierCli(state, "leave", network.id)] };
  if (whyNever(network)) return leave;
  switch (joined.status) {
    case "ACCESS_DENIED":
      return {
        mend: [controller(network.id, `member/${host.node}`, { authorized: true })],
        where: "the network's controller",
      };
    case "AUTHENTICATION_REQUIRED":
      return {
        mend: [zerotierCli(state, "-j", "listnetworks")],
        where: "this host, to see authenticationURL, where somebody has to log in",
      };
    case "CLIENT_TOO_OLD":
      return {
        mend: ["curl -s https://install.zerotier.com | bash"],
        where: "this host, or by its package manager",
      };
    case "NOT_FOUND":
      return leave;
    case "PORT_ERROR":
      return { mend: ["modprobe tun", ...restart(state)] };
    default:
      return {
        mend: [zerotierCli(state, "peers")],
        where: `this host, to see whether it reaches the controller, node ${network.id.slice(0, 10)}`,
      };
  }
}

/** The request that changes a network, or its member, at a controller of one's own. */
export function controller(id: string, below: string, change: object): string {
  const path = ["controller", "network", id, below].filter(Boolean).join("/");
  return `curl -X POST -H "X-ZT1-Auth: $(cat /var/lib/zerotier-one/authtoken.secret)" -d ${command(JSON.stringify(change))} http://127.0.0.1:9993/${path}`;
}
