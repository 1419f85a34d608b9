// Devices with lwIP beside Linux: what goes both ways, what nobody is asked, and what the glue says to mistakes.
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, Network } from "sixplane";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { toHex } from "../support/frames.ts";
import { A, B, NETWORK, withoutDetection } from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";
import { PacketSocket } from "../support/packet.ts";
import { type Build, buildDevice, buildProgram, C, complaints, Device, LWIP, noLwip } from "./lwip.ts";

/** The host is A, the device B, and there are so many others. */
const PEERS = Array.from({ length: 30 }, (_, n) =>
  new Network(NETWORK).host((0x1122334400 + n).toString(16)),
);
const ADDRESSES = [
  A.sixplane,
  A.rfc4193,
  ...PEERS.flatMap(({ sixplane, rfc4193 }) => [sixplane.address, rfc4193.address]),
];
const LINK_LOCAL = "fe80::de:adff:fea2:dc3";
const NOBODY = { sixplane: "fc9c:56c2:e377:7777:7777::1", rfc4193: "fd80:56c2:e21c:0:199:9377:7777:7777" };

const files = folder();
afterAll(() => files[Symbol.dispose]());

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(noLwip !== undefined, noLwip);
});

const RESPONDER = "SIXPLANE_LWIP_RESPONDER=1";
const SILENT = ["LWIP_IPV6_DUP_DETECT_ATTEMPTS=0", "LWIP_IPV6_MLD=0", "LWIP_IPV6_SCOPES=0"];

const BUILDS: [string, Build][] = [
  ["lwIP 2.1.3", { version: "2.1.3", core: "address", defines: ["WASM_RT_MEMORY_SIZE=38"] }],
  ["lwIP 2.2.1", { version: "2.2.1", core: "address", defines: [] }],
  [
    "lwIP 2.1.3 with the responder, and padding",
    { version: "2.1.3", core: "sixplane", defines: [RESPONDER, "ETH_PAD_SIZE=2", "WASM_RT_MEMORY_SIZE=102"] },
  ],
  [
    "lwIP 2.2.1 with the responder, and without detection, groups and zones",
    { version: "2.2.1", core: "sixplane", defines: [RESPONDER, ...SILENT] },
  ],
];

/** A host at one end of a TAP interface, where Linux has what is sent to its port 7 echoed. */
async function host() {
  withoutDetection();
  const ip = spawnSync("ip", ["-batch", "-"], { encoding: "utf8", input: setup().join("\n") });
  if (ip.status !== 0) throw new Error(ip.stderr);
  const datagrams = await Promise.all(ADDRESSES.map(echo));
  const streams = createServer((socket) => socket.pipe(socket)).listen(7, "::");
  await once(streams, "listening");
  const watcher = PacketSocket.watcher("tap0");
  return {
    watcher,
    [Symbol.dispose]() {
      watcher[Symbol.dispose]();
      for (const socket of datagrams) socket.close();
      streams.close();
      run("ip", "link", "delete", "tap0");
    },
  };
}

/** Has datagrams echoed from the address that they go to. */
async function echo(address: string) {
  const socket = createSocket("udp6");
  socket.bind(7, address);
  socket.on("message", (message, { port, address }) => socket.send(message, port, address));
  await once(socket, "listening");
  return socket;
}

/** All peers are interfaces of Linux; their answers may leave by any of them. */
function setup(): string[] {
  return [
    "tuntap add dev tap0 mode tap",
    `link set tap0 address ${A.mac} up`,
    `address add ${A.sixplane}/40 dev tap0 nodad`,
    `address add ${A.rfc4193}/88 dev tap0 nodad`,
    ...PEERS.flatMap(({ mac, sixplane, rfc4193 }, n) => [
      `link add link tap0 peer${n} address ${mac} type macvlan mode private`,
      `link set peer${n} up`,
      `address add ${sixplane.address}/128 dev peer${n} nodad`,
      `address add ${rfc4193.address}/128 dev peer${n} nodad`,
    ]),
  ];
}

/** A device that has been made B, and has its addresses, for which its clock ran faster. */
async function attached(program: string, modes = 3): Promise<Device> {
  const device = new Device(program, "tap0");
  expect(await device.lines(1)).toEqual(["ready"]);
  await device.ask("speed 100");
  expect(await device.ask(`attach ${NETWORK} ${B.node} ${modes}`)).toBe("0");
  const addresses = [LINK_LOCAL, ...(modes & 1 ? [B.sixplane] : []), ...(modes & 2 ? [B.rfc4193] : [])];
  for (let state = ""; state !== [B.mac, ...addresses].join(" "); await delay(5))
    state = await device.ask("state");
  await device.ask("speed 1");
  return device;
}

