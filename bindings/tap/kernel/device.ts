// The kernel's side of a TAP interface: its MAC, MTU and addresses. They are set by ioctl, which takes
// fixed records, where netlink would need messages made and parsed, and `ip` a program that may be missing.

import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { formatAddress, formatMac, parseAddress, parseMac } from "sixplane";
import { namedError, systemError } from "../error.ts";
import { Ifreq } from "./ifreq.ts";
import { type Libc, SOCK_CLOEXEC } from "./libc.ts";
import { type Route, Routes } from "./routes.ts";

const RTF_REJECT = 0x200;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const IFF_UP = 0x1;

const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFADDR = 0x8916;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCSIFHWADDR = 0x8924;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const SIOCDIFADDR = 0x8936;

// Flags in /proc/net/if_inet6, of linux/if_addr.h.
const IFA_F_DADFAILED = 0x08;
const IFA_F_TENTATIVE = 0x40;

// A scope there, of linux/ipv6.h.
const IPV6_ADDR_LINKLOCAL = 0x20;

/**
 * What the kernel has counted on an interface: frames and bytes that it sent and received there.
 *
 * @example
 * const { sent, received }: InterfaceCounters = tap.interfaceCounters();
 * console.log(`${sent.frames} frames sent, ${received.bytes} bytes received`);
 */
export interface InterfaceCounters {
  /** From the kernel to the TAP's program; dropped where the program was too slow to read them. */
  sent: { frames: number; bytes: number; errors: number; dropped: number };
  /** From the TAP's program to the kernel. */
  received: { frames: number; bytes: number; errors: number; dropped: number };
}

/** An IPv6 address as the kernel lists it. */
export type AddressState = "usable" | "tentative" | "duplicate" | "gone";

/** Settings of IPv6, or those of its neighbours. */
export type SettingGroup = "conf" | "neigh";

/** An interface of the network namespace in which it was opened. */
export class Device {
  readonly name: string;
  readonly #libc: Libc;
  readonly #socket: number;
  readonly #routes: Routes;

  /** @throws TapError where the kernel has no IPv6 */
  constructor(libc: Libc, name: string) {
    this.name = name;
    this.#libc = libc;
    this.#socket = libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#socket < 0) {
      throw systemError("configure interfaces", libc.errno(), {
        EAFNOSUPPORT: "the kernel has no IPv6: `modprobe ipv6`, without ipv6.disable=1",
      });
    }
    try {
      this.#routes = new Routes(libc);
    } catch (error) {
      libc.close(this.#socket);
      throw error;
    }
  }

