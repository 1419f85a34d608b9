// What `sixplane doctor --probe` says of another node and its container, with each leg of the way broken once.
import { spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { ended } from "../support/command.ts";
import { diagnose, doctor, inShell, type Said } from "../support/doctor.ts";
import {
  A,
  B,
  C,
  Host,
  NETWORK,
  ordinaryUser,
  Program,
  runIn,
  Underlay,
  until,
  withoutDetection,
} from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService, type ZeroTier } from "../support/zerotier.ts";

const IN_B = (n: number) => `fc9c:56c2:e3de:adbe:ef01::${n}`;
const CONTAINER = IN_B(53);
const A_PREFIX = "fc9c:56c2:e389:e92c:eee5::/80";

const ADDRESS = "IPv6 address must be text as in fc9c:56c2:e389:e92c:eee5::1, got ";

/** A node with a rule that drops what is not ipauth. */
const D = "0011223344";

/** A rule set for one hook. */
const ruleset = (hook: string, ...rules: string[]) =>
  `nft 'table ip6 ${hook} { chain rules { type filter hook ${hook} priority -300; ${rules.join("; ")}; }; }'`;

/** Host A is in this process's namespace. */
let zerotier: ZeroTier;
const opened: (AsyncDisposable | Disposable)[] = [];

function keep<T extends AsyncDisposable | Disposable>(one: T): T {
  opened.unshift(one);
  return one;
}

const isPossible = obstacle === undefined && isRoot && ["ip6tables", "nft", "ping"].every(isInstalled);

beforeAll(async () => {
  if (!isPossible) return;
  const underlay = keep(await Underlay.open(3));
  const peers = [B.node, C.node, D].flatMap((node, n) => ["--peer", `${node}@192.0.2.${n + 1}`]);
  withoutDetection();
  const hosts = [Host.up(A.node, peers)];
  for (const [n, node] of [B.node, C.node, D].entries())
    hosts.push(Host.up(node, ["--peer", `${A.node}@192.0.2.254`], underlay.namespaces[n]));
  for (const host of await Promise.all(hosts)) keep(host);
  const [b, c, d] = underlay.namespaces;
  if (!b || !c || !d) throw new Error("a namespace is missing");
  withContainers(b, keep(Namespace.open()));
  runIn(c, "sh", "-ec", ruleset("input", "icmpv6 type echo-request drop"));
  runIn(d, "sh", "-ec", ruleset("prerouting", `ip6 saddr ${A_PREFIX} ip6 saddr != ${A.sixplane} drop`));
  inShell(ruleset("output", `icmpv6 type echo-request ip6 daddr ${IN_B(58)} drop`));
  zerotier = keep(await startService(answers(STATUS, [{ ...EARTH, portDeviceName: "zt0" }])));
});

/** Host B, with a container that has two addresses; what is for others meets one fault each. */
function withContainers(b: Namespace, inside: Namespace): void {
  withoutDetection(inside);
  b.connect("br0", inside, "eth0");
  b.ip(`-6 address add ${B.sixplane}/80 dev br0`);
  b.set("all/forwarding", 1);
  for (const n of [53, 58]) inside.ip(`-6 address add ${IN_B(n)}/80 dev eth0`);
  inside.ip(`-6 route add default via ${B.sixplane}`);
  b.ip(`-6 route add unreachable ${IN_B(56)}`);
  const rejects = `ip6 daddr ${IN_B(55)} reject with icmpv6 type admin-prohibited`;
  runIn(b, "sh", "-ec", ruleset("forward", rejects, `ip6 daddr ${IN_B(57)} drop`));
}

afterAll(async () => {
  for (const one of opened) {
    if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]();
    else one[Symbol.dispose]();
  }
});

beforeEach(({ skip }) => skip(!isPossible, obstacle ?? "it takes root, ip6tables, nft and ping"));

/** What of this host a probe could leave behind. */
const traces = () => ["address", "route"].map((what) => run("ip", "-6", what, "show", "dev", "zt0"));

