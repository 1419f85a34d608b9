// What a check of `sixplane doctor` is: what it is told, and what it says.
import type { Host, Network } from "sixplane";
import type { Joined } from "../zerotier/networks.ts";
import { isWithin } from "./range.ts";
import type { HostState, Link } from "./state.ts";

/** Something that is wrong. */
export interface Finding {
  /** One sentence: what is wrong. */
  what: string;
  /** One sentence: why it hurts. */
  why: string;
  /** The commands that mend it, as root takes them in a shell. */
  mend: readonly string[];
  /** Where the commands are for, unless this host. */
  where?: string;
}

/** What a check says: what is wrong, what was looked at and is right, or what could not be seen. */
export type Result = { kind: "finding"; finding: Finding } | { kind: "right" | "unseen"; what: string };

/** A check of the host as a whole. */
export interface HostCheck {
  readonly name: string;
  run(state: HostState): Promise<Result[]> | Result[];
}

/** A check of one network that the host has joined. */
export interface NetworkCheck {
  readonly name: string;
  run(subject: Subject): Promise<Result[]> | Result[];
}

/** A network, this host on it, and what the host's interfaces have to do with it. */
export interface Subject {
  state: HostState;
  network: Network;
  host: Host;
  /** What the service says of it. */
  joined: Joined;
  /** ZeroTier's interface, where it is there. */
  device: Link | undefined;
  /** The other interfaces with an address in a part of the network's /40, or a route to one: where containers are. */
  bridges: Link[];
}

export function subjectOf(state: HostState, network: Network, node: string, joined: Joined): Subject {
  const host = network.host(node);
  const links = state.links();
  const device = links.find(({ ifname }) => ifname === joined.device);
  const { length } = network.sixplane;
  const isPart = (text: string) => isWithin(text, `${network.sixplane}`) && !text.endsWith(`/${length}`);
  const routed = state.routes().filter(({ dst, dev }) => dev !== "lo" && isPart(dst));
  const bridges = links.filter(
    (link) =>
      link !== device &&
      link.ifname !== "lo" &&
      link.address !== host.mac &&
      (link.addr_info.some(({ local, prefixlen }) => isPart(`${local}/${prefixlen}`)) ||
        routed.some(({ dev }) => dev === link.ifname)),
  );
  return { state, network, host, joined, device, bridges };
}

export function right(what: string): Result {
  return { kind: "right", what };
}

export function unseen(what: string): Result {
  return { kind: "unseen", what };
}

export function found(finding: Finding): Result {
  return { kind: "finding", finding };
}

/** A command as a shell takes it: words that could mean more to the shell than text are quoted. */
export function command(...words: string[]): string {
  return words
    .map((word) => (/^[\w./:=,%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** A command that changes a setting such as `net/ipv6/conf/all/forwarding`. */
export function sysctl(path: string, value: number): string {
  return command("sysctl", "-w", `${path}=${value}`);
}
