// Routes and neighbours, by requests of rtnetlink(7).

import { constants } from "node:os";
import { parseAddress, parseMac } from "sixplane";
import { systemError } from "../error.ts";
import type { Libc } from "./libc.ts";
import { ask, attribute, CREATE, EXCLUSIVE, openRtnetlink, REPLACE } from "./rtnetlink.ts";

const AF_INET6 = 10;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTN_UNICAST = 1;
const RTN_UNREACHABLE = 7;
const RTNH_F_ONLINK = 4;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const NUD_PERMANENT = 0x80;
const NDA_DST = 1;
const NDA_LLADDR = 2;

/** An IPv6 route over an interface. */
export interface Route {
  /** The prefix's address, without its length. */
  destination: string;
  /** The prefix's length in bits. */
  length: number;
  /** Whose MAC the kernel resolves; without a gateway, it resolves that of the destination. */
  gateway?: string;
  /** The gateway's MAC, where the kernel is not to resolve it: it gets a permanent neighbour entry. */
  gatewayMac?: string;
  /** Whether the kernel is to say at once that nobody is there: such a route is over no interface, and stays without one. */
  unreachable?: boolean;
  /** Of two routes to the same prefix, the one with the smaller metric is used. */
  metric: number;
}

/** As in "route fc9c:56c2:e300::/40". */
export function routeText({ destination, length }: Route): string {
  return `route ${destination}/${length}`;
}

/** What tells routes over an interface apart: destination, length, gateway and metric, as proc_pid_net(5) lists them. */
export function routeKey({ destination, length, gateway = "::", metric }: Route): string {
  const hex = (address: string) => Buffer.from(parseAddress(address)).toString("hex");
  const digits = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return [hex(destination), digits(length, 2), hex(gateway), digits(metric, 8)].join(" ");
}

/** Adds and removes routes in the network namespace in which it was opened. */
export class Routes {
  readonly #libc: Libc;
  readonly #socket: number;

  /** @throws TapError where the kernel gives no socket for them */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#socket = openRtnetlink(libc);
    if (this.#socket < 0) throw systemError("make routes", libc.errno());
  }

  /**
   * @param index the interface's
   * @returns whether the route was made: it may be there, and the kernel takes no gateway that is this machine's own
   *   or behind another of its interfaces, as where several nodes share a network namespace
   * @throws TapError where the kernel refuses, with ENETDOWN where the interface is down
   */
  add(route: Route, index: number): boolean {
    if (route.gatewayMac !== undefined) {
      const flags = CREATE | REPLACE; // the kernel may have begun to resolve the gateway
      this.#expect(
        `make the gateway of the ${routeText(route)}`,
        RTM_NEWNEIGH,
        flags,
        neighbour(route, index),
      );
    }
    const flags = CREATE | EXCLUSIVE;
    const errno = ask(this.#libc, this.#socket, {
      type: RTM_NEWROUTE,
      flags,
      body: routeRecord(route, index),
    });
    if (errno === 0) return true;
    if (errno === constants.errno.EEXIST || errno === constants.errno.EINVAL) return false;
    throw systemError(`make the ${routeText(route)}`, errno);
  }

  /** Removes the route and the permanent entry of its gateway, where the interface still has them. */
  remove(route: Route, index: number): void {
    this.#expect(`remove the ${routeText(route)}`, RTM_DELROUTE, 0, routeRecord(route, index));
    if (route.gatewayMac === undefined) return;
    this.#expect(`remove the gateway of the ${routeText(route)}`, RTM_DELNEIGH, 0, neighbour(route, index));
  }

  close(): void {
    this.#libc.close(this.#socket);
  }

  /** A request that does nothing where what it would remove has gone. */
  #expect(what: string, type: number, flags: number, body: Uint8Array): void {
    const errno = ask(this.#libc, this.#socket, { type, flags, body });
    const isGone = [constants.errno.ESRCH, constants.errno.ENOENT].includes(errno);
    if (errno !== 0 && !isGone) throw systemError(what, errno);
  }
}

/** struct rtmsg: family, lengths, table, protocol, scope, type (1 each), flags (4); and its attributes. */
function routeRecord(route: Route, index: number): Uint8Array {
  const { destination, length, gateway, unreachable = false, metric } = route;
  const flags = gateway === undefined ? 0 : RTNH_F_ONLINK;
  return Buffer.concat([
    Uint8Array.of(
      AF_INET6,
      length,
      0,
      0,
      RT_TABLE_MAIN,
      RTPROT_STATIC,
      0,
      unreachable ? RTN_UNREACHABLE : RTN_UNICAST,
    ),
    word(flags),
    attribute(RTA_DST, parseAddress(destination)),
    ...(gateway === undefined ? [] : [attribute(RTA_GATEWAY, parseAddress(gateway))]),
    ...(unreachable ? [] : [attribute(RTA_OIF, word(index))]),
    attribute(RTA_PRIORITY, word(metric)),
  ]);
}

/** struct ndmsg: family (1 of 4), index (4), state (2), flags and type (1 each); and its attributes. */
function neighbour({ gateway = "", gatewayMac = "" }: Route, index: number): Uint8Array {
  const state = new Uint8Array(Uint16Array.of(NUD_PERMANENT, 0).buffer);
  return Buffer.concat([
    Uint8Array.of(AF_INET6, 0, 0, 0),
    word(index),
    state,
    attribute(NDA_DST, parseAddress(gateway)),
    attribute(NDA_LLADDR, parseMac(gatewayMac)),
  ]);
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
