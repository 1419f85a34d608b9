// Network IDs and node addresses: by words or options, in any order, and in the forms that people paste.
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pcap } from "../support/captures.ts";
import { folder, type Run, sixplane } from "../support/command.ts";
import { NETWORK, SELF, solicitation } from "../support/frames.ts";
import { IDENTITY } from "../support/zerotier.ts";

const ADDRESS = "fc9c:56c2:e3de:adbe:ef01::53";

/** The ways to name the network and the node. */
const WAYS = [
  [NETWORK, SELF],
  [SELF, NETWORK],
  ["--network", NETWORK, SELF],
  ["--node", SELF, NETWORK],
  [NETWORK, "--node", SELF],
  ["--node", SELF, "--network", NETWORK],
];

/** The network and the node that `address` takes. */
async function hostOf(words: string[], env?: NodeJS.ProcessEnv): Promise<unknown> {
  const { status, stdout, stderr } = await sixplane(["address", ...words, "--json"], "", env);
  expect([status, stderr]).toEqual([0, ""]);
  const { network, node } = JSON.parse(stdout);
  return [network, node];
}

function refused(sentence: string): Run {
  return { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
}

describe("a network and a node are taken", () => {
  test.each(WAYS.map((words) => [words]))("by address %j", async (words) => {
    expect(await hostOf(words)).toEqual([NETWORK, SELF]);
  });

  test.each(WAYS.map((words) => [words]))("by config facts %j", async (words) => {
    const { status, stdout } = await sixplane(["config", "facts", ...words]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).sixplane).toMatchObject({ network_id: NETWORK, node_address: SELF });
  });

  test.each(WAYS.map((words) => [words]))(
    "by answer %j, the capture before and behind them",
    async (words) => {
      const capture = pcap([solicitation()]);
      for (const all of [
        [...words, "-"],
        ["-", ...words],
      ]) {
        const { status, stdout } = await sixplane(["answer", ...all], capture);
        expect([status, stdout.split("\n")[1]]).toEqual([0, "1 frames: 1 reply, 0 pass, 0 invalid"]);
      }
    },
  );

  test.each([
    [[NETWORK, ADDRESS]],
    [[ADDRESS, NETWORK]],
    [["--network", NETWORK, ADDRESS]],
    [[ADDRESS, "--network", NETWORK]],
  ])("by owner %j", async (words) => {
    expect(await sixplane(["owner", ...words])).toEqual({ status: 0, stdout: "deadbeef01\n", stderr: "" });
  });

  test("by up", async () => {
    const { stderr } = await sixplane(["up", SELF, NETWORK, "--mtu", "0"]);
    expect(stderr).toMatch(/^sixplane: MTU must be /);
  });
});

describe("--zerotier", () => {
  const home = () => {
    const files = folder();
    mkdirSync(files.path("zt"));
    writeFileSync(files.path("zt/identity.public"), IDENTITY);
    return files;
  };

  test.each([
    [["--zerotier", NETWORK]],
    [[NETWORK, "--zerotier"]],
    [["--zerotier", "--network", NETWORK]],
    [["--zerotier", "8056c2e2-1c000001"]],
  ])("takes no network ID for its folder: %j", async (words) => {
    using files = home();
    expect(await hostOf(words, { ZEROTIER_HOME: files.path("zt") })).toEqual([NETWORK, SELF]);
  });

  test.each([["--zerotier=%"], ["--zerotier", "%"]])("takes its folder from %s %s", async (...words) => {
    using files = home();
    const named = words.filter(Boolean).map((word) => word.replace("%", files.path("zt")));
    expect(await hostOf([...named, NETWORK])).toEqual([NETWORK, SELF]);
    expect(await hostOf([NETWORK, ...named])).toEqual([NETWORK, SELF]);
  });

  test("takes neither the capture of answer or the interface of attach for its folder, nor the network of a target and of doctor", async () => {
    using files = home();
    writeFileSync(files.path("capture.pcap"), pcap([solicitation()]));
    const env = { ZEROTIER_HOME: files.path("zt") };
    const { stdout } = await sixplane(["answer", NETWORK, "--zerotier", files.path("capture.pcap")], "", env);
    expect(stdout).toMatch(/^ +1 {2}reply /);
    const attach = await sixplane(["attach", NETWORK, "--zerotier", "nowhere0"], "", env);
    expect(attach.stderr).toContain('interface must be one that is there, got "nowhere0"');
    const facts = await sixplane(["config", "facts", "--zerotier", NETWORK], "", env);
    expect(JSON.parse(facts.stdout).sixplane.node_address).toBe(SELF);
    const doctor = await sixplane(["doctor", "--zerotier", "8056c2e2-1c00000x"], "", env);
    expect(doctor.stdout).toContain('"8056c2e2-1c00000x/');
    expect((await sixplane(["doctor", "--zerotier", NETWORK], "", env)).stdout).toContain(files.path("zt/"));
  });
});

