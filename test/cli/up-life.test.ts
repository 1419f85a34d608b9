// A `sixplane up` from its first line to its end, however that comes.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { COMMAND, folder, sixplane } from "../support/command.ts";
import {
  A,
  B,
  Host,
  interfaces,
  NETWORK,
  Program,
  until,
  WARNING,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";

/** The character that starts what a terminal is told to do. */
const ESCAPE = "\x1b";

const UP = [process.execPath, COMMAND, "up", "--network", NETWORK, "--node", A.node, "--datapath", "tap"];

beforeAll(() => {
  if (obstacle === undefined) withoutDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

/** That nothing of a host is left, and another can take its place at once. */
async function expectNothingLeft(): Promise<void> {
  expect(interfaces()).toEqual(["lo"]);
  await using next = await Host.up(A.node);
  expect(next.stdout).toMatch(/^zt0 is up: .+, listening on \[::\]:4789, 0 peers, datapath tap\n$/);
  expect(await next.end("SIGTERM")).toBe(0);
}

describe("what it prints", () => {
  test("is one line when it is ready, and one at the end", async () => {
    await using host = await Host.up(A.node, ["--peer", `${B.node}@127.0.0.2`, "--listen", "127.0.0.1"]);
    expect(await host.end("SIGINT")).toBe(0);
    const [ready, last, ...rest] = host.stdout.split("\n");
    expect(ready).toBe(
      "zt0 is up: fc9c:56c2:e389:e92c:eee5::1, fd80:56c2:e21c:0:199:9389:e92c:eee5, " +
        "MAC 02:89:e9:30:0c:27, listening on 127.0.0.1:4789, 1 peer, datapath tap",
    );
    expect(last).toMatch(/^0 answered, \d+ sent to peers, 0 received, 0 dropped$/);
    expect([rest, host.stderr]).toEqual([[""], WARNING]);
  });

  test("is what there is, with other options", async () => {
    const words = ["--modes", "rfc4193,rfc4193", "--name", "mine%d", "--mtu", "1500", "--node", "ff00000001"];
    await using host = await Host.up(A.node, [...words, "--json"]);
    const mac = "02:ff:00:1c:e2:c3";
    const addresses = ["fd80:56c2:e21c:0:199:93ff:0:1"];
    expect(host.events).toEqual([
      {
        event: "ready",
        name: "mine0",
        mac,
        mtu: 1500,
        addresses,
        listen: "[::]:4789",
        peers: 0,
        datapath: "tap",
      },
    ]);
    expect(await host.end("SIGINT")).toBe(0);
    expect(host.stderr).toBe(`${WARNING}sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n`);
  });

  test("with --json is an object when ready, one every second, and one at the end", async () => {
    await using host = await Host.up(A.node, ["--json", "--multicast", "drop"]);
    await host.says("two lines of counters", () => host.events.length >= 3);
    host.pings(B.sixplane, "-W", "0.1");
    expect(await host.end("SIGTERM")).toBe(0);
    const { events } = host;
    expect(events.map(({ event }) => event)).toEqual([
      "ready",
      ...events.slice(1, -1).map(() => "counters"),
      "end",
    ]);
    const addresses = [A.sixplane, A.rfc4193];
    const ready = { event: "ready", name: "zt0", mac: A.mac, mtu: 2800, addresses };
    expect(events[0]).toEqual({ ...ready, listen: "[::]:4789", peers: 0, datapath: "tap" });
    for (const { event, tap, fabric, ...rest } of events.slice(1)) {
      expect([rest, Object.keys(tap), Object.keys(fabric)]).toEqual([
        {},
        ["received", "reply", "pass", "invalid", "reasons", "forwarded", "injected", "dropped"],
        ["sent", "received", "dropped"],
      ]);
      const ofTap = ["backlog", "multicast", "oversized", "unsent", "limited", "uninjected"];
      expect(Object.keys(tap.dropped)).toEqual(ofTap);
      const ofFabric = [
        "unknownDestination",
        "unsent",
        "overflow",
        "unreceived",
        "unknownSender",
        "malformed",
        "spoofed",
        "newAddresses",
      ];
      expect(Object.keys(fabric.dropped)).toEqual(ofFabric);
    }
    const flat = events.slice(1).map(({ tap, fabric }) => counts({ tap, fabric }));
    for (const [index, later] of flat.entries()) {
      for (const [name, count] of Object.entries(flat[index - 1] ?? {})) {
        expect(later[name], name).toBeGreaterThanOrEqual(count);
      }
    }
    const last = events.at(-1);
    expect(last?.tap).toMatchObject({ reply: 0, forwarded: 1 });
    expect(last?.fabric.dropped).toMatchObject({ unknownDestination: 1 });
  });

  test("on a terminal is a line that is written over, until Ctrl-C", async ({ skip }) => {
    skip(!isInstalled("script"), "there is no script to be a terminal");
    const words = `exec ${UP.join(" ")}`; // a shell that stayed would die of Ctrl-C itself
    await using terminal = new Program(["env", "SHELL=/bin/sh", "script", "-qec", words, "/dev/null"], true);
    const live = new RegExp(
      `\r${ESCAPE}\\[K\\d+ answered, \\d+ sent to peers, \\d+ received, \\d+ dropped`,
      "g",
    );
    await terminal.says("two live lines", (stdout) => (stdout.match(live) ?? []).length >= 2);
    terminal.child.stdin?.write("\x03");
    expect(await terminal.end()).toBe(0);
    const screen = terminal.stdout.replace(WARNING.trimEnd(), "").replaceAll(live, "").replace("^C", "");
    expect(screen).toMatch(/^\s*zt0 is up: [^\n]+, 0 peers, datapath tap\r\n\s*$/);
    expect(terminal.stdout.trimEnd()).toMatch(/ dropped$/);
    await expectNothingLeft();
  });
});

/** All numbers of an object, by their places. */
function counts(value: object, path = ""): Record<string, number> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === "number" ? [[path + name, inner]] : Object.entries(counts(inner, `${path}${name}.`)),
    ),
  );
}

