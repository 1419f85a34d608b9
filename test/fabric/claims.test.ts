// What a peer says of others in Neighbor Discovery, and what it says as a router: none of it gets to the kernel.
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { ALL_NODES, toHex, UNSPECIFIED } from "../support/frames.ts";
import { A, B, C, DATAPATHS, Host, Program, runIn, Underlay, until } from "../support/hosts.ts";
import { icmpv6, linkLocalOf, redirect, routerAdvertisement } from "../support/icmpv6.ts";
import { obstacle } from "../support/namespace.ts";
import { Received } from "../support/packet.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  for (const program of ["ping"]) skip(!isInstalled(program), `no ${program}`);
});

const VXLAN = "0800000000000100";
const PEER = ["--peer", `${B.node}@192.0.2.2`];

/** A script that sends datagrams to the first host: once, or again and again, every 20 ms. */
const SENDER = `
  const socket = require("node:dgram").createSocket("udp4");
  const [again, ...datagrams] = JSON.parse(process.argv[1]);
  socket.bind(4789, "192.0.2.2", async () => {
    do {
      for (const hex of datagrams) {
        await new Promise((resolve) => socket.send(Buffer.from(hex, "hex"), 4789, "192.0.2.1", resolve));
      }
      await new Promise((resolve) => setTimeout(resolve, again ? 20 : 0));
    } while (again);
    socket.close();
  });
`;

function send(namespace: Namespace | undefined, frames: Uint8Array[]): void {
  const datagrams = frames.map((frame) => VXLAN + toHex(frame));
  runIn(namespace, process.execPath, "-e", SENDER, JSON.stringify([false, ...datagrams]));
}

const bare = (mac: string) => mac.replaceAll(":", "");
const [MAC_A, MAC_B, MAC_C] = [A, B, C].map(({ mac }) => bare(mac)) as [string, string, string];
const [OF_A, OF_B, OF_C] = [
  "fc9c56c2e389e92ceee5000000000001",
  "fc9c56c2e3deadbeef01000000000001",
  "fc9c56c2e31122334455000000000001",
];

/** A message from B's own MAC and address. */
function fromB(
  type: number,
  body: string,
  given: { source?: string; destination?: string } = {},
): Uint8Array {
  const { source = OF_B, destination = OF_A } = given;
  return icmpv6({ ethernetDestination: MAC_A, ethernetSource: MAC_B, source, destination, type, body });
}

const LIES: [what: string, frame: Uint8Array][] = [
  ["an advertisement of C's address at B's MAC", fromB(136, `20000000${OF_C}0201${MAC_B}`)],
  ["the same at C's MAC", fromB(136, `20000000${OF_C}0201${MAC_C}`)],
  ["an advertisement of its own address at C's MAC", fromB(136, `20000000${OF_B}0201${MAC_C}`)],
  ["an advertisement of the host's own address", fromB(136, `20000000${OF_A}0201${MAC_B}`)],
  ["a solicitation with C's MAC", fromB(135, `00000000${OF_A}0101${MAC_C}`)],
  ["detection of the host's own address", fromB(135, `00000000${OF_A}`, { source: UNSPECIFIED })],
  ["a Redirect of C's address", fromB(137, redirect(OF_B, OF_C, MAC_B), { source: linkLocalOf(MAC_B) })],
  ["a Router Advertisement", fromB(134, routerAdvertisement(MAC_B), { source: linkLocalOf(MAC_B) })],
];

/** A frame that gets through, behind all others. */
const LAST = fromB(128, "12345678");

describe.each(DATAPATHS)("through %s, a peer that speaks of others", (datapath, noPath) => {
  beforeEach(({ skip }) => skip(noPath !== undefined, noPath));
  const words = ["--datapath", datapath, ...PEER];

  test("changes nothing at a host, and is counted", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, [...words, "--json"], one);
    const entry = () => a.run("ip", "neigh", "show", "to", C.sixplane, "dev", "zt0");
    a.run("ip", "neigh", "replace", C.sixplane, "lladdr", C.mac, "nud", "stale", "dev", "zt0");
    const before = [a.run("ip", "-6", "route"), a.run("ip", "-6", "address"), entry()];
    using received = new Received(one as Namespace, "zt0");
    send(two, [...LIES.map(([, frame]) => frame), LAST]);
    await until("the last one", () => received.frames.includes(toHex(LAST)));
    // Nothing came before it; behind it come answers to the kernel, which wants to reply.
    expect(received.frames[0]).toBe(toHex(LAST));
    expect([a.run("ip", "-6", "route"), a.run("ip", "-6", "address"), entry()]).toEqual(before);
    await a.end("SIGINT");
    expect(a.events.at(-1)?.fabric).toMatchObject({ received: 1, dropped: { spoofed: LIES.length } });
  });

  test("does not keep a host from its addresses at its start", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    const datagrams = [
      fromB(136, `20000000${OF_A}0201${MAC_B}`, { destination: ALL_NODES }),
      fromB(135, `00000000${OF_A}`, { source: UNSPECIFIED }),
    ].map((frame) => VXLAN + toHex(frame));
    const attack = [process.execPath, "-e", SENDER, JSON.stringify([true, ...datagrams])] as const;
    await using _attacker = new Program((two as Namespace).words(...attack));
    runIn(one, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/accept_dad");
    await using a = await Host.up(A.node, [...words, "--json"], one);
    await a.counts("refused frames", ({ fabric }) => (fabric.dropped["spoofed"] ?? 0) > 10);
    expect(a.run("ip", "-6", "address", "show", "dev", "zt0")).not.toMatch(/tentative|dadfailed/);
  });

  test("is a router where the host accepts routers", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    await using a = await Host.up(A.node, [...words, "--accept-routers"], one);
    const isUp = () => a.run("ip", "-6", "address", "show", "dev", "zt0").includes("fe80:");
    await until("the link-local address", isUp);
    send(two, [
      fromB(134, routerAdvertisement(MAC_B), { source: linkLocalOf(MAC_B), destination: ALL_NODES }),
    ]);
    await until("a default route", () =>
      a.run("ip", "-6", "route").includes("default via fe80::de:adff:fea2:dc3"),
    );
    expect(a.run("ip", "-6", "address")).toContain("2001:db8:bad:");
  });
});
