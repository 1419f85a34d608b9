// What goes between hosts, and what is let in: datagrams of others, forged ones, and those of the kernel's own VXLAN.
import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import {
  A,
  B,
  C,
  captureUnderlay,
  DATAPATHS,
  framesBetweenHosts,
  Host,
  ping,
  runIn,
  Underlay,
  until,
  withoutDetection,
} from "../support/hosts.ts";
import { EXPERIMENTAL, Received } from "../support/packet.ts";

describe.each(DATAPATHS)("through %s:", (datapath, noPath) => {
  beforeEach(({ skip }) => {
    skip(noPath !== undefined, noPath);
    for (const program of ["ping", "tcpdump", "tshark"]) skip(!isInstalled(program), `no ${program}`);
  });

  const PEER = ["--datapath", datapath, "--peer", `${B.node}@192.0.2.2`];

  /** The frame, in hex digits, with VLAN tags before its ethertype. */
  function tagged(text: string, tags: string): string {
    return text.slice(0, 24) + tags + text.slice(24);
  }

  describe("VXLAN", () => {
    test("is what Wireshark sees, with the end of the network ID as its identifier", async () => {
      await using underlay = await Underlay.open(2);
      const [one, two] = underlay.namespaces;
      await using capture = await captureUnderlay();
      const network = ["--network", "8056c2e279e6f8f0"]; // the option that comes last is the one that holds
      await using a = await Host.up(A.node, [...network, ...PEER], one);
      await using _ = await Host.up(
        B.node,
        [...network, "--datapath", datapath, "--peer", `${A.node}@192.0.2.1`],
        two,
      );
      expect(a.pings("fcf9:b03a:12de:adbe:ef01::1")).toBe(true);
      const fields = [
        "udp.srcport",
        "udp.dstport",
        "vxlan.flags",
        "vxlan.vni",
        "vxlan.reserved8",
        "icmpv6.type",
      ];
      const frames = await framesBetweenHosts(capture, fields);
      const headers = new Set(frames.map((frame) => Object.values(frame).slice(0, -1).join(" ")));
      expect([...headers]).toEqual([`4789 4789 0x0800 ${0xe6f8f0} 0`]);
      expect(frames.map((frame) => frame["icmpv6.type"]?.[0])).toEqual(
        expect.arrayContaining(["128", "129"]),
      );
    });

    test("is what the Linux kernel speaks, too", async ({ skip }) => {
      await using underlay = await Underlay.open(2);
      const [one, two] = underlay.namespaces;
      const inside = (...words: string[]) => runIn(two, "ip", ...words);
      // Who a datagram is from is told by its port, too: the kernel would take any otherwise.
      const ends = [
        "local",
        "192.0.2.2",
        "remote",
        "192.0.2.1",
        "dstport",
        "4789",
        "srcport",
        "4789",
        "4790",
      ];
      const device = [
        "link",
        "add",
        "vx0",
        "address",
        B.mac,
        "mtu",
        "1400",
        "type",
        "vxlan",
        "id",
        "1",
        ...ends,
      ];
      const [program, ...words] = (two as Namespace).words("ip", ...device);
      const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
      skip(status !== 0, `the kernel has no VXLAN: ${stderr}`);
      inside("link", "set", "vx0", "up");
      inside("address", "add", `${B.sixplane}/40`, "dev", "vx0");
      inside("address", "add", `${B.rfc4193}/88`, "dev", "vx0");
      await using a = await Host.up(A.node, [...PEER, "--mtu", "1400", "--json"], one);
      for (const address of [B.sixplane, B.rfc4193]) expect(a.pings(address)).toBe(true);
      for (const address of [A.sixplane, A.rfc4193]) expect(ping(two, address).status).toBe(0);
      expect(a.pings(B.sixplane, "-s", "1352", "-M", "do")).toBe(true);
      await a.end("SIGINT");
      const { dropped } = a.events.at(-1)?.fabric ?? {};
      expect(dropped).toMatchObject({ unknownSender: 0, malformed: 0, spoofed: 0 });
    });
  });

  /** A script that sends datagrams: the address and port to send from, and the payload, of each. */
  const SENDER = `
  const { createSocket } = require("node:dgram");
  (async () => {
    for (const [host, port, hex] of JSON.parse(process.argv[1])) {
      const socket = createSocket("udp4");
      await new Promise((resolve) => socket.bind(port, host, resolve));
      await new Promise((resolve) => socket.send(Buffer.from(hex, "hex"), 4789, "192.0.2.1", resolve));
      socket.close();
    }
  })();
`;

  type Datagram = [host: string, port: number, hex: string];

  function send(namespace: Namespace | undefined, datagrams: Datagram[]): void {
    runIn(namespace, process.execPath, "-e", SENDER, JSON.stringify(datagrams));
  }

  const VXLAN = "0800000000000100";

  /** An ICMPv6 echo request, whose checksum nobody gets to look at; or another frame to the first host. */
  function frame({
    mac = B.mac as string,
    source = "fc9c56c2e3deadbeef01000000000001",
    ethertype = "86dd",
  } = {}): string {
    const header = A.mac.replaceAll(":", "") + mac.replaceAll(":", "") + ethertype;
    return `${header}6000000000083a40${source}fc9c56c2e389e92ceee5000000000001${"8000000000000000"}`;
  }

  /** An address of another node of the network. */
  const SOURCE_OF_C = "fc9c56c2e31122334455000000000001";

  describe("a datagram", () => {
    // The kernel's VXLAN drops some datagrams before a program sees them, and tells no program of the port they come from.
    test.each<[what: string, counter: string, inKernel: Record<string, number>, datagrams: Datagram[]]>([
      [
        "from where there is no peer",
        "unknownSender",
        { unknownSender: 1 },
        [
          ["192.0.2.3", 4789, VXLAN + frame()],
          ...(datapath === "tap" ? [["192.0.2.2", 4790, VXLAN + frame()] as Datagram] : []),
          ["192.0.2.3", 4789, ""],
        ],
      ],
      [
        "that is no frame of this network",
        "malformed",
        { malformed: 4 },
        [
          ["192.0.2.2", 4789, ""],
          ["192.0.2.2", 4789, VXLAN.slice(0, 14)],
          ["192.0.2.2", 4789, `0000000000000100${frame()}`], // without the flag
          ["192.0.2.2", 4789, `0c00000000000100${frame()}`],
          ["192.0.2.2", 4789, `0800000000000200${frame()}`], // of another network
          ["192.0.2.2", 4789, `0800000000000101${frame()}`],
          ["192.0.2.2", 4789, `0800010000000100${frame()}`],
        ],
      ],
      [
        "with a source that is not its sender's",
        "spoofed",
        { spoofed: 9, malformed: 1 },
        [
          ["192.0.2.2", 4789, VXLAN],
          ["192.0.2.2", 4789, VXLAN + frame().slice(0, 26)],
          ["192.0.2.2", 4789, VXLAN + frame().slice(0, 100)],
          ["192.0.2.2", 4789, VXLAN + frame({ mac: C.mac })],
          ["192.0.2.2", 4789, VXLAN + frame({ mac: A.mac })],
          ["192.0.2.2", 4789, VXLAN + frame({ mac: C.mac, ethertype: "0806" })],
          ["192.0.2.2", 4789, VXLAN + frame({ source: SOURCE_OF_C })],
          ["192.0.2.2", 4789, VXLAN + frame({ source: "fc9c56c2e389e92ceee5000000000001" })],
          ["192.0.2.2", 4789, VXLAN + frame({ source: "fd8056c2e21c00000199931122334455" })],
          ["192.0.2.2", 4789, VXLAN + frame({ source: "fe80000000000000001122fffe2fa697" })],
          // The kernel takes off tags that name no VLAN.
          ...["81000000", "88a80000", "8100000088a80000"].map(
            (tags): Datagram => ["192.0.2.2", 4789, VXLAN + tagged(frame({ source: SOURCE_OF_C }), tags)],
          ),
        ],
      ],
    ])("%s is dropped and counted", async (_, counter, inKernel, datagrams) => {
      await using underlay = await Underlay.open(2);
      const [one, two] = underlay.namespaces;
      runIn(two, "ip", "address", "add", "192.0.2.3/24", "dev", "eth0");
      await using a = await Host.up(A.node, [...PEER, "--json"], one);
      using received = new Received(one as Namespace, "zt0");
      const good = frame({ ethertype: EXPERIMENTAL.toString(16) });
      send(two, [...datagrams, ["192.0.2.2", 4789, VXLAN + good]]);
      await until("the last one", () => received.frames.includes(good));
      expect(received.frames).toEqual([good]); // and nothing else has got to the kernel
      await a.end("SIGINT");
      const { tap, fabric } = a.events.at(-1) ?? {};
      const none = {
        unknownDestination: 0,
        unsent: 0,
        unreceived: 0,
        unknownSender: 0,
        malformed: 0,
        spoofed: 0,
      };
      const dropped = datapath === "tap" ? { [counter]: datagrams.length } : inKernel;
      expect(fabric).toMatchObject({ received: 1, dropped: { ...none, ...dropped } });
      expect(tap?.injected).toBe(1);
    });

    test.each([
      ["its node's 6PLANE address", "fc9c56c2e3deadbeef01000000000001"],
      ["another address of its node's /80", "fc9c56c2e3deadbeef010242ac110002"],
      ["its node's RFC 4193 address", "fd8056c2e21c0000019993deadbeef01"],
      ["the link-local address of its node's MAC", "fe8000000000000000deadfffea20dc3"],
      ["no address", "0".repeat(32)],
      ["a foreign address", "20010db8000000000000000000000002"],
    ])("from %s gets to the kernel", async (_, source) => {
      await using underlay = await Underlay.open(2);
      const [one, two] = underlay.namespaces;
      await using _a = await Host.up(A.node, PEER, one);
      using received = new Received(one as Namespace, "zt0");
      const good = frame({ source });
      send(two, [["192.0.2.2", 4789, VXLAN + good]]);
      await until("it", () => received.frames.includes(good));
    });
  });

  describe("a frame", () => {
    test("for a node that is no peer goes nowhere, and is counted", async () => {
      await using underlay = await Underlay.open(2);
      const [one] = underlay.namespaces;
      await using capture = await captureUnderlay();
      await using a = await Host.up(A.node, [...PEER, "--multicast", "drop", "--json"], one);
      expect(a.pings(C.sixplane, "-W", "0.2")).toBe(false);
      await a.end("SIGINT");
      expect(a.events.at(-1)?.fabric).toMatchObject({
        sent: 0,
        // A route has the kernel's own stack drop it before.
        dropped: { unknownDestination: datapath === "tap" ? 1 : 0, unsent: 0 },
      });
      expect(await framesBetweenHosts(capture, ["eth.dst"])).toEqual([]);
    });

    test.each([
      ["6PLANE", C.sixplane, A.sixplane],
      ["RFC 4193", C.rfc4193, A.rfc4193],
    ])("for a node that is no peer fails at once, at its %s address", async (_, address, own) => {
      await using underlay = await Underlay.open(1);
      const [one] = underlay.namespaces;
      await using a = await Host.up(A.node, [...PEER, "--json"], one);
      const { stdout, stderr } = ping(a.namespace, address, "-W", "10", "-s", "1400");
      const said =
        datapath === "tap"
          ? `From ${own} icmp_seq=1 Destination unreachable: Address unreachable`
          : "ping: connect: No route to host";
      expect(stdout + stderr).toContain(said);
      const connect = `
      const socket = require("node:net").connect(80, "${address}");
      socket.on("error", ({ code }) => console.log(code));
    `;
      expect(a.run(process.execPath, "-e", connect)).toBe("EHOSTUNREACH\n");
      if (datapath === "kernel") return; // no frame has left its stack
      const flood = `
      const socket = require("node:dgram").createSocket("udp6");
      let left = 2000;
      (function next() {
        if (left-- === 0) socket.close();
        else socket.send("x", 9, "${address}", next);
      })();
    `;
      a.run(process.execPath, "-e", flood);
      await a.counts("most of them", ({ fabric }) => (fabric.dropped["unknownDestination"] ?? 0) > 1000);
      await a.end("SIGINT");
      const { tap, fabric } = a.events.at(-1) ?? {};
      expect(fabric?.sent).toBeLessThan(20);
      expect(tap?.injected).toBeLessThan(600); // of 100 at once, and 100 a second
    });

    test("for all is not dropped where there are no others", async () => {
      withoutDetection();
      await using a = await Host.up(A.node, ["--json", "--datapath", datapath]);
      const { tap } = await a.counts("multicast", (counters) => counters.tap.forwarded > 0);
      await a.end("SIGINT");
      expect(tap.forwarded).toBeGreaterThan(0);
      expect(a.events.at(-1)?.fabric).toMatchObject({ sent: 0, dropped: { unknownDestination: 0 } });
    });

    test("that the system does not send is counted", async () => {
      await using underlay = await Underlay.open(1);
      const [one] = underlay.namespaces;
      const unreachable = [
        "--datapath",
        datapath,
        "--peer",
        `${B.node}@198.51.100.2`,
        "--multicast",
        "drop",
        "--json",
      ];
      await using a = await Host.up(A.node, unreachable, one);
      expect(a.pings(B.sixplane, "-W", "0.2")).toBe(false);
      await a.end("SIGINT");
      expect(a.events.at(-1)?.fabric).toMatchObject({
        sent: 0,
        dropped: { unknownDestination: 0, unsent: 1 },
      });
    });
  });
});
