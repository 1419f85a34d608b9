// What Docker is told: by an independent reading of the prefixes, and by what a real dockerd makes of it.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { Address6 } from "ip-address";
import { describe, expect, type TestContext, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF, SELF_ADDRESS } from "../support/frames.ts";
import { type Dockerd, startDockerd } from "./dockerd.ts";
import { runPage } from "./page.ts";

const DEFAULT_BRIDGE = "fc9c:56c2:e389:e92c:eee5:1::/96";
const NAMED_NETWORKS = "fc9c:56c2:e389:e92c:eee5:8000::/81";

/** The default bridge, and no firewall: the answer for --open before engine 27. */
const OPEN = { ipv6: true, "fixed-cidr-v6": DEFAULT_BRIDGE, ip6tables: false, mtu: 2800 };
/** The firewall, which is an experiment before engine 27. */
const EXPERIMENT = { experimental: true, ip6tables: true };
const CURRENT = {
  ip6tables: true,
  "default-address-pools": [
    // those of Docker's own for IPv4, which the key replaces
    { base: "172.17.0.0/16", size: 16 },
    { base: "172.18.0.0/16", size: 16 },
    { base: "172.19.0.0/16", size: 16 },
    { base: "172.20.0.0/14", size: 16 },
    { base: "172.24.0.0/14", size: 16 },
    { base: "172.28.0.0/14", size: 16 },
    { base: "192.168.0.0/16", size: 20 },
    { base: NAMED_NETWORKS, size: 96 },
  ],
  "default-network-opts": {
    bridge: {
      "com.docker.network.enable_ipv6": "true",
      "com.docker.network.bridge.gateway_mode_ipv6": "routed",
      "com.docker.network.driver.mtu": "2800",
    },
  },
};

const ENGINE = "engine must be a version such as 20.10 or 28, not below 20, got";

const HOST = ["--network", NETWORK, "--node", SELF];

/** The public identity of a node: its address, the type, and the public key. */
const IDENTITY = `${SELF}:0:${"0123456789abcdef".repeat(8)}`;