/** The legs of a probe: those that are right, and all. */
async function probe(target: string) {
  const { said } = await diagnose(NETWORK, "--zerotier", zerotier.folder, "--probe", target);
  const legs = said.filter(({ check }) => check === "probe");
  return { right: legs.filter(({ kind }) => kind === "right").map(({ what }) => what), legs };
}

const rightOf = (node: string) => [
  `node ${node} answers ${A.sixplane}`,
  `node ${node} answers other addresses of ${A_PREFIX}, too`,
];

describe("a probe", () => {
  test("of a container finds nothing where every leg works, and leaves nothing behind", async () => {
    const before = traces();
    const { right, legs } = await probe(CONTAINER);
    expect(right).toEqual([...rightOf(B.node), `container ${CONTAINER} of node ${B.node} answers`]);
    expect(legs).toHaveLength(3);
    expect(traces()).toEqual(before);
  });

  test("of a node has two legs", async () => {
    expect((await probe(B.node)).legs.map(({ what }) => what)).toEqual(rightOf(B.node));
  });

  /** The fault, what is probed, how many legs work, and what is found. */
  const FAULTS: [name: string, target: string, node: string, works: number, what: string, why: RegExp][] = [
    [
      "a node that is silent",
      C.node,
      C.node,
      0,
      `Node ${C.node} does not answer pings of ${A.sixplane}.`,
      /^It is off, has not joined, is not authorised/,
    ],
    [
      "a rule that drops what is not ipauth",
      D,
      D,
      1,
      `Node ${D} answers ${A.sixplane}, but no other address of ${A_PREFIX}.`,
      /^A rule of the network drops what is not ipauth/,
    ],
    [
      "a container that is not there",
      IN_B(54),
      B.node,
      2,
      `Container ${IN_B(54)} does not answer, though its node ${B.node} does: ${B.sixplane} says "address unreachable".`,
      /^No container has the address/,
    ],
    [
      "a firewall that rejects",
      IN_B(55),
      B.node,
      2,
      `Container ${IN_B(55)} does not answer, though its node ${B.node} does: ${B.sixplane} says "prohibited".`,
      /^The firewall of that node rejects/,
    ],
    [
      "a node without a route to the container",
      IN_B(56),
      B.node,
      2,
      `Container ${IN_B(56)} does not answer, though its node ${B.node} does: ${B.sixplane} says "no route".`,
      /^That node has no route to its containers/,
    ],
    [
      "a node that drops what is for the container",
      IN_B(57),
      B.node,
      2,
      `Container ${IN_B(57)} does not answer, though its node ${B.node} does.`,
      /^That node does not forward, its firewall drops/,
    ],
    [
      "a firewall of this host's own",
      IN_B(58),
      B.node,
      2,
      `${IN_B(58)} answers, but this host's own packets do not get there, or the answers do not get back.`,
      /^This host's routes, its neighbour table or its firewall/,
    ],
  ];

  test.concurrent.each(FAULTS)("says which leg fails: %s", async (_, target, node, works, what, why) => {
    const { right, legs } = await probe(target);
    expect(right).toEqual(rightOf(node).slice(0, works));
    expect(legs).toHaveLength(works + 1);
    expect(legs.at(-1)).toMatchObject({ kind: "finding", what, why: expect.stringMatching(why) });
  });

  test.each([
    ["8056", [NETWORK], 'node address must be 10 hex digits, got "8056" (4)'],
    [
      "2001:db8::1",
      [NETWORK],
      'address to probe must be one in fc9c:56c2:e300::/40, the prefix of the network, got "2001:db8::1" (11)',
    ],
    [A.node, [NETWORK], `node ${A.node} is this host: give another one to probe`],
  ])("refuses %j", async (target, words, message) => {
    const { status, stderr } = await doctor(
      undefined,
      ...words,
      "--zerotier",
      zerotier.folder,
      "--probe",
      target,
    );
    expect([status, stderr]).toEqual([2, `sixplane: ${message}\n`]);
  });

  test.each([
    ["xyz", 'node address must be 10 hex digits, got "xyz" (3)'],
    ["", 'node address must be 10 hex digits, got "" (0)'],
    [NETWORK, 'node address must be 10 hex digits, got "8056c2e21c000001" (16): it is a network ID'],
    ["fc9c::1::2", `${ADDRESS}"fc9c::1::2" (10): :: may stand once`],
    [
      `${CONTAINER}/80`,
      `${ADDRESS}"fc9c:56c2:e3de:adbe:ef01::53/80" (31): a prefix length is not part of it`,
    ],
  ])("refuses %j before anything is asked, also where the network is left out", async (target, message) => {
    let asked = 0;
    await using service = await startService((_, answer) => {
      asked++;
      answer.end();
    });
    for (const words of [[], [NETWORK]]) {
      const options = ["--zerotier", service.folder, "--probe", target];
      const { status, stdout, stderr } = await doctor(undefined, ...words, ...options);
      expect([status, stdout, stderr, asked]).toEqual([2, "", `sixplane: ${message}\n`, 0]);
    }
  });

  test("of an ordinary user has the legs that ping can try", async ({ skip }) => {
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    chmodSync(zerotier.folder, 0o755);
    const options = ["--json", "--zerotier", zerotier.folder, "--probe", CONTAINER];
    const words = user.words(...user.command, "doctor", NETWORK, ...options);
    const { stdout } = await ended(spawn(words[0], words.slice(1)));
    const said: Said[] = JSON.parse(stdout);
    const legs = said.filter(({ check }) => check === "probe").map(({ kind, what }) => [kind, what]);
    expect(legs).toEqual([
      ["right", rightOf(B.node)[0]],
      ["unseen", "sending from an address that this host does not have takes root"],
      ["right", `container ${CONTAINER} of node ${B.node} answers`],
    ]);
  });

  test("asks for the network where this host has joined several", async () => {
    const networks = [EARTH, { ...EARTH, id: "f9e806af34000001" }];
    await using service = await startService(answers(STATUS, networks));
    const { status, stderr } = await doctor(undefined, "--zerotier", service.folder, "--probe", B.node);
    expect([status, stderr]).toEqual([
      2,
      "sixplane: give the ID of the network to probe: this host has joined several\n",
    ]);
  });
});