describe("a reader", () => {
  test("who leaves ends it", async () => {
    using files = folder();
    const script = '{ "$@" 2> /dev/null; echo $? > "$0"; } | head -n 1';
    await using pipeline = new Program(["sh", "-c", script, files.path("status"), ...UP, "--json"], true);
    expect(await pipeline.end()).toBe(0);
    expect(pipeline.stdout).toMatch(/^\{"event":"ready",.+\}\n$/);
    expect(readFileSync(files.path("status"), "utf8")).toBe("0\n");
    await expectNothingLeft();
  });

  test("that is a full disk is an error at once", async () => {
    for (const words of [[], ["--json"]]) {
      const full = openSync("/dev/full", "w");
      const [program = "", ...rest] = [...UP, ...words];
      const child = spawn(program, rest, { stdio: ["ignore", full, "pipe"] });
      closeSync(full);
      let stderr = "";
      child.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const [status] = await once(child, "close");
      expect([status, stderr]).toEqual([
        1,
        `${WARNING}sixplane: cannot write to stdout: no space left on device\n`,
      ]);
    }
    await expectNothingLeft();
  });

  /** A host whose stdout is a pipe in which there is only so much room. */
  function withRoom(bytes: number, path: string): { child: ChildProcess; pipe: number } & Disposable {
    run("mkfifo", path);
    const pipe = openSync(path, "r+");
    writeSync(pipe, Buffer.alloc(PIPE - bytes, "\n"));
    const [program = "", ...rest] = [...UP, "--json"];
    const child = spawn(program, rest, { stdio: ["ignore", pipe, "ignore"] });
    const dispose = () => {
      child.kill("SIGKILL");
      closeSync(pipe);
    };
    return { child, pipe, [Symbol.dispose]: dispose };
  }

  test("who is slow gets what is new, not what has piled up", async () => {
    using files = folder();
    using host = withRoom(1000, files.path("pipe")); // the first line, and one of counters
    await until("the interface", () => interfaces().includes("zt0"));
    await delay(4500); // four lines of counters would have come
    const text = readUntil(host.pipe, /\n.*"event":"counters".*\n.*"event":"counters".*\n/);
    expect(text.match(/"event":"ready"/g)).toHaveLength(1);
    expect(text.match(/"event":"counters"/g)?.length).toBeLessThanOrEqual(2);
    host.child.kill("SIGTERM");
    expect(await once(host.child, "close")).toEqual([0, null]);
  });

  test("who reads no more does not hold the end up", async () => {
    using files = folder();
    using host = withRoom(0, files.path("pipe"));
    await until("the interface", () => interfaces().includes("zt0"));
    host.child.kill("SIGTERM");
    expect(await once(host.child, "close")).toEqual([0, null]);
    await expectNothingLeft();
  });
});

/** What a pipe of Linux holds. */
const PIPE = 65536;

/** Reads a file until it has had something. */
function readUntil(file: number, expected: RegExp): string {
  let text = "";
  const buffer = Buffer.alloc(PIPE);
  while (!expected.test(text)) text += buffer.toString("utf8", 0, readSync(file, buffer));
  return text;
}

