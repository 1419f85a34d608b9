// How a TAP comes to its end, on purpose or not, and what is left then: nothing, or what was there before.
import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openTap } from "sixplane/tap";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NETWORK, SELF, solicitation } from "../support/frames.ts";
import {
  changeSetting,
  expectNoInterface,
  hostWords,
  interfaceNames,
  interfaces,
  keeper,
  open,
  Program,
  skipDuplicateDetection,
  state,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";
import { numbered, PacketSocket, sendAll, settled } from "../support/packet.ts";

const OPTIONS = { network: NETWORK, node: SELF, name: "zt5" };

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

/** How many files this process has open. */
function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("close()", () => {
  test("leaves no interface and no file, again and again under one name", async () => {
    await (await open({ name: "zt5" })).close(); // the first of a process leaves what its libraries keep open
    const before = openFiles();
    for (let round = 0; round < 20; round++) {
      const tap = await openTap(OPTIONS);
      expect(tap.name).toBe("zt5");
      await tap.close();
    }
    expect(openFiles()).toBe(before);
  });

  test("may be called twice, and at once, and nothing works behind it", async () => {
    const tap = await open();
    await Promise.all([tap.close(), tap.close(), tap.closed]);
    await tap.close();
    expect(tap.inject(numbered(1))).toBe(false);
    expect(tap.counters()).toMatchObject({ injected: 0, dropped: { uninjected: 0 } });
    expect(() => tap.interfaceCounters()).toThrow(
      `cannot read the counters of ${tap.name}: there is no such interface any more`,
    );
    await expect(tap.usable()).rejects.toMatchObject({ name: "TapError", code: "EADDRNOTAVAIL" });
  });

  test("leaves the others alone", async () => {
    const [first, second] = [await open(), await open()];
    expect([first.name, second.name]).toEqual(["zt0", "zt1"]);
    await first.close();
    await settled(second);
    expect(second.inject(numbered(1))).toBe(true);
    await second.close();
  });

  test("ends a flood of frames, none of which is forwarded behind it", async () => {
    for (let round = 0; round < 10; round++) {
      const { frames, forward } = keeper();
      const tap = await open({ forward });
      using sender = PacketSocket.sender(tap.name);
      let closing: Promise<void> | undefined;
      let sent = 0;
      for (let failed = false; !failed; sent++) {
        try {
          sender.send(sent % 2 === 0 ? numbered(sent) : solicitation());
        } catch {
          failed = true; // the interface has gone
        }
        if (sent === 2000 + 100 * round) closing = tap.close();
        if (sent % 500 === 0) await turn();
      }
      await closing;
      const count = frames.length;
      await turn();
      expect(frames.length).toBe(count);
      expect(sent).toBeGreaterThan(2000);
    }
  });

  test("does not wait for a slow forward, which is not called again", async () => {
    let called = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tap = await open({
      forward: () => {
        called++;
        return held;
      },
    });
    await sendAll(tap, 1000, numbered);
    await until(() => called > 0, "called");
    await tap.close();
    release();
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(called).toBe(1);
  });
});

describe("an interface that is removed", () => {
  test("ends the TAP, and closed says so", async () => {
    await (await open()).close(); // the first of a process leaves what its libraries keep open
    const before = openFiles();
    const tap = await open();
    run("ip", "link", "delete", tap.name);
    await expect(tap.closed).rejects.toMatchObject({
      name: "TapError",
      code: "ENODEV",
      message: `the interface ${tap.name} has been removed`,
    });
    await tap.close();
    expect(tap.inject(numbered(1))).toBe(false);
    expect(openFiles()).toBe(before);
  });

  test("does so, too, where it was to be put back", async () => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    changeSetting("conf/zt5/addr_gen_mode", 1);
    const tap = await open({ name: "zt5" });
    run("ip", "link", "delete", "zt5");
    await expect(tap.closed).rejects.toMatchObject({ name: "TapError", code: "ENODEV" });
  });
});

describe("an interface that is down", () => {
  test("takes nothing, which is counted, is put up again, and goes on", async () => {
    const { frames, forward } = keeper();
    const tap = await open({ forward });
    run("ip", "link", "set", tap.name, "down");
    expect(tap.inject(numbered(1))).toBe(false);
    expect(tap.inject(numbered(1))).toBe(false);
    expect(tap.counters()).toMatchObject({ injected: 0, dropped: { uninjected: 2 } });
    const [before, start] = [process.cpuUsage(), performance.now()];
    await until(() => interfaces("dev", tap.name)[0]?.flags.includes("UP") ?? false, "the interface up");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / (performance.now() - start)).toBeLessThan(0.5); // no thread spins

    await tap.usable();
    expect(tap.inject(numbered(1))).toBe(true);
    const { reply } = tap.counters();
    using sender = PacketSocket.sender(tap.name);
    sender.send(solicitation());
    sender.send(numbered(7));
    await until(() => frames.length > 0 && tap.counters().reply === reply + 1, "answered and forwarded");
    await tap.close();
  });

  test("counts the replies that it does not take", async () => {
    const tap = await open();
    // What the kernel has sent stays to be read when the interface goes down, so some are answered too late.
    const end = performance.now() + 20_000;
    while (tap.counters().dropped.unsent === 0 && performance.now() < end) {
      using sender = PacketSocket.sender(tap.name);
      await using down = new Program(["ip", "link", "set", tap.name, "down"]);
      try {
        // Until it is down; or has been, and is put up again.
        while (down.child.exitCode === null) {
          for (let sent = 0; sent < 400; sent++) sender.send(solicitation());
          await turn();
        }
      } catch {} // it is down
      await down.ended;
      run("ip", "link", "set", tap.name, "up");
    }
    const { reply, dropped } = tap.counters();
    expect(dropped.unsent).toBeGreaterThan(0);
    expect(reply).toBeGreaterThanOrEqual(dropped.unsent); // which are replies all the same
    await tap.close();
  });
});