describe("sixplane config docker", () => {
  test.each([
    [[]],
    [["--engine", "27"]],
    [["--engine", "v27.3.1"]],
    [["--engine", "28.2.2"]],
    [["--engine", "30"]],
  ])("prints the daemon.json of a current engine with %j", async (options) => {
    const { status, stdout, stderr } = await sixplane(["config", "docker", ...HOST, ...options]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(settings(stdout)).toEqual(CURRENT);
  });

  test.each(["20.10", "23.0", "26.1.5", "v26.1.5", "26.1.5+dfsg1"])(
    "prints that of engine %s, which has no pools",
    async (engine) => {
      const { status, stdout, stderr } = await sixplane(["config", "docker", ...HOST, "--engine", engine]);
      expect([status, stderr]).toEqual([0, ""]);
      expect(settings(stdout)).toEqual(EXPERIMENT);
    },
  );

  test.each([
    ["Docker version 20.10.24+dfsg1, build 5d6db84", EXPERIMENT],
    ["Docker version 26.1.5+dfsg1, build a72d7cd\n", EXPERIMENT],
    ["Docker version 28.5.2, build 89c5e8f", CURRENT],
    ["29.0.0-rc.1", CURRENT],
  ])("takes what dockerd --version prints: %j", async (engine, expected) => {
    const { stdout } = await sixplane(["config", "docker", ...HOST, "--engine", engine]);
    expect(settings(stdout)).toEqual(expected);
  });

  test.each([
    ["28", { ...CURRENT, ...OPEN }],
    ["20.10", OPEN],
  ])("opens everything only when asked to, and says so: %s", async (engine, expected) => {
    const words = ["config", "docker", ...HOST, "--engine", engine, "--open"];
    const { status, stdout, stderr } = await sixplane(words);
    const exposure = "every port of every container is open to the whole network, published or not";
    expect([status, stderr]).toEqual([0, `sixplane: ${exposure}, on this host\n`]);
    expect(settings(stdout)).toEqual(expected);
    expect(stdout).toContain(exposure);
  });

  test("says in labels what the values are, each under a name of its own", async () => {
    const { labels } = JSON.parse((await sixplane(["config", "docker", ...HOST])).stdout);
    const names = labels.map((label: string) => label.slice(0, label.indexOf("=")));
    expect(new Set(names).size).toBe(labels.length);
    for (const value of [NETWORK, SELF, ...Object.keys(CURRENT)])
      expect(labels).toContainEqual(expect.stringContaining(value));
  });

  test.each([
    [NETWORK, SELF],
    ["8056c2e279e6f8f0", "deadbeef01"],
    ["ff00160016000000", "0000000001"],
    ["ffffffffffffffff", "feffffffff"],
  ])(
    "cuts prefixes that lie apart in the /80, and leave the host its own address: %s %s",
    async (network, node) => {
      const { stdout } = await sixplane(["config", "docker", "--network", network, "--node", node, "--open"]);
      const address = JSON.parse((await sixplane(["address", "--json", network, node])).stdout);
      const all = range(address.sixplane.hostPrefix);
      const own = new Address6(address.sixplane.address).bigInt();
      const daemon: typeof CURRENT & typeof OPEN = JSON.parse(stdout);
      const bases = daemon["default-address-pools"].map(({ base }) => base);
      const prefixes = ipv6([daemon["fixed-cidr-v6"], ...bases]).map(range);
      expect(prefixes).toHaveLength(2);
      for (const { first, last } of prefixes) {
        expect(first >= all.first && last <= all.last).toBe(true);
        expect(first <= own && own <= last).toBe(false);
      }
      const [bridge, named] = prefixes as [Range, Range];
      expect(bridge.last < named.first).toBe(true);
    },
  );

  test.each([
    ["27", [], CURRENT],
    ["27", ["--open"], { ...CURRENT, ...OPEN }],
    ["20.10", [], EXPERIMENT],
    ["20.10", ["--open"], OPEN],
  ])("prints the same as flags, on one line for any shell: %s %j", async (engine, more, expected) => {
    const words = ["config", "docker", ...HOST, "--flags", "--engine", engine, ...more];
    const { status, stdout } = await sixplane(words);
    expect([status, stdout.split("\n").length]).toEqual([0, 2]);
    const read = spawnSync("sh", ["-c", `printf '%s\\n' ${stdout}`], { encoding: "utf8" }).stdout;
    expect(fromFlags(read.trimEnd().split("\n"))).toEqual(expected);
  });

  test("makes named networks whose prefixes are those of their names", async () => {
    const words = ["config", "docker", ...HOST, "--subnet", "web", "--subnet", "db"];
    const routed = " --opt=com.docker.network.bridge.gateway_mode_ipv6=routed";
    const mtu = "--opt=com.docker.network.driver.mtu=2800";
    for (const [engine, more, option] of [
      ["28", [], routed],
      ["28", ["--open"], routed],
      ["20.10", [], " --opt=com.docker.network.bridge.enable_ip_masquerade=false"],
      ["20.10", ["--open"], ""],
    ] as const) {
      const { stdout } = await sixplane([...words, "--engine", engine, ...more]);
      expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([
        `docker network create --ipv6 --subnet=fc9c:56c2:e389:e92c:eee5:d3eb::/96${option} ${mtu} web`,
        `docker network create --ipv6 --subnet=fc9c:56c2:e389:e92c:eee5:4252::/96${option} ${mtu} db`,
      ]);
    }
  });

  test.each(["bridge", "default", "host", "none"])("makes no network that engines have: %s", async (name) => {
    const sentence = `name of a Docker network must be none of bridge, default, host, none, which engines have of themselves, got "${name}" (${name.length})`;
    const refusal = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane(["config", "docker", ...HOST, "--subnet", name])).toEqual(refusal);
  });

  test("makes no network that has no address for a container", async () => {
    const words = ["config", "docker", ...HOST, "--subnet", "web", "--subnet-length"];
    const prefix = "fc9c:56c2:e389:e92c:eee5:dd69:d65e:8572/127";
    const sentence = `docker takes sub-prefixes up to /126, as ${prefix} has no address for a container`;
    const refusal = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane([...words, "127"])).toEqual(refusal);
    expect((await sixplane([...words, "126"])).stdout).toMatch(/^docker network create .*\/126 .* web$/m);
  });

  test("gives the default bridge and named networks the MTU that is given", async () => {
    const words = ["config", "docker", ...HOST, "--mtu", "1450"];
    const { "default-network-opts": drivers, mtu } = settings((await sixplane([...words, "--open"])).stdout);
    expect([mtu, drivers]).toEqual([
      1450,
      {
        bridge: { ...CURRENT["default-network-opts"].bridge, "com.docker.network.driver.mtu": "1450" },
      },
    ]);
    expect((await sixplane([...words, "--subnet", "web"])).stdout).toContain(
      " --opt=com.docker.network.driver.mtu=1450 web\n",
    );
  });

  test("reads the node address from ZeroTier's folder", async () => {
    using files = folder();
    for (const end of ["", "\n"]) {
      writeFileSync(files.path("identity.public"), IDENTITY + end);
      const { status, stdout } = await sixplane([
        "config",
        "docker",
        "--network",
        NETWORK,
        "--zerotier",
        files.path(""),
      ]);
      expect([status, settings(stdout)]).toEqual([0, CURRENT]);
      expect(stdout).toContain(JSON.stringify(files.path("identity.public")).slice(1, -1));
    }
  });

  test.each(["0000000000", "ff00000001"])("says where a node address is reserved: %s", async (node) => {
    using files = folder();
    writeFileSync(files.path("identity.public"), IDENTITY.replace(SELF, node));
    const stderr = `sixplane: ${node} is reserved: ZeroTier gives it to no node\n`;
    const given = await sixplane(["config", "docker", "--network", NETWORK, "--node", node]);
    expect(given).toMatchObject({ status: 0, stderr });
    const read = await sixplane(["config", "docker", "--network", NETWORK, "--zerotier", files.path("")]);
    expect(read).toMatchObject({ status: 0, stderr });
    expect(settings(read.stdout)).toEqual(settings(given.stdout));
  });
});

