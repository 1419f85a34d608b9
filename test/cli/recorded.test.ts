// What is made of the recorded answers of ZeroTier's service, and of the advertisements that it wrote: see recorded/README.md.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { initSync, Network } from "sixplane";
import { readCapture } from "sixplane/capture";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sixplane } from "../support/command.ts";
import { diagnose, doctor, inShell, zerotierInterface } from "../support/doctor.ts";
import { readBytes, readText } from "../support/files.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, startService } from "../support/zerotier.ts";

const ID = "f9e806af34000001";
const NODE = "e942a33557";
const DEVICE = "ztk3oanlzv";
const MAC = "02:e9:42:97:9a:51";
const SIXPLANE = "fccd:e806:aee9:42a3:3557::1/40";
const RFC4193 = "fdf9:e806:af34:0:199:93e9:42a3:3557/88";

const recorded = (state: string, what: "status" | "networks") =>
  JSON.parse(readText(`test/cli/recorded/${state}.${what}.json`));

/** A service that answers as recorded. */
const service = (state: string) =>
  startService(answers(recorded(state, "status"), recorded(state, "networks")));

describe("sixplane doctor", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "settings take root");
  });

  afterEach(() => {
    if (obstacle === undefined && run("ip", "-json", "link").includes('"far"'))
      run("ip", "link", "delete", "far");
  });

  /** A state, the addresses that the interface had, the network that is asked for, and what is found. */
  const STATES: [
    state: string,
    addresses: string[],
    network: string,
    findings: [check: string, what: string][],
  ][] = [
    ["ok", [SIXPLANE, RFC4193], ID, []],
    [
      "unmanaged",
      [],
      ID,
      [["managed", "The service may not set managed addresses here: allowManaged is off."]],
    ],
    [
      "only-rfc4193",
      [SIXPLANE, RFC4193],
      ID,
      [
        ["mode", "The controller does not assign 6PLANE addresses to this node."],
        ["mode", `${DEVICE} still has fccd:e806:aee9:42a3:3557::1, which the controller has taken away.`],
      ],
    ],
    ["denied", [SIXPLANE, RFC4193], ID, [["status", "The status of the network is ACCESS_DENIED."]]],
    [
      "adhoc-reversed",
      [SIXPLANE, RFC4193],
      "ff00170016000000",
      [["status", "The status of the network is REQUESTING_CONFIGURATION."]],
    ],
    ["ok", [], "f9e806af34dddddd", [["status", "The status of the network is NOT_FOUND."]]],
    ["ok", [], "8056c2e21c000001", [["joined", "This host has not joined network 8056c2e21c000001."]]],
    [
      "ok",
      [RFC4193],
      ID,
      [["address", `${DEVICE} does not have fccd:e806:aee9:42a3:3557::1, though the controller assigns it.`]],
    ],
    [
      "ok",
      [SIXPLANE],
      ID,
      [
        [
          "address",
          `${DEVICE} does not have fdf9:e806:af34:0:199:93e9:42a3:3557, though the controller assigns it.`,
        ],
      ],
    ],
  ];

  test.each(STATES)(
    "finds of %s, with %j on the interface, for %s: %j",
    async (state, addresses, network, findings) => {
      zerotierInterface(DEVICE, MAC, ...addresses);
      await using zerotier = await service(state);
      const result = await diagnose(network, "--zerotier", zerotier.folder);
      expect(result.findings.map(({ check, what }) => [check, what])).toEqual(findings);
      expect(result.status).toBe(findings.length > 0 ? 1 : 0);
    },
  );

  test.each([
    ["ok", [SIXPLANE, RFC4193], undefined],
    ["unmanaged", [], "allowManaged is off here, so its interface has none of these addresses"],
    [
      "only-rfc4193",
      [SIXPLANE, RFC4193],
      `${DEVICE} still has fccd:e806:aee9:42a3:3557::1, which the controller does not assign any more`,
    ],
    ["denied", [SIXPLANE], `node ${NODE} is not authorised yet, which is up to the network's controller`],
    [
      "ok",
      [RFC4193],
      `${DEVICE} does not have fccd:e806:aee9:42a3:3557::1, though the controller assigns it`,
    ],
    [
      "ok",
      [SIXPLANE],
      `${DEVICE} does not have fdf9:e806:af34:0:199:93e9:42a3:3557, though the controller assigns it`,
    ],
  ])("and status says the same of %s, with %j on the interface", async (state, addresses, why) => {
    zerotierInterface(DEVICE, MAC, ...addresses);
    const first = recorded(state, "networks").slice(0, 1);
    await using zerotier = await startService(answers(recorded(state, "status"), first));
    mkdirSync(zerotier.path("networks.d"));
    writeFileSync(zerotier.path(`networks.d/${ID}.conf`), "");
    const words = ["status", "--zerotier", zerotier.folder];
    const { status, stderr } = await sixplane(words);
    expect([status, stderr]).toEqual(why ? [1, `sixplane: network ${ID}: ${why}\n`] : [0, ""]);
    const { networks } = JSON.parse((await sixplane([...words, "--json"])).stdout);
    expect(networks[0].problems).toEqual(why ? [why] : []);
  });

  test("and status says of an RFC 4193 address that the controller has taken away that it is still there", async () => {
    zerotierInterface(DEVICE, MAC, SIXPLANE, RFC4193);
    const [first] = recorded("ok", "networks");
    const networks = [{ ...first, assignedAddresses: [SIXPLANE] }];
    await using zerotier = await startService(answers(recorded("ok", "status"), networks));
    const { status, stderr } = await sixplane(["status", "--zerotier", zerotier.folder]);
    const why = `${DEVICE} still has ${RFC4193.replace("/88", "")}, which the controller does not assign any more`;
    expect([status, stderr]).toEqual([1, `sixplane: network ${ID}: ${why}\n`]);
  });

  test("and status says of an interface without any address that it has none", async () => {
    zerotierInterface(DEVICE, MAC);
    run("ip", "address", "flush", "dev", DEVICE);
    const first = recorded("ok", "networks").slice(0, 1);
    await using zerotier = await startService(answers(recorded("ok", "status"), first));
    const { status, stderr } = await sixplane(["status", "--zerotier", zerotier.folder]);
    expect(status).toBe(1);
    expect(stderr.match(/ does not have /g)).toHaveLength(2);
  });

  test("and status says which networks the service does not list", async () => {
    await using zerotier = await service("no-tun");
    mkdirSync(zerotier.path("networks.d"));
    writeFileSync(zerotier.path(`networks.d/${ID}.conf`), "");
    const { status, stderr } = await sixplane(["status", "--zerotier", zerotier.folder]);
    const why = "it is joined, but the service does not list it: is there a /dev/net/tun?";
    expect([status, stderr]).toEqual([1, `sixplane: network ${ID}: ${why}\n`]);
    const { stdout } = await sixplane(["status", "--json", "--zerotier", zerotier.folder]);
    expect(JSON.parse(stdout)).toMatchObject({ networks: [], notListed: [ID] });
  });

  test("says of an ad-hoc ID whose ports are reversed that no such network can be", async () => {
    await using zerotier = await service("adhoc-reversed");
    const { findings } = await diagnose("ff00170016000000", "--zerotier", zerotier.folder);
    expect(findings[0]?.why).toBe(
      "It is an ad-hoc ID whose end port, 22, is below its start port, 23: no such network can be.",
    );
  });

  test("finds networks that the folder has joined and the service does not list", async () => {
    await using zerotier = await service("no-tun");
    mkdirSync(zerotier.path("networks.d"));
    for (const id of [ID, "f9e806af34123450"]) writeFileSync(zerotier.path(`networks.d/${id}.conf`), "");
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    expect(findings).toMatchObject([
      {
        check: "tun",
        what: expect.stringContaining(`does not list`),
        mend: expect.arrayContaining([`zerotier-one -d ${zerotier.folder}`]),
      },
    ]);
    expect(findings[0]?.what).toContain(ID);
  });

  test("finds a service that listens inside the network", async () => {
    zerotierInterface(DEVICE, MAC, SIXPLANE, RFC4193);
    const status = recorded("ok", "status");
    status.config.settings.listeningOn.push("fccd:e806:aee9:42a3:3557::1/9993");
    await using zerotier = await startService(answers(status, recorded("ok", "networks")));
    inShell(
      "ip link add br-near type bridge",
      "ip -6 address add fccd:e806:aee9:42a3:3557::1/80 dev br-near",
    );
    inShell("ip -6 route add unreachable fccd:e806:ae00::/40 metric 4096", "ip link set br-near mtu 2800 up");
    const local = { physical: { "10.0.0.0/8": { blacklist: true } }, settings: { primaryPort: 9993 } };
    writeFileSync(zerotier.path("local.conf"), JSON.stringify(local));
    const { findings } = await diagnose(ID, "--zerotier", zerotier.folder);
    run("ip", "link", "delete", "br-near");
    const finding = findings.find(({ check }) => check === "listening");
    expect(finding?.what).toBe("The service listens on fccd:e806:aee9:42a3:3557::1, inside the network.");
    inShell(finding?.mend?.[0] ?? "false");
    expect(JSON.parse(readFileSync(zerotier.path("local.conf"), "utf8"))).toEqual({
      ...local,
      settings: { primaryPort: 9993, interfacePrefixBlacklist: ["br-near"] },
    });
  });

  test.each([
    ["10.99.0.0/24", true],
    ["10.0.0.0/8", true],
    ["10.98.0.0/16", false],
    ["0.0.0.0/0", false],
    ["10.99.0.0/33", false],
    ["", false],
  ])("finds whether the managed route %j contains the underlay: %j", async (target, isFound) => {
    zerotierInterface(DEVICE, MAC, SIXPLANE, RFC4193);
    const [first] = recorded("ok", "networks");
    const networks = [{ ...first, routes: [{ target, via: null, flags: 0, metric: 0 }] }];
    await using zerotier = await startService(answers(recorded("ok", "status"), networks));
    const { findings } = await diagnose(ID, "--zerotier", zerotier.folder);
    // The service listens on two ports of this address.
    const what = `The range ${target} of the network contains 10.99.0.2, by which this host reaches other nodes.`;
    expect(findings.map((finding) => finding.what)).toEqual(isFound ? [what] : []);
  });

  test.each([
    ["10.99.0.5/24", "10.99.0.0/24"],
    ["10.99.200.5/16", "10.99.0.0/16"],
    ["10.98.0.5/24", undefined],
  ])(
    "finds whether the assigned address %s brings a route that contains the underlay",
    async (address, range) => {
      zerotierInterface(DEVICE, MAC, SIXPLANE, RFC4193);
      const [first] = recorded("ok", "networks");
      const networks = [{ ...first, routes: [], assignedAddresses: [...first.assignedAddresses, address] }];
      await using zerotier = await startService(answers(recorded("ok", "status"), networks));
      const { findings } = await diagnose(ID, "--zerotier", zerotier.folder);
      const what = `The range ${range} of the network contains 10.99.0.2, by which this host reaches other nodes.`;
      expect(findings.map((finding) => finding.what)).toEqual(range ? [what] : []);
    },
  );

  test("keeps all but the route that contains the underlay, and the other settings of the network", async () => {
    zerotierInterface(DEVICE, MAC, SIXPLANE, RFC4193);
    const [first] = recorded("ok", "networks");
    const routes = ["10.99.0.0/24", "10.50.0.0/16", "2001:db8::/32"].map((target) => ({ target, via: null }));
    await using zerotier = await startService(answers(recorded("ok", "status"), [{ ...first, routes }]));
    mkdirSync(zerotier.path("networks.d"));
    const path = zerotier.path(`networks.d/${ID}.local.conf`);
    writeFileSync(path, "allowManaged=1\nallowGlobal=1\n");
    const { findings } = await diagnose(ID, "--zerotier", zerotier.folder);
    const mend = findings[0]?.mend ?? [];
    inShell(...mend.filter((line) => line.includes("local.conf")));
    const ranges = "fccd:e806:ae00::/40,fdf9:e806:af34:0:199:9300::/88,10.50.0.0/16,2001:db8::/32";
    expect(readFileSync(path, "utf8")).toBe(`allowGlobal=1\nallowManaged=${ranges}\n`);
  });

  test.each([
    ["ff00170016000000", "an ad-hoc ID whose end port, 22, is below its start port, 23"],
    ["ff00160016000002", "an ad-hoc ID that ends neither in 000000 nor in 01"],
    ["0000000000000001", "controller would be node 0000000000, which ZeroTier gives to nobody"],
  ])("says that no network can have the ID %s, and so does status", async (id, why) => {
    const network = { ...recorded("ok", "networks")[0], id, status: "REQUESTING_CONFIGURATION" };
    await using zerotier = await startService(answers(recorded("ok", "status"), [network]));
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    expect(findings[0]).toMatchObject({ check: "status", why: expect.stringContaining(why) });
    expect(findings[0]?.mend).toEqual([`zerotier-cli -D${zerotier.folder} leave ${id}`]);
    const { stderr, status } = await sixplane(["status", "--zerotier", zerotier.folder]);
    expect(stderr).toContain(why);
    expect(status).toBe(1);
  });

  test.each([
    ["ff00160016000000", "its controller has not answered yet"],
    ["ff0a000000000001", "its controller has not answered yet"],
  ])("says of the ad-hoc ID %s, which can be, that it waits", async (id, why) => {
    const network = { ...recorded("ok", "networks")[0], id, status: "REQUESTING_CONFIGURATION" };
    await using zerotier = await startService(answers(recorded("ok", "status"), [network]));
    const { stderr } = await sixplane(["status", "--zerotier", zerotier.folder]);
    expect(stderr).toBe(`sixplane: network ${id}: ${why}\n`);
  });

  test("refuses what is no network ID", async () => {
    const { status, stderr } = await doctor(undefined, "8056");
    expect([status, stderr]).toEqual([2, 'sixplane: network ID must be 16 hex digits, got "8056" (4)\n']);
  });

  test("finds a service that does not run", async () => {
    const { status, stdout } = await doctor(undefined, "--zerotier", "/nowhere");
    expect(status).toBe(1);
    expect(stdout).toContain("ZeroTier's service has not run here");
    expect(stdout).toContain("zerotier-one -d /nowhere");
    expect(stdout.match(/has not run here/g)).toHaveLength(1);
  });
});

