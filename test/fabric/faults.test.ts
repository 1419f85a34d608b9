// What a host survives: stopped and continued, killed, its interface down and up, its peer gone, its disk full,
// its clock set back. What it had taken is not lost, and nothing piles up.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { COMMAND, folder } from "../support/command.ts";
import { hex, OWNER_MAC, solicitation } from "../support/frames.ts";
import {
  A,
  B,
  Host,
  interfaces,
  MTU_1450,
  NETWORK,
  Underlay,
  until,
  WARNING,
  withoutDetection,
} from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { isNumbered, numbered, numberOf, PacketSocket } from "../support/packet.ts";

beforeAll(() => {
  if (obstacle === undefined) withoutDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(() => {
  if (obstacle === undefined) expect(interfaces()).toEqual(["lo"]);
});

/** What a process has: files by what they are, and threads. */
function holdings(pid = 0): { files: string[]; threads: number } {
  const files = readdirSync(`/proc/${pid}/fd`).map((file) => readlinkSync(`/proc/${pid}/fd/${file}`));
  const threads = readdirSync(`/proc/${pid}/task`).length;
  return { files: files.map((file) => file.replace(/\d+/, "N")).sort(), threads };
}

/** The state of a process, as proc_pid_stat(5) has it: T where it is stopped. */
function stateOf(pid = 0): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .slice(0, 1);
}

/** Whether the kernel asks for an address on zt0, and gets the MAC. */
function resolves(host: Host, address: string, mac: string): boolean {
  const found = host.run("sh", "-c", `ndisc6 -1q -r 1 -w 100 ${address} zt0 || true`);
  return found.trim().toLowerCase() === mac;
}

/** The datagrams that came in at a port here, by their numbers. */
class Peer implements AsyncDisposable {
  readonly #socket = createSocket("udp4");
  readonly numbers: number[] = [];

  static async at(address: string, port: number): Promise<Peer> {
    const peer = new Peer();
    peer.#socket.on("message", (datagram) => {
      const frame = datagram.subarray(8);
      if (isNumbered(frame)) peer.numbers.push(numberOf(frame));
    });
    peer.#socket.bind(port, address);
    await once(peer.#socket, "listening");
    peer.#socket.setRecvBufferSize(1 << 22);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

const HEADER = Buffer.from("0800000000000100", "hex"); // VXLAN, with the network's number

const WORDS = ["--json", "--listen", "127.0.0.1:4789", "--peer", `${B.node}@127.0.0.2:4789`];

describe("stopped, and continued", () => {
  test("a host sends on all that the kernel held for it, in order, and answers what it was asked", async () => {
    await using peer = await Peer.at("127.0.0.2", 4789);
    await using host = await Host.up(A.node, WORDS);
    using sender = PacketSocket.sender("zt0");
    const expected: number[] = [];
    let asked = 0;
    const before = holdings(host.child.pid);
    for (let round = 0; round < 5; round++) {
      for (let number = 0; number < 50; number++) sender.send(numbered(expected.push(expected.length) - 1));
      host.kill("SIGSTOP");
      await until("it stopped", () => stateOf(host.child.pid) === "T");
      for (let number = 0; number < 200; number++) sender.send(numbered(expected.push(expected.length) - 1));
      for (let number = 0; number < 100; number++, asked++) sender.send(solicitation());
      host.kill("SIGCONT");
      await until("all frames", () => peer.numbers.length === expected.length);
    }
    expect(peer.numbers).toEqual(expected);
    const { tap } = await host.counts("all answered", (counters) => counters.tap.reply >= asked);
    expect([tap.reply, tap.dropped]).toEqual([
      asked,
      { backlog: 0, multicast: 0, oversized: 0, unsent: 0, limited: 0, uninjected: 0 },
    ]);
    expect(holdings(host.child.pid)).toEqual(before);
    expect(await host.end("SIGTERM")).toBe(0);
  });

  test("it hands on what came from its peer meanwhile", async () => {
    await using host = await Host.up(A.node, WORDS);
    using watcher = PacketSocket.watcher("zt0");
    const socket = createSocket("udp4").bind(4789, "127.0.0.2");
    await once(socket, "listening");
    host.kill("SIGSTOP");
    await until("it stopped", () => stateOf(host.child.pid) === "T");
    const frame = (number: number) => {
      const bytes = numbered(number);
      bytes.set(hex("0289e9300c27"));
      bytes.set(hex(OWNER_MAC), 6);
      return bytes;
    };
    for (let number = 0; number < 100; number++) {
      await new Promise((resolve) => socket.send([HEADER, frame(number)], 4789, "127.0.0.1", resolve));
    }
    host.kill("SIGCONT");
    const numbers: number[] = [];
    await until("all frames", () => {
      numbers.push(...watcher.incoming().filter(isNumbered).map(numberOf));
      return numbers.length === 100;
    });
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
    await new Promise<void>((resolve) => socket.close(resolve));
    expect(await host.end("SIGTERM")).toBe(0);
  });
});

describe("killed", () => {
  test("under a flood, a host leaves nothing, and the next takes its place, time after time", async () => {
    for (let round = 0; round < 5; round++) {
      await using host = await Host.up(A.node, WORDS);
      using sender = PacketSocket.sender("zt0");
      try {
        for (let sent = 0; sent < 2000; sent++) sender.send(sent % 2 === 0 ? solicitation() : numbered(sent));
      } catch {} // there may be no room for all of it
      expect(await host.end("SIGKILL")).toBe("SIGKILL");
      expect(interfaces()).toEqual(["lo"]);
    }
  });
});

describe("an interface that goes down and up", () => {
  test("a thousand times is as good as before", async () => {
    await using peer = await Peer.at("127.0.0.2", 4789);
    await using host = await Host.up(A.node, WORDS);
    const before = holdings(host.child.pid);
    const flap = "ip link set zt0 down; ip link set zt0 up";
    run("sh", "-c", `for i in $(seq 1000); do ${flap}; done`);
    // The kernel has taken the addresses away, but for those that it makes itself: the host puts them back.
    const addresses = () => run("ip", "-6", "address", "show", "dev", "zt0");
    await until("the addresses", () => addresses().includes(A.sixplane) && addresses().includes(A.rfc4193));
    await until("an answer", () => resolves(host, B.sixplane, B.mac));
    using sender = PacketSocket.sender("zt0");
    for (let number = 0; number < 100; number++) sender.send(numbered(number));
    await until("all frames", () => peer.numbers.length === 100);
    expect(holdings(host.child.pid)).toEqual(before);
    expect(await host.end("SIGTERM")).toBe(0);
    const [warning, ...lines] = host.stderr.split("\n").slice(0, -1);
    expect(`${warning}\n`).toBe(WARNING);
    const restored = /^sixplane: another program changed the interface; put back: (.+)$/;
    const texts = lines.map((line) => restored.exec(line)?.[1]);
    expect(texts).toContainEqual(
      expect.stringContaining(`address ${A.sixplane}/40, address ${A.rfc4193}/88`),
    );
    expect(texts).not.toContain(undefined);
    const told = host.events.filter(({ event }) => event === "restored").map(({ what }) => what?.join(", "));
    expect(told).toEqual(texts);
  });
});

describe("an interface that gets another name", () => {
  test("ends the host, which says so", async () => {
    await using host = await Host.up(A.node, WORDS);
    run("sh", "-c", "ip link set zt0 down; ip link set zt0 name zt9");
    expect(await host.end()).toBe(1);
    expect(host.stderr).toBe(`${WARNING}sixplane: the interface zt0 has been renamed to zt9\n`);
  });
});

describe("a peer", () => {
  test("that goes costs nothing, and is there again when it comes back", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, ["--json", "--peer", `${B.node}@192.0.2.2`], one);
    const peer = () => Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`], two);
    {
      await using b = await peer();
      await until("a ping", () => a.pings(B.sixplane));
      expect(await b.end("SIGKILL")).toBe("SIGKILL");
    }
    const before = holdings(a.child.pid);
    const pinging = "ping -n -q -f -c 2000 -w 2 -W 1";
    a.run("sh", "-c", `${pinging} ${B.sixplane} >/dev/null || true`); // its port is closed, and the kernel says so
    run("ip", "link", "set", "port2", "down");
    a.run("sh", "-c", `${pinging} ${B.sixplane} >/dev/null || true`); // nobody says anything
    expect(resolves(a, B.sixplane, B.mac)).toBe(true);
    run("ip", "link", "set", "port2", "up");
    {
      await using b = await peer();
      await until("a ping", () => a.pings(B.sixplane, "-W", "1"));
      expect(await b.end("SIGTERM")).toBe(0);
    }
    expect(holdings(a.child.pid)).toEqual(before);
    expect(await a.end("SIGTERM")).toBe(0);
    expect(a.stderr).toBe(`${WARNING}${MTU_1450}`);
  });
});

const UP = [COMMAND, "up", "--network", NETWORK, "--node", A.node, "--datapath", "tap", "--json"];

describe("a disk that gets full", () => {
  test("ends what the host writes, and not the host, which says so at its end", async ({ skip }) => {
    skip(!isRoot, "needs root, or mounts of one's own");
    using files = folder();
    run("mkdir", files.path("disk"));
    run("mount", "-t", "tmpfs", "-o", "size=4k", "none", files.path("disk"));
    try {
      writeFileSync(files.path("disk/log"), "\n".repeat(3000));
      const log = openSync(files.path("disk/log"), "a");
      const child = spawn(process.execPath, UP, { stdio: ["ignore", log, "pipe"] });
      closeSync(log);
      let stderr = "";
      child.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const ended = once(child, "close");
      await using _end = {
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await ended;
        },
      };
      const size = () => statSync(files.path("disk/log")).size;
      await until("a full disk", () => size() === 4096);
      const before = holdings(child.pid);
      using sender = PacketSocket.sender("zt0");
      using watcher = PacketSocket.watcher("zt0");
      sender.send(solicitation());
      await until("an answer", () => watcher.incoming().some((frame) => frame[54] === 136));
      expect(holdings(child.pid)).toEqual(before);
      child.kill("SIGTERM");
      expect(await ended).toEqual([1, null]);
      expect(stderr).toBe(`${WARNING}sixplane: cannot write to stdout: no space left on device\n`);
    } finally {
      run("umount", files.path("disk"));
    }
  });
});

describe("a clock that is set back", () => {
  const FAKETIME = "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1"; // $LIB is for the loader to put in
  /** Has the host tell the time, as it knows it, on stderr. */
  const TELLS = "--import=data:text/javascript,setInterval(()=>console.error('at',Date.now()),50).unref()";

  test("by a day holds nothing up", async ({ skip }) => {
    skip(!isInstalled("faketime"), "no faketime");
    using files = folder();
    const setClock = (by: string) => writeFileSync(files.path("clock"), `${by}\n`);
    setClock("+0d");
    const settings = [
      `FAKETIME_TIMESTAMP_FILE=${files.path("clock")}`,
      ...["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"], // a clock that nobody can set
    ];
    const within = ([program = "", ...rest]: string[]) => [
      "env",
      FAKETIME,
      ...settings,
      program,
      TELLS,
      ...rest,
    ];
    await using peer = await Peer.at("127.0.0.2", 4789);
    await using host = new Host(A.node, [...WORDS, "--rate", "2"], undefined, within);
    await host.ready();
    const times = () => [...host.stderr.matchAll(/^at (\d+)$/gm)].map(([, time]) => Number(time));
    const isSetBack = () => times().some((time, index) => time < (times()[index - 1] ?? 0) - 80_000_000);
    await until("answers, as many as there may be", () => !resolves(host, B.sixplane, B.mac));
    setClock("-1d");
    await until("a clock that was set back", isSetBack);

    const lines = host.events.length;
    await until("an answer", () => resolves(host, B.sixplane, B.mac));
    await until("more counters", () => host.events.length >= lines + 2);
    using sender = PacketSocket.sender("zt0");
    for (let number = 0; number < 100; number++) sender.send(numbered(number));
    await until("all frames", () => peer.numbers.length === 100);
    expect(await host.end("SIGTERM")).toBe(0);
  });
});
