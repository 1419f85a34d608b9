// Hosts of one network, each in a namespace of its own, and this process the Ethernet between them.
import type { Tap } from "sixplane/tap";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { hex, NETWORK, OWNER, OWNER_MAC, SELF_MAC, toHex } from "../support/frames.ts";
import {
  DENO,
  hostWords,
  neighbours,
  open,
  Program,
  skipDuplicateDetection,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";
import { isNumbered, numbered, PacketSocket, sendAll } from "../support/packet.ts";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isInstalled("ping"), "no ping");
});

/** This node here and the owner elsewhere, and all that either sends with the other. */
class Fabric implements AsyncDisposable {
  readonly tap: Tap;
  readonly owner: Program;
  readonly ownerNamespace: Namespace;

  private constructor(tap: Tap, owner: Program, ownerNamespace: Namespace) {
    this.tap = tap;
    this.owner = owner;
    this.ownerNamespace = ownerNamespace;
  }

  static async open(runtime: string[]): Promise<Fabric> {
    const namespace = Namespace.open();
    const skipDetection = "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad";
    run(...namespace.words("sh", "-c", skipDetection));
    const options = hostWords({ network: NETWORK, node: OWNER, usable: true }, runtime);
    const owner = new Program(namespace.words(...options), { ipc: true });
    const tap = await open({
      forward: (frames) => {
        if (owner.child.connected) for (const frame of frames) owner.child.send([...frame]);
      },
    });
    owner.child.on("message", (frame) => tap.inject(Uint8Array.from(frame as number[])));
    await Promise.all([owner.printed("open zt0"), tap.usable()]);
    return new Fabric(tap, owner, namespace);
  }

  /** Gives both an address. */
  address(here: string, there: string): void {
    run("ip", "address", "add", here, "dev", this.tap.name);
    run(...this.ownerNamespace.words("ip", "address", "add", there, "dev", "zt0"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tap.close();
    await this.owner[Symbol.asyncDispose]();
    this.ownerNamespace.close();
  }
}

/** Pings, while this process goes on being the Ethernet; throws where there is no answer. */
async function ping(...words: string[]): Promise<string> {
  await using program = new Program(["ping", "-i", "0.2", "-c", "3", "-W", "5", ...words]);
  if ((await program.ended) !== 0) throw new Error(program.output);
  return program.output;
}

describe.each([
  ["Node", [process.execPath]],
  ["Deno", DENO],
])("two hosts, the other of them under %s,", (_, runtime) => {
  test("reach each other at their own addresses, of which neither has to be asked for", async () => {
    await using fabric = await Fabric.open(runtime);
    const { tap } = fabric;
    expect(await ping("fc9c:56c2:e3de:adbe:ef01::1")).toContain(" 0% packet loss");
    expect(await ping("fd80:56c2:e21c:0:199:93de:adbe:ef01")).toContain(" 0% packet loss");
    const known = neighbours(tap.name).filter(({ lladdr }) => lladdr === "02:de:ad:a2:0d:c3");
    expect(known.length).toBeGreaterThanOrEqual(2);
    expect(tap.counters().reply).toBe(2);
    expect(tap.counters().injected).toBeGreaterThanOrEqual(6);
  });

  test("reach each other by IPv4 and by other IPv6, as on any Ethernet", async () => {
    await using fabric = await Fabric.open(runtime);
    const { tap } = fabric;
    fabric.address("10.0.0.1/24", "10.0.0.2/24");
    fabric.address("2001:db8::1/64", "2001:db8::2/64");
    expect(await ping("10.0.0.2")).toContain(" 0% packet loss");
    expect(await ping("2001:db8::2")).toContain(" 0% packet loss");
    expect(await ping("-s", "2000", "-M", "do", "10.0.0.2")).toContain("2008 bytes from"); // the MTU is 2,800
    const arp = JSON.parse(run("ip", "-json", "neigh", "show", "dev", tap.name, "10.0.0.2"));
    expect(arp).toMatchObject([{ lladdr: "02:de:ad:a2:0d:c3" }]);
    expect(neighbours(tap.name, "2001:db8::2")).toMatchObject([{ lladdr: "02:de:ad:a2:0d:c3" }]);
    expect(tap.counters().reply).toBe(0); // the other host has answered all of it
  });

  test("see the other's link-local address by the MAC that it has", async () => {
    await using fabric = await Fabric.open(runtime);
    expect(await ping(`fe80::de:adff:fea2:dc3%${fabric.tap.name}`)).toContain(" 0% packet loss");
  });
});

describe("inject()", () => {
  test("gives the kernel the frame, from any memory", async () => {
    const tap = await open();
    using watcher = PacketSocket.watcher(tap.name);
    const frame = hex(`${SELF_MAC}${OWNER_MAC}88b5${"5a".repeat(46)}`);
    const padded = new Uint8Array([...new Uint8Array(7), ...frame, ...new Uint8Array(9)]);
    const shared = new Uint8Array(new SharedArrayBuffer(100), 3, frame.length);
    shared.set(frame);
    expect(tap.inject(frame)).toBe(true);
    expect(tap.inject(padded.subarray(7, 7 + frame.length))).toBe(true);
    expect(tap.inject(Buffer.from(frame))).toBe(true);
    expect(tap.inject(shared)).toBe(true);
    expect(watcher.incoming().map(toHex)).toEqual(Array(4).fill(toHex(frame)));
    expect(tap.counters().injected).toBe(4);
    expect(tap.interfaceCounters().received).toMatchObject({ frames: 4, bytes: 4 * frame.length });
  });

  test("takes the frames of a batch as they are, and while many come", async () => {
    const far = await open({ node: OWNER, name: "far" });
    using watcher = PacketSocket.watcher("far");
    const seen: Uint8Array[] = [];
    let injected = 0;
    const near = await open({
      forward: (frames) => {
        for (const frame of frames) {
          if (isNumbered(frame) && far.inject(frame)) injected++;
          seen.push(...watcher.incoming()); // of which the kernel keeps 200 kB
        }
      },
    });
    const count = 2000; // which the queue holds, should the consumer be slow
    const frame = (number: number) => numbered(number, 60 + (number % 400));
    await sendAll(near, count, frame);
    await until(() => injected === count, "injected");
    const expected = Array.from({ length: count }, (_, number) => frame(number));
    expect(seen.map(toHex)).toEqual(expected.map(toHex));
  });

  test("takes the shortest and the longest frame, and refuses what is none", async () => {
    const tap = await open({ mtu: 65_499 });
    expect(tap.inject(numbered(1).subarray(0, 14))).toBe(true);
    expect(tap.inject(numbered(1, 65_517))).toBe(true);
    const expected = "frame must be a Uint8Array of 14 bytes or more, got";
    const refused: [unknown, string][] = [
      [new Uint8Array(13), "13 bytes"],
      [new Uint8Array(0), "0 bytes"],
      ["frame", "string"],
      [undefined, "undefined"],
      [new ArrayBuffer(60), "object"],
      [new Uint16Array(60), "object"],
    ];
    for (const [bad, got] of refused) {
      expect(() => tap.inject(bad as Uint8Array)).toThrow(
        expect.objectContaining({ name: "InputError", message: `${expected} ${got}` }),
      );
    }
    expect(tap.counters()).toMatchObject({ injected: 2, dropped: { uninjected: 0 } });
    await tap.close();
  });
});