/** What the device has sent since the last look. */
function sentBy(watcher: PacketSocket): Uint8Array[] {
  const mac = B.mac.replaceAll(":", "");
  return watcher.incoming().filter((frame) => toHex(frame.subarray(6, 12)) === mac);
}

const isGroup = (frame: Uint8Array) => ((frame[0] ?? 0) & 1) === 1;
const isSolicitation = (frame: Uint8Array) => frame[20] === 58 && frame[54] === 135;

/** What of that went to groups: each frame in a word. */
function groupsOf(watcher: PacketSocket): string[] {
  return sentBy(watcher)
    .filter(isGroup)
    .map((frame) => {
      if (frame[20] === 0 && frame[54] === 58) return "report";
      if (!isSolicitation(frame)) return "other";
      const isDetection = frame.subarray(22, 38).every((byte) => byte === 0);
      return isDetection ? "detection" : `solicitation of ${formatAddress(frame.subarray(62, 78))}`;
    });
}

/** The targets of its solicitations: those of probes, which go to one host, alone. */
function targetsOf(watcher: PacketSocket): string[] {
  const target = (frame: Uint8Array) => formatAddress(frame.subarray(62, 78));
  return sentBy(watcher)
    .filter(isSolicitation)
    .map((frame) => (isGroup(frame) ? `all are asked for ${target(frame)}` : target(frame)));
}

function ping(address: string): void {
  run("ping", "-6", "-c", "1", "-W", "5", address);
}

/** Sends a datagram to the device, and gives the echo. */
async function datagram(address: string): Promise<string> {
  const socket = createSocket("udp6");
  socket.send("a datagram", 7, address);
  const [message] = await once(socket, "message");
  socket.close();
  return String(message);
}

/** Sends a stream to the device, and gives how many bytes of the echo are the same. */
async function stream(address: string): Promise<number> {
  const sent = Buffer.alloc(100_000, "a stream of text ");
  const socket = connect(7, address);
  socket.write(sent);
  const got: Buffer[] = [];
  let length = 0;
  for await (const part of socket) {
    got.push(part);
    length += part.length;
    if (length >= sent.length) socket.end();
  }
  return Buffer.concat(got).equals(sent) ? length : 0;
}