describe("of the advertisements that ZeroTier wrote,", () => {
  /** The kernel's solicitations for 6PLANE and RFC 4193 addresses of others, and ZeroTier's answer to each. */
  const asked: { target: string; ours: Buffer | string; theirs: Buffer }[] = [];

  beforeAll(async () => {
    initSync();
    const responder = new Network(ID).responder({ node: NODE });
    const waiting = new Map<string, Buffer | string>();
    const file = readBytes("test/cli/recorded/host-e942a33557.pcap");
    for await (const { bytes: frame } of readCapture(new Blob([file]).stream())) {
      const bytes = Buffer.from(frame);
      const target = bytes.toString("hex", 62, 78);
      const isSolicitation = bytes[54] === 135;
      const isMulticast = bytes[0] === 0x33;
      const verdict = responder.answer(frame);
      if (isSolicitation && isMulticast)
        waiting.set(target, verdict.kind === "reply" ? Buffer.from(verdict.frame) : verdict.reason);
      const ours = waiting.get(target);
      if (!isSolicitation && ours !== undefined) asked.push({ target, ours, theirs: bytes });
    }
  });

  /** What of the frame is not the IPv6 destination, nor the checksum over it. */
  const rest = (frame: Buffer) =>
    [frame.subarray(0, 38), frame.subarray(54, 56), frame.subarray(58)].map((part) => part.toString("hex"));
  const replies = () =>
    asked.filter(({ ours }) => Buffer.isBuffer(ours)) as { ours: Buffer; theirs: Buffer }[];
  const isDad = ({ ours }: { ours: Buffer }) => ours[38] === 0xff;

  test("each answers a solicitation of the kernel", () => {
    expect(asked).toHaveLength(8);
  });

  test("those to the managed address are ours to the byte", () => {
    const managed = replies().filter(({ ours, theirs }) => ours.equals(theirs));
    expect(managed).toHaveLength(3);
  });

  test("those to a link-local address differ in the destination alone", () => {
    const others = replies().filter((pair) => !pair.ours.equals(pair.theirs) && !isDad(pair));
    expect(others).toHaveLength(3);
    for (const { ours, theirs } of others) {
      expect(rest(theirs)).toEqual(rest(ours));
      expect(ours.toString("hex", 38, 40)).toBe("fe80");
    }
  });

  test("that in duplicate address detection goes to the managed address, and ours to all nodes", () => {
    const dad = replies().filter(isDad);
    expect(dad).toHaveLength(1);
    expect(dad[0]?.theirs.toString("hex", 38, 54)).toBe("fccde806aee942a33557000000000001");
    expect(dad[0]?.ours.toString("hex", 38, 54)).toBe("ff020000000000000000000000000001");
  });

  test("one is for a reserved node address, for which we do not answer", () => {
    expect(asked.filter(({ ours }) => ours === "reserved-owner")).toHaveLength(1);
  });
});
