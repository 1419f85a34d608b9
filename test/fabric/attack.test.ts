// Attackers, with the tools of others: on the host itself, whose frames go out of its TAP to the handler, and
// among its peers. Who asks for an address meanwhile is answered, and nothing else is.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAddress } from "sixplane";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { judge } from "../fuzz/oracle.ts";
import { pcap } from "../support/captures.ts";
import { folder } from "../support/command.ts";
import { hex, toHex } from "../support/frames.ts";
import {
  A,
  B,
  C,
  DATAPATHS,
  Host,
  NETWORK,
  Program,
  Underlay,
  until,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";
import { Received } from "../support/packet.ts";

const SCAPY = ["/usr/bin/python3", fileURLToPath(new URL("attack.py", import.meta.url))];
const TOOLS = ["atk6-flood_solicitate6", "ndisc6", "tcpdump", "tshark", "ping", "setpriv"];

const missing = TOOLS.find((tool) => !isInstalled(tool));
const noScapy = runs("/usr/bin/python3", "-c", "import scapy.layers.inet6") ? undefined : "no python3-scapy";

function runs(...words: [string, ...string[]]): boolean {
  try {
    run(...words);
    return true;
  } catch {
    return false;
  }
}

beforeAll(() => {
  if (obstacle === undefined) withoutDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(missing !== undefined, `no ${missing}`);
  skip(noScapy !== undefined, noScapy);
});

let asked = 0;

/** An address of C's /80 that nobody has asked for. */
function fresh(): string {
  asked++;
  return `${C.sixplane.slice(0, -2)}600d:${asked.toString(16)}:1`;
}

/**
 * Asks for addresses, one after the other, until the time is over: each again every 100 ms until it is
 * answered, as frames may be lost where the kernel has no room for them. Throws where one is not.
 *
 * @returns how many have been answered in a second
 */
async function answers(milliseconds: number, namespace?: Namespace): Promise<number> {
  const start = performance.now();
  let answered = 0;
  while (answered === 0 || performance.now() - start < milliseconds) {
    const target = fresh();
    const words = ["ndisc6", "-1q", "-r", "100", "-w", "100", target, "zt0"];
    await using asker = new Program(namespace ? namespace.words(...words) : words);
    const status = await asker.end();
    const mac = asker.stdout.trim().toLowerCase();
    if (status !== 0 || mac !== C.mac) throw new Error(`${target}: ${status} ${mac} ${asker.stderr}`);
    answered++;
  }
  return Math.round((1000 * answered) / (performance.now() - start));
}

/** One direction of what goes over zt0, all of it. */
class Wire implements AsyncDisposable {
  readonly #files = folder();
  readonly #tcpdump: ChildProcess;
  #said = "";

  private constructor(direction: "in" | "out", namespace?: Namespace) {
    const words = [
      "tcpdump",
      "-Z",
      "root",
      "-i",
      "zt0",
      "-Q",
      direction,
      "-B",
      "131072",
      "-U",
      "-w",
      this.#path,
    ];
    const [program = "", ...rest] = namespace ? namespace.words(...words) : words;
    this.#tcpdump = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
    this.#tcpdump.stderr?.on("data", (chunk) => {
      this.#said += chunk;
    });
  }

  static async tap(direction: "in" | "out", namespace?: Namespace): Promise<Wire> {
    const wire = new Wire(direction, namespace);
    await until("tcpdump listening", () => wire.#said.includes("listening on"));
    return wire;
  }

  get #path(): string {
    return this.#files.path("capture.pcap");
  }

  /** Whether that is in one of the last frames. */
  sees(bytes: Uint8Array): boolean {
    const file = openSync(this.#path, "r");
    const tail = Buffer.alloc(Math.min(65_536, fstatSync(file).size));
    readSync(file, tail, 0, tail.length, fstatSync(file).size - tail.length);
    closeSync(file);
    return tail.includes(Buffer.from(bytes));
  }

  /** Ends it, and gives the frames, of which none has been missed. */
  async frames(): Promise<Buffer[]> {
    this.#tcpdump.kill("SIGINT");
    if (this.#tcpdump.exitCode === null) await once(this.#tcpdump, "exit");
    expect(this.#said).toContain("\n0 packets dropped by kernel");
    const bytes = readFileSync(this.#path);
    const frames: Buffer[] = [];
    for (let at = 24; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at + 8);
      frames.push(bytes.subarray(at + 16, at + 16 + length));
      at += 16 + length;
    }
    return frames;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tcpdump.exitCode === null && this.#tcpdump.signalCode === null) {
      this.#tcpdump.kill("SIGKILL");
      await once(this.#tcpdump, "exit");
    }
    this.#files[Symbol.dispose]();
  }
}

const CONFIG = { network: hex(NETWORK), node: hex(A.node), modes: 1 };

/** What the bytes are between two places. */
const part = (frame: Buffer, start: number, end: number) => frame.toString("hex", start, end);

/** Solicitations that are the same, and how many of them have not been answered. */
interface Asked {
  answer: string | undefined;
  count: number;
}

/** Counts the solicitations by what their answer has of them: the target, and who asked, who may not say so. */
function solicitations(frames: Buffer[]): Map<string, Map<string, Asked>> {
  const asked = new Map<string, Map<string, Asked>>();
  for (const frame of frames) {
    if (frame[54] !== 135 || frame.length < 78) continue;
    const asker = frame.subarray(22, 38).every((byte) => byte === 0) ? "" : part(frame, 6, 12);
    const key = asker + part(frame, 62, 78);
    const bytes = frame.toString("hex");
    const same = asked.get(key) ?? new Map<string, Asked>();
    asked.set(key, same);
    const known = same.get(bytes);
    if (known) known.count++;
    else same.set(bytes, { answer: undefined, count: 1 });
  }
  return asked;
}

/** That each of the frames that came in answers one that went out, as the rules say which were written once more. */
function expectAnswers(outgoing: Buffer[], incoming: Buffer[]): void {
  const asked = solicitations(outgoing);
  const wrong = incoming.filter((frame) => {
    const asker = frame[0] === 0x33 ? "" : part(frame, 0, 6);
    const bytes = frame.toString("hex");
    for (const [question, one] of asked.get(asker + part(frame, 62, 78)) ?? []) {
      if (one.count === 0) continue;
      one.answer ??= answerTo(question);
      if (one.answer !== bytes) continue;
      one.count--; // one solicitation has one answer
      return false;
    }
    return true;
  });
  expect(wrong.slice(0, 3).map(toHex)).toEqual([]);
}

function answerTo(question: string): string {
  const verdict = judge(CONFIG, hex(question));
  return typeof verdict === "number" ? "none" : toHex(verdict);
}

/** That each is an advertisement for what only this process has asked for. */
function expectOwnAnswers(incoming: Buffer[]): void {
  const wrong = incoming.filter((frame) => frame[54] !== 136 || !part(frame, 62, 78).startsWith(OF_C));
  expect(wrong.slice(0, 3).map(toHex)).toEqual([]);
}

/** What the addresses of C's /80 start with. */
const OF_C = toHex(parseAddress(C.sixplane)).slice(0, 20);

/** Frames that the handler sent under attack, some of each, for Wireshark to judge. */
const emitted: Uint8Array[] = [];
const EMITTED_OF_EACH = 2000;

/** How many frames the kernel has sent out of the host's zt0, or had no room for. */
function sentFrames(host: Host): number {
  const devices = readFileSync(`/proc/${host.child.pid}/net/dev`, "utf8");
  const [, counters = ""] = /^ *zt0:(.*)$/m.exec(devices) ?? [];
  const values = counters.trim().split(/ +/).map(Number);
  const [packets = Number.NaN, dropped = Number.NaN] = [values[9], values[11]];
  return packets + dropped;
}

const TARGET = `${C.sixplane.slice(0, -2)}bad:bad:bad`;
const GROUP = "ff02::1:ffad:bad";

/** An attack, which nothing may outlive: it is killed when this process ends, whatever ends that. */
function start(words: string[]): Program {
  return new Program(["setpriv", "--pdeathsig", "KILL", ...words], true);
}

const FRAMES_PER_MILLISECOND = 100;

/**
 * Stops the attack whenever it has sent more than FRAMES_PER_MILLISECOND, and lets it go on later. Its bursts still
 * fill the TAP's queue. Without a limit, the asker waits for seconds on a busy machine while the attack sends
 * 500,000 frames a second, and this process has no memory for the millions that tcpdump then has.
 */
function throttle(attack: Program, host: Host): Disposable {
  const [start, sent] = [performance.now(), sentFrames(host)];
  const timer = setInterval(() => {
    if (attack.isOver) return;
    const allowed = FRAMES_PER_MILLISECOND * (performance.now() - start);
    attack.kill(sentFrames(host) - sent > allowed ? "SIGSTOP" : "SIGCONT");
  }, 2);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The words for what comes to its end by itself. */
function again(script: string): string[] {
  return ["sh", "-c", `while :; do ${script}; done`];
}

/** What goes on, the words that start it, and how many frames it sends at least. */
const ATTACKS: [string, string[], number][] = [
  ["a flood of solicitations", ["atk6-flood_solicitate6", "zt0", TARGET, "ff02::1"], 1000],
  ["a flood behind Hop-by-Hop Options", ["atk6-flood_solicitate6", "-a", "zt0", TARGET, "ff02::1"], 1000],
  ["a flood of advertisements", ["atk6-flood_advertise6", "zt0"], 1000],
  ["a flood of signed solicitations (SEND)", ["atk6-sendpees6", "zt0", "1024", "fe80::", TARGET], 1000],
  ["solicitations with every field fuzzed", ["atk6-fuzz_ip6", "-2aI", "zt0", GROUP, TARGET], 100],
  ["a flood of fragments", again(`atk6-fragmentation6 -f -p zt0 ${TARGET} 3`), 100],
  ["large Destination Options", again(`atk6-denial6 zt0 ${TARGET} 2`), 100],
  ["solicitations that evade filters", again(`atk6-fake_solicitate6 -F zt0 ${TARGET} ${GROUP}`), 1],
  ["spoofed solicitations", [...SCAPY, "spoofed", "zt0"], 100],
  ["solicitations behind extension headers", [...SCAPY, "evasion", "zt0"], 100],
  ["solicitations in fragments", [...SCAPY, "fragments", "zt0"], 100],
  ["duplicate address detection in others' names", [...SCAPY, "duplicates", "zt0"], 100],
];

describe("on the host", () => {
  let host: Host;

  beforeAll(async () => {
    // With two global addresses, some of the tools find none to send from: it depends on their order in /proc.
    if (obstacle === undefined && !missing) host = await Host.up(A.node, ["--json", "--modes", "6plane"]);
  });

  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  test.each(ATTACKS)("%s", async (what, words, least) => {
    const before = await answers(150);
    const sent = sentFrames(host);
    await using out = await Wire.tap("out");
    await using incoming = await Wire.tap("in");
    let during = 0;
    {
      await using attack = start(words);
      using _throttle = throttle(attack, host);
      await until("the attack", () => {
        if (attack.isOver) throw new Error(`it is over: ${attack.stdout} ${attack.stderr}`);
        return sentFrames(host) - sent >= least;
      });
      during = await answers(400);
      expect(attack.isOver).toBe(false);
    }
    const after = await answers(150);
    const last = fresh();
    run("ndisc6", "-1q", "-r", "100", "-w", "100", last, "zt0");
    await until("the last answer", () => [out, incoming].every((wire) => wire.sees(parseAddress(last))));
    const [asking, answering] = [await out.frames(), await incoming.frames()];
    console.log(
      `${what}: ${before} good answers a second before, ${during} during, ${after} after; ` +
        `${asking.length} frames sent to the handler, ${answering.length} answers`,
    );
    expectAnswers(asking, answering);
    emitted.push(...answering.slice(-EMITTED_OF_EACH));
  });

  test("the handler ends as ever, and has lost no reply", async () => {
    expect(await host.end("SIGTERM")).toBe(0);
    const { tap } = host.events.at(-1) ?? {};
    expect(tap?.dropped).toMatchObject({ unsent: 0, limited: 0, oversized: 0, uninjected: 0 });
    expect(tap?.received).toBe((tap?.reply ?? 0) + (tap?.pass ?? 0) + (tap?.invalid ?? 0));
  });

  test("of what it has sent, Wireshark finds nothing that RFC 4861 forbids", () => {
    using files = folder();
    writeFileSync(files.path("emitted.pcap"), pcap(emitted));
    const right = [
      "icmpv6.type == 136 && icmpv6.code == 0 && icmpv6.checksum.status == 1 && ipv6.hlim == 255",
      "icmpv6.opt.type == 2 && icmpv6.opt.length == 1",
      "!(icmpv6.nd.na.target_address == ff00::/8) && !(ipv6.src == ff00::/8)",
      // Solicited to who asked, and not to groups: to all nodes, where that is the unspecified address.
      "((icmpv6.nd.na.flag.s == 1 && !(ipv6.dst == ff00::/8) && eth.dst.ig == 0) ||" +
        " (icmpv6.nd.na.flag.s == 0 && ipv6.dst == ff02::1 && eth.dst == 33:33:00:00:00:01))",
      "icmpv6.nd.na.flag.r == 0 && !_ws.malformed",
    ].join(" && ");
    const fields = ["-T", "fields", "-e", "frame.number"];
    const count = (filter: string) =>
      run("tshark", "-n", "-r", files.path("emitted.pcap"), "-Y", filter, ...fields).split("\n").length - 1;
    expect(count(right)).toBe(emitted.length);
    expect(count("icmpv6.nd.na.flag.s == 1")).toBeGreaterThan(100);
    expect(count("icmpv6.nd.na.flag.s == 0")).toBeGreaterThan(100);
  });
});

describe.each(DATAPATHS)("among the peers of a host whose frames go through %s", (datapath, noPath) => {
  let underlay: Underlay;
  let a: Host;
  let b: Host;
  let two: Namespace;

  beforeAll(async () => {
    if (noPath !== undefined || missing) return;
    underlay = await Underlay.open(2);
    const [one, other] = underlay.namespaces;
    two = other as Namespace;
    a = await Host.up(A.node, ["--json", "--datapath", datapath, "--peer", `${B.node}@192.0.2.2`], one);
    b = await Host.up(B.node, ["--json", "--peer", `${A.node}@192.0.2.1`], two);
  });

  afterAll(async () => {
    await a?.[Symbol.asyncDispose]();
    await b?.[Symbol.asyncDispose]();
    await underlay?.[Symbol.asyncDispose]();
  });

  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));

  const spoofed = () => a.events.at(-1)?.fabric?.dropped["spoofed"] ?? 0;

  test.each<[string, string[]]>([
    [
      "frames in the names of others, by a program of its own",
      [...SCAPY, "peer", "eth0", "192.0.2.2", "192.0.2.1"],
    ],
    ["a flood of advertisements", ["atk6-flood_advertise6", "zt0"]],
    ["a flood of solicitations", ["atk6-flood_solicitate6", "zt0"]],
  ])("%s", async (what, words) => {
    const [before, dropped] = [await answers(150, a.namespace), spoofed()];
    await using out = await Wire.tap("out", a.namespace);
    using incoming = new Received(a.namespace as Namespace, "zt0", [0x86dd]);
    let during = 0;
    {
      await using _attack = start(two.words(...words));
      await until("frames dropped by the source check", () => spoofed() > dropped);
      during = await answers(400, a.namespace);
    }
    const after = await answers(150, a.namespace);
    const last = fresh();
    a.run("ndisc6", "-1q", "-r", "100", "-w", "100", last, "zt0");
    const isLast = (frame: string) => frame.includes(toHex(parseAddress(last)));
    await until("the last answer", () => incoming.frames.some(isLast));
    const coming = incoming.frames.map((frame) => Buffer.from(frame, "hex"));
    if (datapath === "tap") await until("what it answers", () => out.sees(parseAddress(last)));
    const asking = await out.frames();
    const isFromPeer = (frame: Buffer) => part(frame, 6, 12) === toHex(hex(B.mac));
    const answering = coming.filter((frame) => !isFromPeer(frame));
    console.log(
      `${what}, from a peer: ${before} good answers a second before, ${during} during, ${after} after; ` +
        `${spoofed() - dropped} spoofed frames dropped, ${coming.length - answering.length} frames let through`,
    );
    // What the kernel answers does not go out, so no capture has it.
    if (datapath === "tap") expectAnswers(asking, answering);
    else expectOwnAnswers(answering);
    await until("the peer itself, who is as welcome as before", () => a.pings(B.sixplane, "-W", "1"));
  });

  test("answers to duplicate address detection, which are to keep a host from its addresses", async () => {
    const own = `${A.sixplane.slice(0, -1)}77`;
    a.run(
      "sh",
      "-c",
      "cd /proc/sys/net/ipv6/conf && echo 1 | tee all/accept_dad zt0/accept_dad zt0/dad_transmits",
    );
    const dropped = spoofed();
    await using attack = new Program(two.words("stdbuf", "-oL", "atk6-dos-new-ip6", "zt0"));
    await attack.says("watching", (stdout) => stdout.includes("Started"));
    a.run("ip", "address", "add", `${own}/128`, "dev", "zt0");
    await attack.says("an answer to the detection", (stdout) => stdout.includes(own));
    await until("the answer dropped", () => spoofed() > dropped);
    const tentative = () => a.run("ip", "-6", "address", "show", "dev", "zt0", "to", own);
    await until("an address that is usable", () => !tentative().includes("tentative"));
    expect(tentative()).not.toContain("dadfailed");
  });
});
