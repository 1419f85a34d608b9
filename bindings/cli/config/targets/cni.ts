import { InputError } from "sixplane";
import { bridgeAddress, bridgeOf, bridgeOption } from "../bridge.ts";
import { MTU, mtuOf } from "../mtu.ts";
import type { Subnet } from "../subnet.ts";
import { NOTES, type Notes } from "../syntax.ts";
import { hostTarget } from "../target.ts";

interface CniOptions {
  bridge?: string;
  mtu?: string;
}

/** The network where no --subnet names it. */
const NAME = "sixplane";

/** host-local gives no addresses out of a longer prefix (upstream: its ranges' canonical form). */
const MOST_LENGTH = 126;

export const cni = hostTarget<CniOptions>({
  name: "cni",
  summary: "the CNI network that gives containers addresses of this host, as on Kubernetes nodes",
  help: `\
The JSON is a list of plugins for /etc/cni/net.d, such as 10-sixplane.conflist. The
plugin bridge connects the containers, host-local gives them addresses out of the
host's /80, or out of a sub-prefix of it, whose second address the bridge has. Nothing
is translated or filtered: containers are seen under their own addresses.`,
  example: "sixplane config cni --network 8056c2e21c000001 --node 89e92ceee5",
  subnets: "one",
  options: [bridgeOption("cni"), MTU],
  write(given, options) {
    const {
      host,
      subnets: [subnet],
      notes,
    } = given;
    checkLength(subnet);
    const { prefix } = subnet ?? host.sixplane;
    const name = subnet?.name ?? NAME;
    const bridge = bridgeOf("cni", options.bridge, subnet);
    const mtu = mtuOf(options.mtu, given);
    const gateway = bridgeAddress(prefix);
    const explained: Notes = [
      ...notes,
      `name ${name}: ${subnet ? "by the name of the sub-prefix" : "always the same"}`,
      `bridge ${bridge.name}: ${bridge.origin}`,
      `subnet ${prefix}: the ${subnet ? "sub-prefix" : "host prefix"}, out of which containers get addresses`,
      `gateway ${gateway}: its second address, for the bridge, which is the containers' default gateway`,
      `mtu ${mtu.bytes}: ${mtu.origin}, for the bridge and the containers`,
      "ipMasq: off, so that containers are seen under their own addresses",
      "hairpinMode: on, so that a container reaches itself by the address of a service",
    ];
    const body = {
      cniVersion: "1.0.0",
      name,
      comment: NOTES,
      plugins: [
        {
          type: "bridge",
          bridge: bridge.name,
          isDefaultGateway: true,
          ipMasq: false,
          hairpinMode: true,
          mtu: mtu.bytes,
          ipam: { type: "host-local", ranges: [[{ subnet: prefix, gateway }]] },
        },
      ],
    } as const;
    return { files: [{ name: `10-${name}.conflist`, syntax: "json", notes: explained, body }] };
  },
});

function checkLength(subnet: Subnet | undefined): void {
  if (subnet === undefined || subnet.prefix.length <= MOST_LENGTH) return;
  throw new InputError(
    `cni takes sub-prefixes up to /${MOST_LENGTH}, as ${subnet.prefix} has no address for a container`,
  );
}