describe("the end", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("comes with %s", async (signal) => {
    await using host = await Host.up(A.node);
    expect(await host.end(signal)).toBe(0);
    expect(host.stdout.split("\n")).toHaveLength(3);
    expect(host.stderr).toBe(WARNING);
    await expectNothingLeft();
  });

  test("comes once, however many signals there are", async () => {
    await using host = await Host.up(A.node);
    for (const signal of ["SIGINT", "SIGINT", "SIGHUP"] as const) host.kill(signal);
    const status = await host.end("SIGTERM");
    expect([status, host.stdout.split("\n").length]).toEqual([0, 3]);
    await expectNothingLeft();
  });

  test("comes while the kernel asks whether others have its addresses", async () => {
    using namespace = Namespace.open();
    await using host = new Host(A.node, [], namespace);
    const tentative = ["ip", "-6", "address", "show", "dev", "zt0", "tentative"] as const;
    await until("a tentative address", () => {
      const [program, ...rest] = namespace.words(...tentative);
      return spawnSync(program, rest, { encoding: "utf8" }).stdout.includes(A.sixplane);
    });
    expect(await host.end("SIGTERM")).toBe(0);
    expect([host.stdout, host.stderr]).toEqual(["", WARNING]);
    expect(interfaces(namespace)).toEqual(["lo"]);
  });

  test("comes as soon as there is an interface", async () => {
    await using host = new Host(A.node);
    await until("the interface", () => interfaces().includes("zt0"));
    expect(await host.end("SIGTERM")).toBe(0);
    await expectNothingLeft();
  });

  test("may come before there is anything to end", async () => {
    await using host = new Host(A.node);
    expect(await host.end("SIGTERM")).toBe("SIGTERM");
    await expectNothingLeft();
  });

  test("comes when the interface is removed", async () => {
    await using host = await Host.up(A.node);
    run("ip", "link", "delete", "zt0");
    expect(await host.end()).toBe(1);
    expect(host.stderr).toBe(`${WARNING}sixplane: the interface zt0 has been removed\n`);
    expect(host.stdout.split("\n")).toHaveLength(3);
    await expectNothingLeft();
  });

  test("comes with kill -9, too", async () => {
    await using host = await Host.up(A.node);
    expect(await host.end("SIGKILL")).toBe("SIGKILL");
    await expectNothingLeft();
  });

  test("comes when the terminal is closed", async ({ skip }) => {
    skip(!isInstalled("script"), "there is no script to be a terminal");
    await using terminal = new Program(["env", "SHELL=/bin/sh", "script", "-qec", UP.join(" "), "/dev/null"]);
    await terminal.says("being ready", (stdout) => stdout.includes(" is up: "));
    await terminal.end("SIGKILL");
    // With which status, nobody can tell: Node itself aborts where it cannot put such a terminal back.
    try {
      await until("no interface", () => !interfaces().includes("zt0"));
    } catch (error) {
      run("ip", "link", "delete", "zt0"); // ends it
      throw error;
    }
    await expectNothingLeft();
  });
});

describe("a TAP that was made to stay", () => {
  const MAC = "02:00:00:00:00:01";

  test.each([
    ["a signal", ["sh", "-c", 'exec "$@"', "sh"]],
    ["a reader who leaves", ["sh", "-c", '"$@" --json | head -n 1', "sh"]],
  ])("gets back what it had before, after %s", async (what, within) => {
    run("ip", "tuntap", "add", "dev", "stays", "mode", "tap");
    run("ip", "link", "set", "stays", "address", MAC, "mtu", "1400");
    try {
      await using program = new Program([...within, ...UP, "--name", "stays"], true);
      await program.says("being ready", (stdout) => stdout.includes("\n"));
      expect(run("ip", "address", "show", "dev", "stays")).toContain(A.sixplane);
      expect(await program.end(what === "a signal" ? "SIGTERM" : undefined)).toBe(0);
      const after = run("ip", "address", "show", "dev", "stays");
      expect(after).toContain(`link/ether ${MAC} `);
      expect(after).toContain(" mtu 1400 ");
      expect(after).not.toContain(A.sixplane);
    } finally {
      run("ip", "link", "delete", "stays");
    }
  });
});

describe("help", () => {
  test("has an example that works", async () => {
    const { status, stdout } = await sixplane(["up", "--help"]);
    const example = /Example:\n {2}sixplane (.+)\n/.exec(stdout)?.[1] ?? "";
    expect([status, example.split(" ")[0]]).toEqual([0, "up"]);
    await using host = new Host(A.node, [], undefined, () => [
      process.execPath,
      COMMAND,
      ...example.split(" "),
    ]);
    expect(await host.ready()).toMatch(/, listening on \[::\]:4789, 1 peer, datapath (kernel|tap)\n$/);
    expect(await host.end("SIGINT")).toBe(0);
  });
});