describe("solicitations that nobody answers", () => {
  test("are diagnosed, and mended by the printed commands", async () => {
    const look = async () => {
      const { said } = await diagnose(NETWORK, "--zerotier", zerotier.folder);
      return said.filter(({ check }) => check === "unanswered");
    };
    const entry = () => run("ip", "-6", "neighbour", "show", "to", B.sixplane, "dev", "zt0");
    run("ip", "-6", "neighbour", "flush", "dev", "zt0");
    inShell("ip6tables -A INPUT -p ipv6-icmp -j DROP");
    await using pings = new Program(["ping", "-n", "-i", "0.5", B.sixplane]);
    await until("a solicitation", () => entry().includes("INCOMPLETE"));
    const [found] = await look();
    expect(found?.what).toBe(`Nobody answers solicitations for ${B.sixplane} on zt0.`);
    inShell(...(found?.mend ?? []));
    await pings.says("an answer", (stdout) => stdout.includes("bytes from"));
    expect(await look()).toMatchObject([{ kind: "right" }]);
  });

  test("are none where the kernel has given up an entry, as after probes of a container", async () => {
    run("ip", "-6", "neighbour", "replace", IN_B(60), "dev", "zt0", "nud", "failed");
    const { said } = await diagnose(NETWORK, "--zerotier", zerotier.folder);
    expect(run("ip", "-6", "neighbour", "show", "dev", "zt0")).toContain(`${IN_B(60)} FAILED`);
    expect(said.filter(({ check }) => check === "unanswered")).toMatchObject([{ kind: "right" }]);
  });
});
