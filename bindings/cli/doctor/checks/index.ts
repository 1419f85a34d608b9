import type { HostCheck, NetworkCheck } from "../check.ts";
import { address } from "./address.ts";
import { bridge } from "./bridge.ts";
import { bridged } from "./bridged.ts";
import { defaultRoute } from "./default-route.ts";
import { docker } from "./docker.ts";
import { firewall } from "./firewall.ts";
import { forwarding } from "./forwarding.ts";
import { hostPrefix } from "./host-prefix.ts";
import { leak } from "./leak.ts";
import { linkLocal } from "./link-local.ts";
import { listening } from "./listening.ts";
import { managed } from "./managed.ts";
import { mode } from "./mode.ts";
import { mtu } from "./mtu.ts";
import { neighbours } from "./neighbours.ts";
import { service } from "./service.ts";
import { status } from "./status.ts";
import { translation } from "./translation.ts";
import { tun } from "./tun.ts";
import { unanswered } from "./unanswered.ts";
import { underlay } from "./underlay.ts";

/** The checks of a host. The default route comes before forwarding, which would end it. */
export const HOST_CHECKS: readonly HostCheck[] = [service, tun, defaultRoute, neighbours];

/** The checks of each network, in the order in which what they find is to be mended. */
export const NETWORK_CHECKS: readonly NetworkCheck[] = [
  status,
  managed,
  mode,
  address,
  bridged,
  unanswered,
  docker,
  bridge,
  linkLocal,
  hostPrefix,
  leak,
  forwarding,
  firewall,
  translation,
  mtu,
  listening,
  underlay,
];
