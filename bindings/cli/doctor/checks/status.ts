import { whyUnusable } from "../../zerotier/usable.ts";
import { command, found, type NetworkCheck, right } from "../check.ts";

/** Whether the network's status is OK, and whether it can ever be. */
export const status: NetworkCheck = {
  name: "status",
  run({ network, host, joined }) {
    if (joined.status === "OK") return [right("its status is OK")];
    const why = `${whyUnusable(network, host.node, joined)}.`;
    const what = `The status of the network is ${joined.status}.`;
    return [
      found({
        what,
        why: why[0]?.toUpperCase() + why.slice(1),
        ...mendOf(network.id, host.node, joined.status),
      }),
    ];
  },
};

function mendOf(id: string, node: string, state: string) {
  if (state === "ACCESS_DENIED")
    return {
      mend: [controller(id, `member/${node}`, { authorized: true })],
      where: "the network's controller",
    };
  if (state === "PORT_ERROR") return { mend: ["modprobe tun", "systemctl restart zerotier-one"] };
  return { mend: [command("zerotier-cli", "leave", id)] };
}

/** The request that changes a network, or its member, at a controller of one's own. */
export function controller(id: string, below: string, change: object): string {
  const path = ["controller", "network", id, below].filter(Boolean).join("/");
  return `curl -X POST -H "X-ZT1-Auth: $(cat /var/lib/zerotier-one/authtoken.secret)" -d ${command(JSON.stringify(change))} http://127.0.0.1:9993/${path}`;
}