describe.each(BUILDS)("%s", (name, build) => {
  const silent = build.defines.includes("LWIP_IPV6_MLD=0");
  const answers = build.core === "sixplane";
  let program = "";
  beforeAll(() => {
    if (!obstacle && !noLwip) program = buildDevice(build, files.path(name.replaceAll(/\W+/g, "-")));
  });

  test("exchanges datagrams, streams and echoes with 30 peers in both modes, and asks nobody", async () => {
    using here = await host();
    await using device = await attached(program);
    const told = ["ping", "udp", "chain"].flatMap((word) => ADDRESSES.map((address) => `${word} ${address}`));
    for (const line of told) expect(await device.ask(line)).toBe(line.slice(line.indexOf(" ") + 1));
    for (const address of [A.sixplane, A.rfc4193]) expect(await device.ask(`tcp ${address}`)).toBe(address);
    // lwIP has room for ten neighbours, and knows those that asked it: Linux did, once for each mode.
    expect(await device.ask("cache")).toBe(`${A.sixplane} ${A.rfc4193}`);
    for (const address of [B.sixplane, B.rfc4193]) {
      ping(address);
      expect(await datagram(address)).toBe("a datagram");
      expect(await stream(address)).toBe(100_000);
    }
    expect(await device.ask("left")).toBe("0");
    const groups = groupsOf(here.watcher);
    expect(groups).toHaveLength(Number(await device.ask("groups")));
    expect(groups.filter((word) => word !== "report")).toEqual(silent ? [] : Array(3).fill("detection"));
    expect(groups.includes("report")).toBe(!silent);
    expect(device.printed).not.toContain("re-entered");
  });

  test("asks and probes nobody in ten minutes of traffic, but once those who asked it", async () => {
    using here = await host();
    await using device = await attached(program);
    await device.ask("speed 300");
    const traffic = async (milliseconds: number) => {
      const end = Number(await device.ask("clock")) + milliseconds;
      while (Number(await device.ask("clock")) < end) {
        for (const address of [A.sixplane, A.rfc4193, PEERS[0]?.sixplane.address])
          expect(await device.ask(`udp ${address}`)).toBe(address);
        for (const address of [B.sixplane, B.rfc4193]) expect(await datagram(address)).toBe("a datagram");
      }
      return targetsOf(here.watcher);
    };
    groupsOf(here.watcher);
    // lwIP probes whoever asked it, a few seconds later.
    expect([A.sixplane, A.rfc4193]).toEqual(expect.arrayContaining(await traffic(60_000)));
    expect(await traffic(540_000)).toEqual([]);
  });

  test(`${answers ? "answers" : "leaves alone"} what is asked past its output_ip6`, async () => {
    using here = await host();
    await using device = await attached(program);
    groupsOf(here.watcher);
    await device.ask("bypass");
    const peers = PEERS.slice(0, 5).map(({ rfc4193 }) => rfc4193.address);
    device.tell(...peers.map((address) => `udp ${address}`));
    const lines = await device.lines(peers.length);
    expect(lines.sort()).toEqual(peers.map((address) => `udp ${address}`).sort());
    const groups = groupsOf(here.watcher);
    if (answers) expect(groups).toEqual([]);
    // lwIP's tick asks once more, where it comes before the answer.
    else expect([...new Set(groups)].sort()).toEqual(peers.map((one) => `solicitation of ${one}`).sort());
    // What differs within the first 64 bits is not asked for.
    expect(await device.ask(`udp ${A.sixplane}`)).toBe("failed: -4"); // ERR_RTE
    expect(device.printed).not.toContain("re-entered");
  });

  test("leaves to lwIP what no other node of the network has, in a mode that is on", async () => {
    using _here = await host();
    await using device = await attached(program, 1);
    const left = () => device.ask("left").then(Number);
    const before = await left();
    device.tell(`ping ${A.sixplane}`);
    await device.lines(1);
    expect(await left()).toBe(before);
    const others = [
      "fc9c:56c2:e3de:adbe:ef01::5", // in its own /80
      "fc9c:56c2:e300::1", // node 0
      "fc9c:56c2:e3ff::1", // a reserved node
      NOBODY.rfc4193, // the mode that is off
      "fc9c:56c2:e4de:adbe:ef02::1", // another network
      "2001:db8::1",
    ];
    for (const [n, address] of others.entries()) {
      device.tell(`ping ${address}`);
      expect([address, await left()]).toEqual([address, before + n + 1]);
    }
    const linkLocal = "fe80::89:e9ff:fe30:c27"; // the host's
    expect(await device.ask(`ping ${linkLocal}`)).toBe(linkLocal);
  });

  test("refuses mistakes, and changes nothing then", async () => {
    using _here = await host();
    await using device = new Device(program, "tap0");
    await device.lines(1);
    const state = await device.ask("state");
    const refuses = async (words: string, error: number) => {
      expect([words, await device.ask(`attach ${words}`)]).toEqual([words, `${error}`]);
      expect(await device.ask("state")).toBe(state);
    };
    await refuses(`0000000000000000 ${B.node} 3`, -16); // ERR_ARG
    for (const modes of [0, 4, 5, 8]) await refuses(`${NETWORK} ${B.node} ${modes}`, -16);
    for (const node of ["0000000000", "ff00000001"]) await refuses(`${NETWORK} ${node} 3`, -6); // ERR_VAL
    expect(await device.ask("add 2001:db8::1")).toBe("0");
    await refuses(`${NETWORK} ${B.node} 3`, -1); // ERR_MEM
    expect(await device.ask("detach")).toBe("-12"); // ERR_IF
    if (answers) await device.ask("no-checksums");
    else await device.ask("no-ethernet");
    await refuses(`${NETWORK} ${B.node} 1`, -12); // ERR_IF
  });

  test("gives everything back", async () => {
    using here = await host();
    await using device = new Device(program, "tap0");
    await device.lines(1);
    for (let round = 0; round < 2; round++) {
      await device.ask("speed 100");
      expect(await device.ask(`attach ${NETWORK} ${B.node} 2`)).toBe("0");
      expect(await device.ask(`attach ${NETWORK} ${B.node} 2`)).toBe("-9"); // ERR_ALREADY
      for (let state = ""; !state.endsWith(B.rfc4193); await delay(5)) state = await device.ask("state");
      await device.ask("speed 1");
      expect(await device.ask(`udp ${A.rfc4193}`)).toBe(A.rfc4193);
      expect(await device.ask("detach")).toBe("0");
      expect(await device.ask("detach")).toBe("-12"); // ERR_IF
      await device.ask("speed 100");
      const before = "00:00:5e:00:53:01 fe80::200:5eff:fe00:5301";
      for (let state = ""; state !== before; await delay(5)) state = await device.ask("state");
      await device.ask("speed 1");
      groupsOf(here.watcher);
      expect(await device.ask(`udp ${NOBODY.sixplane}`)).toMatch(/^failed/);
    }
  });

  test("is not detached below somebody who has taken over since", async () => {
    using _here = await host();
    await using device = await attached(program);
    await device.ask("bypass");
    expect(await device.ask("detach")).toBe("-8"); // ERR_USE
  });
});

