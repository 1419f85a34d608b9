// This machine, as the checks of `sixplane doctor` see it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { quote } from "sixplane";
import { systemReason } from "../io/failure.ts";
import { joinedIn } from "../zerotier/folder.ts";
import { type Joined, type Node, readNetworks, readNode } from "../zerotier/networks.ts";
import { Forbidden, Service } from "../zerotier/service.ts";
import { readDocker } from "./docker.ts";
import type { Ends, Outcome } from "./probe/echo.ts";
import { sendEcho } from "./probe/packet-socket.ts";
import {
  type Docker,
  type HostState,
  type Link,
  type Neighbour,
  type Route,
  type RulesetItem,
  Unseen,
} from "./state.ts";

const MOST_BYTES = 64 * 2 ** 20;
const PING_SECONDS = 4;
/** The exit status of ping where it could send, unlike where there is no route. */
const NO_ANSWER = 1;

/** A Linux host, read through ZeroTier's API, `ip -json`, `nft --json`, and /proc. Each thing is read once. */
export class LinuxHost implements HostState {
  readonly folder: string;
  readonly #read = new Map<string, unknown>();

  /** @param folder ZeroTier's folder */
  constructor(folder: string) {
    this.folder = folder;
  }

  node(): Promise<Node> {
    return this.#once("node", async () => readNode(await this.#ask("/status")));
  }

  networks(): Promise<Joined[]> {
    return this.#once("networks", async () => readNetworks(await this.#ask("/network")));
  }

  joined(): string[] {
    try {
      return joinedIn(this.folder);
    } catch (error) {
      throw new Unseen(`networks.d in ${quote(this.folder)}: ${systemReason(error)}`);
    }
  }

  localSettings(): Record<string, unknown> {
    const path = join(this.folder, "local.conf");
    if (!existsSync(path)) return {};
    try {
      return Object(JSON.parse(text(path)));
    } catch (error) {
      if (error instanceof Unseen) throw error;
      throw new Unseen(`${quote(path)}: it is not JSON`);
    }
  }

  hasTun(): boolean {
    return existsSync("/dev/net/tun");
  }

  links(): Link[] {
    return this.#once("links", () => json<Link>("ip", "-json", "-details", "address", "show"));
  }

  routes(): Route[] {
    return this.#once("routes", () => json<Route>("ip", "-json", "-details", "-6", "route", "show"));
  }

  neighbours({ ifname }: Link): Neighbour[] {
    return json<Neighbour>("ip", "-json", "-6", "neighbour", "show", "dev", ifname);
  }

  docker(): Promise<Docker | undefined> {
    return this.#once("docker", readDocker);
  }

  setting(path: string): number {
    return Number(text(`/proc/sys/${path}`));
  }

  /** The kernel shows this table in the first network namespace alone, which is that of process 1 but in containers. */
  neighbourTable(): { entries: number; fulls: number } {
    const paths = ["/proc/net/stat/ndisc_cache", "/proc/1/net/stat/ndisc_cache"];
    const path = paths.find(existsSync) ?? "/proc/net/stat/ndisc_cache";
    const [names = "", ...processors] = text(path).trim().split("\n");
    const column = (name: string) => {
      const at = names.trim().split(/\s+/).indexOf(name);
      return processors.map((line) => Number.parseInt(line.trim().split(/\s+/)[at] ?? "0", 16));
    };
    const fulls = column("table_fulls").reduce((sum, count) => sum + count, 0);
    return { entries: column("entries")[0] ?? 0, fulls };
  }

  ruleset(): RulesetItem[] {
    return this.#once("ruleset", () => {
      const legacy = "/proc/net/ip6_tables_names";
      if (existsSync(legacy) && text(legacy).includes("filter"))
        throw new Unseen("the rules of ip6tables-legacy, which nft does not list");
      const { nftables } = Object(parsed("nft", "--json", "list", "ruleset"));
      return Array.isArray(nftables) ? nftables : [];
    });
  }

  async pings(from: string, to: string): Promise<boolean> {
    const words = ["-n", "-q", "-c", "1", "-w", `${PING_SECONDS}`, "-I", from, to];
    const ping = spawn("ping", words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    ping.stderr.on("data", (chunk) => (said += chunk));
    const status = await new Promise<number | null>((resolve, reject) => {
      ping.on("close", resolve);
      ping.on("error", (error) => reject(new Unseen(`ping cannot be run: ${systemReason(error)}`)));
    });
    if (status === 0 || status === NO_ANSWER) return status === 0;
    throw new Unseen(`whether ${to} answers: ${said.trim().split("\n")[0]}`);
  }

  echo({ ifindex }: Link, ends: Ends): Promise<Outcome> {
    return sendEcho(ifindex, ends);
  }

  /** What this user may not read is no fault of the service. */
  async #ask(path: string): Promise<unknown> {
    try {
      return await new Service(this.folder).ask(path);
    } catch (error) {
      if (error instanceof Forbidden) throw new Unseen(error.message);
      throw error;
    }
  }

  #once<T>(name: string, read: () => T): T {
    if (!this.#read.has(name)) this.#read.set(name, read());
    return this.#read.get(name) as T;
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Unseen(`${path}: ${systemReason(error)}`);
  }
}

function json<Item>(...words: [string, ...string[]]): Item[] {
  const list = parsed(...words);
  return Array.isArray(list) ? list : [];
}

/** What a program prints as JSON; iproute2 prints nothing for an empty list. */
function parsed(program: string, ...words: string[]): unknown {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    maxBuffer: MOST_BYTES,
  });
  if (error) throw new Unseen(`${program} cannot be run: ${systemReason(error)}`);
  if (status !== 0) throw new Unseen(`${[program, ...words].join(" ")}: ${stderr.trim().split("\n")[0]}`);
  try {
    return JSON.parse(stdout || "[]");
  } catch {
    throw new Unseen(`${[program, ...words].join(" ")}: it prints what is not JSON`);
  }
}