describe("a TAP that was made to stay", () => {
  const prepared: [string, () => void][] = [
    ["as `ip tuntap add` leaves it", () => {}],
    ["with IPv6 off", () => changeSetting("conf/zt5/disable_ipv6", 1)],
    [
      "up, with addresses",
      () => {
        run("ip", "link", "set", "zt5", "address", "02:00:00:00:00:05", "mtu", "1400", "up");
        run("ip", "address", "add", "2001:db8::5/64", "dev", "zt5");
        run("ip", "address", "add", "10.0.0.5/24", "dev", "zt5");
      },
    ],
    [
      "up, with the node's MAC and one of its addresses",
      () => {
        run("ip", "link", "set", "zt5", "address", "02:89:e9:30:0c:27", "up");
        run("ip", "address", "add", "fc9c:56c2:e389:e92c:eee5::1/40", "dev", "zt5");
      },
    ],
    ["with no link-local address", () => changeSetting("conf/zt5/addr_gen_mode", 1)],
    ["down, with an address", () => run("ip", "address", "add", "2001:db8::5/64", "dev", "zt5")],
  ];

  test.each(prepared)("is what it was before when closed: %s", async (_, prepare) => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    prepare();
    const { linkLocal: _none, ...before } = state("zt5");
    for (let round = 0; round < 2; round++) {
      const tap = await openTap(OPTIONS);
      const own = ["fc9c:56c2:e389:e92c:eee5::1/40", "fd80:56c2:e21c:0:199:9389:e92c:eee5/88"];
      expect(state("zt5")).toMatchObject({
        address: "02:89:e9:30:0c:27",
        mtu: 2800,
        up: true,
        disableIpv6: "0",
        addresses: [...new Set([...before.addresses, ...own])].sort(),
        linkLocal: ["fe80::89:e9ff:fe30:c27/64"],
      });
      await tap.close();
      const { linkLocal, ...after } = state("zt5");
      expect(after).toEqual(before);
      // The kernel makes one of the MAC that there is when a link first has a program at its end, and keeps it.
      const ofMac: Record<string, string> = {
        "02:00:00:00:00:05": "fe80::ff:fe00:5/64",
        "02:89:e9:30:0c:27": "fe80::89:e9ff:fe30:c27/64",
      };
      expect(linkLocal).toEqual(before.up ? [ofMac[before.address]] : []);
    }
    run("ip", "link", "delete", "zt5");
  });

  test("is put back as far as it goes where somebody has changed it meanwhile", async () => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    const before = state("zt5");
    const tap = await openTap(OPTIONS);
    run("ip", "link", "set", "zt5", "down"); // and the addresses are gone
    await tap.close(); // before the TAP has put them back
    expect(state("zt5")).toEqual(before);
    run("ip", "link", "delete", "zt5");
  });
});

describe("a process that ends", () => {
  test.each<[string, object, (program: Program) => void, number | string]>([
    ["by process.exit()", { ends: "exit" }, ({ child }) => child.stdin.end(), 3],
    ["by an uncaught exception", { ends: "throw" }, ({ child }) => child.stdin.end(), 1],
    ["by a rejection nobody handles", {}, () => run("ip", "link", "delete", "zt5"), 1],
    ["by SIGINT", {}, ({ child }) => child.kill("SIGINT"), "SIGINT"],
    ["by SIGTERM", {}, ({ child }) => child.kill("SIGTERM"), "SIGTERM"],
    ["by SIGKILL", {}, ({ child }) => child.kill("SIGKILL"), "SIGKILL"],
    ["when it has closed its TAP", {}, ({ child }) => child.stdin.end(), 0],
  ])("leaves no interface, and its name to the next: %s", async (_, options, end, status) => {
    for (let round = 0; round < 2; round++) {
      await using program = new Program(hostWords({ ...OPTIONS, ...options }));
      await program.printed("open zt5");
      expect(interfaceNames()).toEqual(["lo", "zt5"]);
      end(program);
      expect(await program.ended).toBe(status);
      expect(interfaceNames()).toEqual(["lo"]);
    }
  });

  test("leaves none with its frames in a flood", async () => {
    await using program = new Program(hostWords({ ...OPTIONS, ends: "exit" }));
    await program.printed("open zt5");
    using sender = PacketSocket.sender("zt5");
    program.child.stdin.end();
    try {
      for (let sent = 0; sent < 10_000_000; sent++) {
        sender.send(solicitation());
        if (sent % 500 === 0) await turn();
      }
    } catch {} // the interface has gone
    expect(await program.ended).toBe(3);
    expect(interfaceNames()).toEqual(["lo"]);
  });
});