describe("bad input to sixplane config docker", () => {
  test.each([
    [[], "give a network ID: 16 hex digits, alone or behind --network"],
    [["--network", NETWORK], "give a node address, or --zerotier to take it from ZeroTier's folder"],
    [[...HOST, "--zerotier", "."], "give either a node address or --zerotier, not both"],
    [["--network", NETWORK, "--node", "89e9"], 'node address must be 10 hex digits, got "89e9" (4)'],
    [["--network", "8056", "--node", SELF], 'network ID must be 16 hex digits, got "8056" (4)'],
    [[...HOST, "--engine", "19.03"], `${ENGINE} "19.03" (5)`],
    [[...HOST, "--engine", "v19.03"], `${ENGINE} "v19.03" (6)`],
    [[...HOST, "--engine", "28x"], `${ENGINE} "28x" (3)`],
    [[...HOST, "--engine", ""], `${ENGINE} "" (0)`],
    [[...HOST, "--mtu", "1279"], 'MTU must be a whole number from 1280 to 10000, got "1279" (4)'],
    [
      ["--network", NETWORK, "--zerotier", "/nowhere"],
      'public identity must be a file that can be read, got "/nowhere/identity.public" (24): no such file or directory',
    ],
    [
      ["--network", NETWORK, "--zerotier", "package.json"],
      'public identity must be a file that can be read, got "package.json/identity.public" (28): a part of the path is not a directory',
    ],
  ])("%j exits with 2", async (words, sentence) => {
    const expected = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane(["config", "docker", ...words])).toEqual(expected);
  });

  test.each([
    ["--subnet", "web"],
    ["--output", "flags"],
  ])("--flags is refused with %s", async (option, value) => {
    const { status, stderr } = await sixplane(["config", "docker", ...HOST, "--flags", option, value]);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^sixplane: option '--flags' cannot be used with option '.*${option} <.*>'\n$`),
    );
  });

  test.each([
    ["an empty file", ""],
    ["a secret identity", `${IDENTITY}:${"fedcba9876543210".repeat(8)}\n`],
    ["a node address alone", SELF],
    ["a node address of another length", IDENTITY.slice(1)],
    ["another type", IDENTITY.replace(":0:", ":1:")],
    ["a key cut short", IDENTITY.slice(0, -1)],
    ["two identities", `${IDENTITY}\n${IDENTITY}\n`],
  ])("%s exits with 2, and nothing of it is printed", async (_, content) => {
    using files = folder();
    const path = files.path("identity.public");
    writeFileSync(path, content);
    expect(await sixplane(["config", "docker", "--network", NETWORK, "--zerotier", files.path("")])).toEqual({
      status: 2,
      stdout: "",
      stderr: `sixplane: public identity must be a file with a node address, :0: and 128 hex digits, got "${path}" (${path.length})\n`,
    });
  });

  test("a folder in the identity's place exits with 2", async () => {
    using files = folder();
    mkdirSync(files.path("identity.public"));
    const { status, stderr } = await sixplane([
      "config",
      "docker",
      "--network",
      NETWORK,
      "--zerotier",
      files.path(""),
    ]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/: it is a directory\n$/)]);
  });
});

describe("a real dockerd", () => {
  test.for([
    ["20.10", "file"],
    ["20.10", "flags"],
    ["27", "file"], // whose flags an old one does not know
  ] as const)(
    "that --open lets in gives docker0 the first address of its prefix: %s, by %s",
    async ([engine, form], { skip }) => {
      await using dockerd = await configured(engine, form, skip, "--open");
      expect(await dockerd.prefixes("bridge")).toEqual([DEFAULT_BRIDGE]);
      expect(dockerd.addresses("docker0")).toContain("fc9c56c2e389e92ceee5000100000001");
      expect(dockerd.addresses("docker0")).not.toContain(SELF_ADDRESS);
    },
  );

  test("gives each named network a prefix from the upper half", async ({ skip }) => {
    await using dockerd = await configured("27", "file", skip, "--open");
    for (const [n, name] of ["one", "other"].entries()) {
      await dockerd.create(name);
      const prefix = `fc9c:56c2:e389:e92c:eee5:800${n}::/96`;
      expect(await dockerd.prefixes(name)).toEqual([prefix]);
    }
  });
});

test("the page's commands do what it shows", (context) => {
  context.skip(spawnSync("dockerd", ["--version"]).status !== 0, "dockerd is not installed");
  // What systemd would do, but for what the engine writes.
  const restart = `systemctl() {
    test ! -e /run/docker.pid || { kill $(cat /run/docker.pid); wait; }
    true > /run/log
    dockerd --data-root=/run/data --storage-driver=vfs >> /run/log 2>&1 &
    tail -f -s 0.05 --pid=$! /run/log | grep -q "API listen on" || { cat /run/log; false; }
  }`;
  runPage("docker", context, restart);
});

interface Range {
  first: bigint;
  last: bigint;
}

/** What a daemon.json says but for its labels, which are its comments. */
function settings(stdout: string): Record<string, unknown> {
  const { labels, ...rest } = JSON.parse(stdout);
  expect(labels).toContainEqual(expect.stringMatching(/=written by sixplane config docker, checksum /));
  return rest;
}

function range(prefix: string): Range {
  const address = new Address6(prefix);
  return { first: address.startAddress().bigInt(), last: address.endAddress().bigInt() };
}

function ipv6(prefixes: string[]): string[] {
  return prefixes.filter((prefix) => prefix.includes(":"));
}

/** The configuration that flags stand for. */
function fromFlags(words: string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const pools: unknown[] = [];
  const drivers: Record<string, Record<string, string>> = {};
  for (const word of words) {
    const [, name = "", value = ""] = /^--([\w-]+)=(.*)$/.exec(word) ?? [];
    if (name === "default-address-pool") {
      const [, base, size] = /^base=(.*),size=(\d+)$/.exec(value) ?? [];
      pools.push({ base, size: Number(size) });
      result["default-address-pools"] = pools;
    } else if (name === "default-network-opt") {
      const [driver = "", option = "", setting = ""] = value.split("=");
      drivers[driver] = { ...drivers[driver], [option]: setting };
      result["default-network-opts"] = drivers;
    } else {
      result[name] = /^(true|false|\d+)$/.test(value) ? JSON.parse(value) : value;
    }
  }
  return result;
}

/** A dockerd that has been told what the command prints. */
async function configured(
  engine: string,
  form: "file" | "flags",
  skip: TestContext["skip"],
  ...more: string[]
): Promise<Dockerd> {
  const options = [...more, ...(form === "flags" ? ["--flags"] : [])];
  const { stdout } = await sixplane(["config", "docker", ...HOST, "--engine", engine, ...options]);
  if (form === "file") return startDockerd(skip, stdout);
  return startDockerd(skip, "{}", `--iptables=false ${stdout}`);
}