  /** As lower-case pairs. */
  get mac(): string {
    return formatMac(this.#get(SIOCGIFHWADDR, "the MAC").mac);
  }

  set mac(mac: string) {
    const request = new Ifreq(this.name);
    request.mac = parseMac(mac);
    this.#set(SIOCSIFHWADDR, "the MAC", request);
  }

  /** Whether it carries Ethernet frames, as a TAP does. */
  get isEthernet(): boolean {
    return this.#get(SIOCGIFHWADDR, "the kind").isEthernet;
  }

  /** Its number in this network namespace. */
  get index(): number {
    return this.#get(SIOCGIFINDEX, "the index").number;
  }

  get mtu(): number {
    return this.#get(SIOCGIFMTU, "the MTU").number;
  }

  set mtu(mtu: number) {
    const request = new Ifreq(this.name);
    request.number = mtu;
    this.#set(SIOCSIFMTU, "the MTU", request);
  }

  get up(): boolean {
    return (this.#get(SIOCGIFFLAGS, "the flags").flags & IFF_UP) !== 0;
  }

  set up(up: boolean) {
    const request = this.#get(SIOCGIFFLAGS, "the flags");
    request.flags = up ? request.flags | IFF_UP : request.flags & ~IFF_UP;
    this.#set(SIOCSIFFLAGS, "the flags", request);
  }

  /**
   * Adds an IPv6 address, for which the kernel makes a route to its prefix.
   *
   * @returns whether it was not there before
   */
  addAddress(address: string, length: number): boolean {
    if (this.addressState(address) !== "gone") return false; // to say so, the kernel asks for privilege
    if (this.#libc.ioctl(this.#socket, SIOCSIFADDR, this.#in6Ifreq(address, length)) === 0) return true;
    const errno = this.#libc.errno();
    if (errno === constants.errno.EEXIST) return false; // the kernel has made it meanwhile
    throw systemError(`give ${this.name} its addresses`, errno);
  }

  removeAddress(address: string, length: number): void {
    if (this.#libc.ioctl(this.#socket, SIOCDIFADDR, this.#in6Ifreq(address, length)) < 0) {
      throw systemError(`take the addresses of ${this.name} away`, this.#libc.errno());
    }
  }

  /** @returns whether it was made, as `Routes.add` says */
  addRoute(route: Route): boolean {
    return this.#routes.add(route, this.index);
  }

  /** The routes over it, and those over no interface, as `routeKey` tells them apart. */
  get routes(): Set<string> {
    const lines = readFileSync("/proc/thread-self/net/ipv6_route", "utf8").split("\n");
    const rows = lines
      .map((line) => line.trim().split(/ +/))
      .filter((row) => row[9] === this.name || isRejected(row));
    return new Set(rows.map(([to, length, , , gateway, metric]) => [to, length, gateway, metric].join(" ")));
  }

  removeRoute(route: Route): void {
    this.#routes.remove(route, route.unreachable ? 0 : this.index);
  }

  /** Where the kernel has got to with an address: it asks the network whether another host has it. */
  addressState(address: string): AddressState {
    const bytes = Buffer.from(parseAddress(address));
    const found = this.#addresses().find((entry) => bytes.equals(entry.address));
    if (!found) return "gone";
    if (found.flags & IFA_F_DADFAILED) return "duplicate";
    return found.flags & IFA_F_TENTATIVE ? "tentative" : "usable";
  }

  /** The addresses that it has, but for the link-local one, which the kernel makes by itself. */
  get addresses(): { address: string; length: number }[] {
    return this.#addresses()
      .filter(({ scope }) => scope !== IPV6_ADDR_LINKLOCAL)
      .map(({ address, length }) => ({ address: formatAddress(address), length }));
  }

  #addresses() {
    const lines = readFileSync("/proc/thread-self/net/if_inet6", "utf8").split("\n");
    const fields = lines.map((line) => line.trim().split(/ +/)).filter((field) => field[5] === this.name);
    return fields.map(([address = "", , ...numbers]) => {
      const [length = 0, scope = 0, flags = 0] = numbers.map((number) => Number.parseInt(number, 16));
      return { address: Buffer.from(address, "hex"), length, scope, flags };
    });
  }

  /** A setting of the interface below /proc/sys/net/ipv6. */
  setting(name: string, group: SettingGroup = "conf"): string {
    const path = this.#settingPath(name, group);
    return tryFile(`read ${path}`, () => readFileSync(path, "utf8").trim());
  }

  changeSetting(name: string, value: string, group: SettingGroup = "conf"): void {
    const path = this.#settingPath(name, group);
    tryFile(`write ${value} to ${path}`, () => writeFileSync(path, value));
  }

  /**
   * What the kernel has counted, of proc_pid_net(5).
   *
   * @throws TapError where there is no such interface any more
   */
  counters(): InterfaceCounters {
    const lines = readFileSync("/proc/thread-self/net/dev", "utf8").split("\n");
    const line = lines.find((text) => text.trim().startsWith(`${this.name}:`));
    if (line === undefined) throw systemError(`read the counters of ${this.name}`, constants.errno.ENODEV);
    const numbers = line
      .slice(line.indexOf(":") + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    const part = ([bytes = 0, frames = 0, errors = 0, dropped = 0]: number[]) => ({
      frames,
      bytes,
      errors,
      dropped,
    });
    return { received: part(numbers.slice(0, 4)), sent: part(numbers.slice(8, 12)) };
  }

  close(): void {
    this.#routes.close();
    this.#libc.close(this.#socket);
  }

  #get(code: number, what: string): Ifreq {
    const request = new Ifreq(this.name);
    this.#call(code, `read ${what}`, request.bytes);
    return request;
  }

  #set(code: number, what: string, request: Ifreq): void {
    this.#call(code, `set ${what}`, request.bytes);
  }

  #call(code: number, what: string, bytes: Uint8Array): void {
    if (this.#libc.ioctl(this.#socket, code, bytes) < 0) {
      throw systemError(`${what} of ${this.name}`, this.#libc.errno());
    }
  }

  /** struct in6_ifreq, ipv6(7): the address (16), the length of its prefix (4), the interface's index (4). */
  #in6Ifreq(address: string, length: number): Uint8Array {
    const bytes = new Uint8Array(24);
    bytes.set(parseAddress(address));
    new Int32Array(bytes.buffer, 16).set([length, this.index]);
    return bytes;
  }

  #settingPath(name: string, group: SettingGroup): string {
    return `/proc/sys/net/ipv6/${group}/${this.name}/${name}`;
  }
}

/** Whether a route of proc_pid_net(5) says that nobody is there. */
function isRejected([, , , , , , , , flags = "0"]: string[]): boolean {
  return (Number.parseInt(flags, 16) & RTF_REJECT) !== 0;
}

function tryFile<Result>(what: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : namedError(what, code);
  }
}
