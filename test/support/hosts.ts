// Hosts that `sixplane up` runs, and the network below them.
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Namespace } from "../../examples/fabric/namespace.js";
import { COMMAND, folder } from "./command.ts";
import { obstacle, run } from "./namespace.ts";

export const NETWORK = "8056c2e21c000001";

/** Three nodes of the network, and what it gives to them. */
export const A = {
  node: "89e92ceee5",
  mac: "02:89:e9:30:0c:27",
  sixplane: "fc9c:56c2:e389:e92c:eee5::1",
  rfc4193: "fd80:56c2:e21c:0:199:9389:e92c:eee5",
} as const;
export const B = {
  node: "deadbeef01",
  mac: "02:de:ad:a2:0d:c3",
  sixplane: "fc9c:56c2:e3de:adbe:ef01::1",
  rfc4193: "fd80:56c2:e21c:0:199:93de:adbe:ef01",
} as const;
export const C = {
  node: "1122334455",
  mac: "02:11:22:2f:a6:97",
  sixplane: "fc9c:56c2:e311:2233:4455::1",
  rfc4193: "fd80:56c2:e21c:0:199:9311:2233:4455",
} as const;

export const WARNING =
  "sixplane: what goes to peers is neither encrypted nor authenticated beyond a check of its source: " +
  "for real networks, ZeroTier or another overlay is the fabric\n";

/** What is said of the MTU where the second host is the narrowest, on eth0 of an `Underlay`. */
export const MTU_1450 =
  "sixplane: the MTU is 1450, as eth0, which leads to peer deadbeef01, has 1500, VXLAN takes 50: --mtu sets another\n";

/** What may carry the frames of a host. */
export type DataPath = "tap" | "kernel";

/** Words for `sixplane up`, and why a host cannot have that path here: undefined where it can. */
export const DATAPATHS: [path: DataPath, obstacle: string | undefined][] = [
  ["tap", obstacle],
  ["kernel", obstacle ?? noKernelPath()],
];

function noKernelPath(): string | undefined {
  if (obstacle !== undefined) return obstacle;
  const bpf = spawnSync("bpftool", ["prog", "list"], { encoding: "utf8" });
  if (bpf.error) return "no bpftool";
  if (bpf.status !== 0) return `no eBPF: ${bpf.stderr}`;
  using namespace = Namespace.open();
  const [program, ...words] = namespace.words("ip", "link", "add", "vx0", "type", "vxlan", "external");
  const vxlan = spawnSync(program, words, { encoding: "utf8" });
  return vxlan.status === 0 ? undefined : `no VXLAN: ${vxlan.stderr}`;
}

/** Waits until something is so, and gives what it is. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 15_000; Date.now() < end; await delay(10)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Runs a program that must succeed, in a namespace or in this process's own. */
export function runIn(namespace: Namespace | undefined, ...words: [string, ...string[]]): string {
  return run(...(namespace ? namespace.words(...words) : words));
}

/** The interfaces of this process's namespace, or of another's. */
export function interfaces(namespace?: Namespace): string[] {
  const found = JSON.parse(runIn(namespace, "ip", "-json", "link"));
  return found.map(({ ifname }: { ifname: string }) => ifname);
}

/** Spares the interfaces of this process's namespace, or of another's, the seconds of asking who has their addresses. */
export function withoutDetection(namespace?: Namespace): void {
  runIn(namespace, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
}

/** One of the lines of `--json`. */
export interface Event {
  event:
    | "ready"
    | "counters"
    | "restored"
    | "peers"
    | "peers-refused"
    | "unknown-sender"
    | "moved"
    | "neighbour-table-full"
    | "end";
  name: string;
  mac: string;
  mtu: number;
  underlay?: { node: string; interface: string; mtu: number; overhead: number };
  addresses: string[];
  listen: string;
  peers: number;
  tap: {
    received: number;
    reply: number;
    pass: number;
    invalid: number;
    reasons: Record<string, number>;
    forwarded: number;
    injected: number;
    dropped: Record<string, number>;
  };
  what?: string[];
  from?: string;
  node?: string;
  fabric: { sent: number; received: number; dropped: Record<string, number> };
}

/** A program that runs, and what it has printed. */
export class Program {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<unknown[]>;
  readonly #group: boolean;

  /** @param detached whether it has children of its own, to which signals go, too */
  constructor([program = "", ...words]: string[], detached = false) {
    this.child = spawn(program, words, { detached });
    this.#group = detached;
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.#ended = once(this.child, "close");
  }

  /** Waits for something on stdout, which ends the test where the program ends first. */
  async says<T>(what: string, look: (stdout: string) => T | undefined | false): Promise<T> {
    return until(what, () => {
      const found = look(this.stdout);
      if (this.isOver && !found) throw new Error(`it has ended instead of ${what}: ${this.stderr}`);
      return found;
    });
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) throw new Error("the program has not started"); // and 0 would be this process's group
    process.kill(this.#group ? -pid : pid, signal);
  }

  /** Its status, or the signal that killed it. */
  async end(signal?: NodeJS.Signals): Promise<unknown> {
    if (signal) this.kill(signal);
    const [status, killer] = await this.#ended;
    return status ?? killer;
  }

  /** Whether it runs no more. */
  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isOver) this.kill("SIGKILL");
    await this.#ended;
  }
}

