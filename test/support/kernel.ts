// What the kernel of this namespace has and says, and what the tests want it to be.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Forward, openTap, type Tap, type TapOptions } from "sixplane/tap";
import { expect, onTestFinished } from "vitest";
import { NETWORK, SELF, toHex } from "./frames.ts";
import { obstacle, run } from "./namespace.ts";

export const HOST = fileURLToPath(new URL("../tap/host.js", import.meta.url));

/** The words that run a program under Deno: its own binary, as the command of the package is Node's child. */
export const DENO: string[] = [
  createRequire(import.meta.url)("deno/install_api.cjs").runInstall(),
  "run",
  "-A",
];

export interface InterfaceAddress {
  local: string;
  prefixlen: number;
  tentative?: boolean;
  dadfailed?: boolean;
}

/** What `ip -json` says of interfaces. */
export function interfaces(...words: string[]) {
  return JSON.parse(run("ip", "-json", "address", "show", ...words)) as {
    ifname: string;
    address: string;
    mtu: number;
    flags: string[];
    addr_info: InterfaceAddress[];
  }[];
}

export function interfaceNames(): string[] {
  return interfaces().map(({ ifname }) => ifname);
}

/** What of an interface a TAP changes. */
export function state(name: string) {
  const [found] = interfaces("dev", name);
  if (!found) throw new Error(`no ${name}`);
  const { address, mtu, flags, addr_info } = found;
  const setting = (path: string) => readFileSync(`/proc/sys/net/ipv6/conf/${name}/${path}`, "utf8").trim();
  const addresses = addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort();
  return {
    address,
    mtu,
    up: flags.includes("UP"),
    addresses: addresses.filter((text) => !text.startsWith("fe80:")),
    linkLocal: addresses.filter((text) => text.startsWith("fe80:")),
    addressMode: setting("addr_gen_mode"),
    disableIpv6: setting("disable_ipv6"),
  };
}

export interface Neighbour {
  dst: string;
  lladdr?: string;
  state: string[];
}

/** The neighbours that the kernel knows on an interface. */
export function neighbours(name: string, ...words: string[]): Neighbour[] {
  return JSON.parse(run("ip", "-json", "-6", "neigh", "show", "dev", name, ...words)) as Neighbour[];
}

/** Changes a setting below /proc/sys/net/ipv6 of this namespace. */
export function changeSetting(path: string, value: string | number): void {
  writeFileSync(`/proc/sys/net/ipv6/${path}`, String(value));
}

/** Addresses on interfaces that come from now on are usable at once, not only after 1 to 2 seconds. */
export function skipDuplicateDetection(): void {
  changeSetting("conf/default/accept_dad", 0);
}

/** Interfaces that come from now on ask for no router, which is a frame at a time of its own choice. */
export function skipRouterSolicitations(): void {
  changeSetting("conf/default/router_solicitations", 0);
}

/** The node's TAP, which is closed when the test has ended, however that was. */
export async function open(options: Partial<TapOptions> = {}): Promise<Tap> {
  const tap = await openTap({ network: NETWORK, node: SELF, ...options });
  onTestFinished(() => tap.close().catch(() => {})); // why it failed is for the test to say
  return tap;
}

/** That a test has left no interface; one that is there goes, for the other tests' sake. */
export function expectNoInterface(): void {
  if (obstacle !== undefined) return;
  const left = interfaceNames().filter((name) => name !== "lo");
  for (const name of left) run("ip", "link", "delete", name);
  expect(left).toEqual([]);
}

/** Waits until something holds, for 20 seconds at most. */
export function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  return expect.poll(holds, { timeout: 20_000, interval: 10, message: what }).toBe(true);
}

/** The MAC to which the kernel tells of the groups that it is in (MLD), for seconds and at times of its choice. */
const REPORTS = "333300000016";

/** The MAC to which tests send what is only to be counted. */
export const MARKER = "02feedfeedfe";

/** A `forward` that keeps what it gets, as hex, but for the kernel's reports and what is only counted. */
export function keeper(): { frames: string[]; forward: Forward } {
  const frames: string[] = [];
  return {
    frames,
    forward: (batch) => {
      const all = [...batch].map(toHex);
      frames.push(...all.filter((frame) => !frame.startsWith(REPORTS) && !frame.startsWith(MARKER)));
    },
  };
}

/** A process, its lines as they come, and how it ended. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  /** All that it has printed to stdout and stderr. */
  output = "";
  /** Resolves when it has ended, with its exit status, or the name of the signal that ended it. */
  readonly ended: Promise<number | string | null>;

  constructor(words: string[], { ipc = false } = {}) {
    const [command = "", ...rest] = words;
    this.child = spawn(command, rest, {
      stdio: ["pipe", "pipe", "pipe", ...(ipc ? (["ipc"] as const) : [])],
    }) as ChildProcessWithoutNullStreams;
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (chunk) => (this.output += chunk));
    }
    this.child.stdin.on("error", () => {}); // it may have ended
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (status, signal) => resolve(signal ?? status));
    });
  }

  /** Waits until it has printed something. */
  async printed(text: string): Promise<void> {
    const has = () => this.output.includes(text) || this.child.exitCode !== null;
    await until(has, `printed ${JSON.stringify(text)}`);
    if (!this.output.includes(text))
      throw new Error(`it ended without ${JSON.stringify(text)}: ${this.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** The words that start a host of its own: Node by default. */
export function hostWords(options: object, runtime: string[] = [process.execPath]): string[] {
  return [...runtime, HOST, JSON.stringify(options)];
}