describe("the glue", () => {
  const build = (core: Build["core"], ...defines: string[]) =>
    complaints({ version: "2.1.3", core, defines });

  test.each([
    ["sixplane_lwip needs LWIP_IPV6 and LWIP_ETHERNET", "address", ["LWIP_ETHERNET=0", "LWIP_ARP=0"]],
    ["sixplane_lwip needs LWIP_IPV6_NUM_ADDRESSES of 2", "address", ["LWIP_IPV6_NUM_ADDRESSES=1"]],
    ["sixplane_lwip needs a larger WASM_RT_MEMORY_SIZE", "address", ["WASM_RT_MEMORY_SIZE=37"]],
    ["sixplane_lwip needs a larger WASM_RT_MEMORY_SIZE", "sixplane", [RESPONDER, "WASM_RT_MEMORY_SIZE=101"]],
    ["CHECKSUM_GEN_ICMP6 must be 1", "sixplane", [RESPONDER, "CHECKSUM_GEN_ICMP6=0"]],
    ["LWIP_TIMERS must be 1", "sixplane", [RESPONDER, "LWIP_TIMERS=0"]],
    [
      "MEMP_NUM_SYS_TIMEOUT must be LWIP_NUM_SYS_TIMEOUT_INTERNAL + SIXPLANE_LWIP_NETIFS",
      "sixplane",
      [RESPONDER, "SIXPLANE_LWIP_NETIFS=2"],
    ],
  ] as const)("is not compiled where it could not work: %s", (error, core, defines) => {
    expect(build(core, ...defines)).toContain(error);
  });

  test.each([
    ["as it is", "address", []],
    ["for two interfaces", "address", ["SIXPLANE_LWIP_NETIFS=2", "WASM_RT_MEMORY_SIZE=54"]],
    [
      "where hardware makes the checksums, which only the responder checks",
      "address",
      ["CHECKSUM_GEN_ICMP6=0"],
    ],
    ["with the responder", "sixplane", [RESPONDER]],
  ] as const)("is taken without a warning: %s", (_, core, defines) => {
    for (const version of ["2.1.3", "2.2.1"])
      expect(complaints({ version, core, defines: [...defines] })).toBe("");
  });

  test("keeps two interfaces of a device apart, which are in two networks", () => {
    const defines = ["SIXPLANE_LWIP_NETIFS=2", "WASM_RT_MEMORY_SIZE=54"];
    const program = buildProgram("two", { version: "2.1.3", core: "address", defines }, files.path("two"));
    expect(run(program)).toBe("all is so\n");
  });

  test("answers in the thread of lwIP where it has one, as Debian's library does", async ({ skip }) => {
    skip(!existsSync("/usr/include/lwip/lwip/tcpip.h"), "no liblwip-dev");
    const program = files.path("threads");
    const words = [
      "-I/usr/include/lwip",
      `-I${C}`,
      `-I${C}/lwip`,
      `-D${RESPONDER}`,
      "-Wall",
      "-Wextra",
      "-Werror",
    ];
    const sources = [`${LWIP}/threads.c`, `${C}/lwip/sixplane_lwip.c`, `${C}/sixplane-wasm2c.c`];
    run("gcc", "-O1", ...words, "-o", program, ...sources, "-llwip", "-lpthread");
    using here = await host();
    const device = spawn(program, ["tap0", A.rfc4193]);
    try {
      const [said] = await once(device.stdout, "data", { signal: AbortSignal.timeout(15_000) });
      expect(String(said)).toBe("hello\n");
    } finally {
      device.kill();
    }
    expect(targetsOf(here.watcher)).toEqual([]);
  });
});