describe("an ID is taken", () => {
  test.each([
    ["0x8056c2e21c000001", "0X89E92CEEE5"],
    ["8056c2e2-1c000001", "89e92-ceee5"],
    ["8056c2e2 1c000001", "89 e92ceee5"],
    [" 8056 c2e2 1c00 0001 ", "89 e9 2c ee e5\n"],
    ["80:56:C2:E2:1C:00:00:01", "89:E9:2C:EE:E5"],
    ["8056:c2e2:1c00:0001", SELF],
    ["80-56-c2-e2-1c-00-00-01", "89-e9-2c-ee-e5"],
  ])("as %j and %j", async (network, node) => {
    expect(await hostOf([network, node])).toEqual([NETWORK, SELF]);
    expect(await hostOf(["--node", node, "--network", network])).toEqual([NETWORK, SELF]);
  });

  test("as the node of a peer", async () => {
    const peer = `0x${SELF.slice(0, 5)}-${SELF.slice(5)}`;
    const { stderr } = await sixplane(["up", NETWORK, SELF, "--peer", `${peer}@192.0.2.1`]);
    expect(stderr).toBe(`sixplane: peer must be another node than this host's own, got "${SELF}" (10)\n`);
  });

  const ID = "network ID must be 16 hex digits, got";
  const NODE = "node address must be 10 hex digits, got";

  test.each([
    [
      ["--network", SELF, "--node", NETWORK],
      `--network and --node are swapped: "${SELF}" is a node address, and "${NETWORK}" a network ID`,
    ],
    [["--network", SELF], `${ID} "${SELF}" (10): it is a node address`],
    [[NETWORK, "--node", NETWORK], `${NODE} "${NETWORK}" (16): it is a network ID`],
    [[NETWORK, NETWORK], `${NODE} "${NETWORK}" (16): it is a network ID`],
    [["8056c2e21c00000l", SELF], `${ID} "8056c2e21c00000l" (16): "l" is not a hex digit`],
    [["8056c2e2-1c-00:0001", SELF], `${ID} "8056c2e2-1c-00:0001" (19)`],
    [["8056-c2e2", SELF], `${ID} "8056-c2e2" (9): it has 8 digits`],
    [["0x8056c2e21c00001", SELF], `${ID} "0x8056c2e21c00001" (17): it has 15 digits`],
    [["8056c2e2--1c000001", SELF], `${ID} "8056c2e2--1c000001" (18)`],
    [["805:6c2e:21c0:0000:1", SELF], `${ID} "805:6c2e:21c0:0000:1" (20)`],
    [
      [NETWORK, "02:89:e9:30:0c:27"],
      `${NODE} "02:89:e9:30:0c:27" (17): it is a MAC, and sixplane owner tells whose`,
    ],
    [["--network", "", SELF], `${ID} "" (0)`],
    [["--network", NETWORK, NETWORK, SELF], `"${NETWORK}" is one argument too many`],
    [["--network", NETWORK, "--node", SELF, SELF], `"${SELF}" is one argument too many`],
  ])("not as %j", async (words, sentence) => {
    expect(await sixplane(["address", ...words])).toEqual(refused(sentence));
    expect(await sixplane(["config", "facts", ...words])).toEqual(refused(sentence));
  });

  const OWNED = "address must be an IPv6 address or a MAC, got";

  test.each([
    [
      ["owner", NETWORK, SELF],
      `${OWNED} "${SELF}" (10): it is a node address, and sixplane address tells its addresses`,
    ],
    [["owner", NETWORK, NETWORK], `${OWNED} "${NETWORK}" (16): it is a network ID`],
    [["owner", NETWORK], "give an IPv6 address or a MAC"],
    [["owner", "8056c2e2", ADDRESS], `${ID} "8056c2e2" (8)`],
    [["owner", "--network", NETWORK, ADDRESS, ADDRESS], `"${ADDRESS}" is one argument too many`],
    [["owner", ADDRESS], "give a network ID: 16 hex digits, alone or behind --network"],
    [["answer", NETWORK, "89e9", "-"], `${NODE} "89e9" (4)`],
    [["answer", "8056", SELF, "-"], `${ID} "8056" (4)`],
    [
      ["config", "zone", SELF, "--domain", "example.org", "--nodes", "-"],
      `${ID} "${SELF}" (10): it is a node address`,
    ],
    [["doctor", SELF], `${ID} "${SELF}" (10): it is a node address`],
  ])("not by %j", async (words, sentence) => {
    expect(await sixplane(words)).toEqual(refused(sentence));
  });
});