/** A `sixplane up` that runs. */
export class Host extends Program {
  readonly namespace: Namespace | undefined;

  /** @param within changes the words to run it in further circumstances */
  constructor(node: string, words: string[] = [], namespace?: Namespace, within = (all: string[]) => all) {
    const datapath = words.includes("--datapath") ? [] : ["--datapath", "tap"];
    const all = within([
      ...[process.execPath, COMMAND, "up", "--network", NETWORK, "--node", node],
      ...datapath,
      ...words,
    ]);
    super(namespace ? namespace.words(...all) : all);
    this.namespace = namespace;
  }

  /** Starts one, and waits until it is ready. */
  static async up(node: string, words: string[] = [], namespace?: Namespace): Promise<Host> {
    const host = new Host(node, words, namespace);
    try {
      await host.ready();
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  /** Its first line. */
  async ready(): Promise<string> {
    return this.says("being ready", (stdout) => stdout.includes("\n") && stdout);
  }

  /** What it has said with `--json`. */
  get events(): Event[] {
    const lines = this.stdout.slice(0, this.stdout.lastIndexOf("\n") + 1).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Waits for counters that are as they should be. */
  async counts(what: string, isSo: (counters: Event) => boolean): Promise<Event> {
    return this.says(what, () => this.events.find((event) => event.event === "counters" && isSo(event)));
  }

  /** Runs a program where it is. */
  run(...words: [string, ...string[]]): string {
    return runIn(this.namespace, ...words);
  }

  /** Sends one ping, and says whether there was an answer. */
  pings(address: string, ...words: string[]): boolean {
    return ping(this.namespace, address, ...words).status === 0;
  }
}

/** One ping from a namespace. */
export function ping(
  namespace: Namespace | undefined,
  address: string,
  ...words: string[]
): SpawnSyncReturns<string> {
  const all = ["ping", "-n", "-c", "1", "-W", "3", ...words, address] as const;
  const [program, ...rest] = namespace ? namespace.words(...all) : all;
  return spawnSync(program, rest, { encoding: "utf8" });
}

/**
 * Namespaces on one Ethernet. Each has an eth0 with 192.0.2.N and 2001:db8:4789::N; this process's own, where
 * the bridge is, has 192.0.2.254.
 */
export class Underlay implements AsyncDisposable {
  readonly namespaces: Namespace[] = [];

  static async open(count: number): Promise<Underlay> {
    const underlay = new Underlay();
    run("ip", "link", "add", "underlay", "type", "bridge", "mcast_snooping", "0");
    run("ip", "address", "add", "192.0.2.254/24", "dev", "underlay");
    run("ip", "link", "set", "underlay", "up");
    try {
      for (let n = 1; n <= count; n++) underlay.namespaces.push(attach(n));
    } catch (error) {
      await underlay[Symbol.asyncDispose]();
      throw error;
    }
    return underlay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of interfaces().filter((found) => /^(underlay|port\d+)$/.test(found))) {
      run("ip", "link", "delete", name); // the kernel takes its time over those of a namespace that has ended
    }
    for (const namespace of this.namespaces) namespace.close();
  }
}

function attach(n: number): Namespace {
  const namespace = Namespace.open();
  const inside = (...words: string[]) => runIn(namespace, "ip", ...words);
  withoutDetection(namespace);
  const peer = ["peer", "name", "eth0", "netns", namespace.path];
  run("ip", "link", "add", `port${n}`, "type", "veth", ...peer);
  run("ip", "link", "set", `port${n}`, "master", "underlay", "up");
  inside("address", "add", `192.0.2.${n}/24`, "dev", "eth0");
  inside("address", "add", `2001:db8:4789::${n}/64`, "dev", "eth0");
  inside("link", "set", "eth0", "up");
  return namespace;
}

/** The fields of a frame by the names that Wireshark gives them, each from the outermost one in. */
export type Decoded = Record<string, string[]>;

/** A capture that runs. */
export class Capture {
  readonly #files = folder();
  readonly #tcpdump: ChildProcess;

  private constructor(words: string[], namespace: Namespace | undefined) {
    // With tcpdump's usual length, a few unread frames fill its memory.
    const all = ["tcpdump", "--immediate-mode", "-U", "-s", "4096", "-w", this.#path, ...words];
    const [program = "", ...rest] = namespace ? namespace.words(...all) : all;
    this.#tcpdump = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
  }

  /** @param words for tcpdump: the interface, and what is to be captured there */
  static async start(words: string[], namespace?: Namespace): Promise<Capture> {
    const capture = new Capture(words, namespace);
    let said = "";
    capture.#tcpdump.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    await until("tcpdump listening", () => said.includes("listening on"));
    return capture;
  }

  get #path(): string {
    return this.#files.path("capture.pcap");
  }

  /**
   * Ends it when the last frame has been captured.
   *
   * @param last what is in that frame
   * @param filter which frames are wanted, and which fields of each
   */
  async decoded(last: Buffer, filter: string, fields: string[]): Promise<Decoded[]> {
    await until("the last frame captured", () => readFileSync(this.#path).includes(last));
    this.#tcpdump.kill("SIGINT");
    await once(this.#tcpdump, "exit");
    const wanted = fields.flatMap((field) => ["-e", field]);
    const text = run(
      ...(["tshark", "-n", "-r", this.#path, "-Y", filter, "-T", "fields"] as const),
      ...wanted,
    );
    const rows = text.split("\n").filter((line) => line !== "");
    return rows.map((row) => {
      const values = row.split("\t");
      return Object.fromEntries(fields.map((field, at) => [field, (values[at] ?? "").split(",")]));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tcpdump.exitCode === null && this.#tcpdump.signalCode === null) {
      this.#tcpdump.kill("SIGKILL");
      await once(this.#tcpdump, "exit");
    }
    this.#files[Symbol.dispose]();
  }
}

/** Captures what goes between the hosts of an underlay. */
export async function captureUnderlay(): Promise<Capture> {
  return Capture.start(["-i", "underlay", "udp port 4789 or udp port 9"]);
}

/** What went between hosts: the frames in datagrams that Wireshark takes for VXLAN. */
export async function framesBetweenHosts(capture: Capture, fields: string[]): Promise<Decoded[]> {
  const last = Buffer.from("the end of the capture");
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.send(last, 9, "192.0.2.1", resolve)); // the port that discards
  socket.close();
  return capture.decoded(last, "vxlan", fields);
}

/** The user and group of nobody, who is an ordinary user. */
const NOBODY = 65534;

/**
 * An ordinary user, who need not be able to read where this clone and Node are: they are elsewhere for them.
 *
 * @param tun a script that makes their /dev/net/tun
 */
export function ordinaryUser(tun: string) {
  const script = `
    mount -t tmpfs -o mode=755 none /mnt
    mkdir /mnt/package
    mount --bind "$0" /mnt/package
    touch /mnt/node
    mount --bind "$1" /mnt/node
    mount -t tmpfs -o mode=755 none /dev/net
    ${tun}
    shift
    exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups -- "$@"
  `;
  const words = (...rest: string[]): [string, ...string[]] => [
    ...(["unshare", "--mount", "sh", "-ec"] as const),
    ...[script, dirname(dirname(COMMAND)), process.execPath, ...rest],
  ];
  const command = ["/mnt/node", "/mnt/package/dist/cli.js"];
  const [program, ...rest] = words(...command, "--version");
  const { status, stderr } = spawnSync(program, rest, { encoding: "utf8" });
  const obstacle = status === 0 ? undefined : `an ordinary user cannot run it here: ${stderr}`;
  return { words, command, obstacle };
}
