// The examples do what they say, on the kernel of this machine.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";
import { obstacle, run } from "../support/namespace.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NETWORK = "8056c2e21c000001";
const NODE = "89e92ceee5";
const PEER = "deadbeef01";
const PEER_ADDRESS = "fc9c:56c2:e3de:adbe:ef01::1";

/** In a mount namespace of its own: who may open /dev/net/tun, and then what is run. */
const WITH_TUN = 'mount -t tmpfs none /dev/net && mknod -m "$1" /dev/net/tun c 10 200 && shift && exec "$@"';
const WITHOUT_TUN = 'mount -t tmpfs none /dev/net && exec "$@"';
const ORDINARY_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

function example(name: string, before: string[] = [], ...words: string[]) {
  const [program = "", ...rest] = [...before, process.execPath, `examples/${name}/start.js`, ...words];
  return spawnSync(program, rest, { cwd: ROOT, encoding: "utf8", timeout: 90_000 });
}

/** Lines in any order, without what is random: the address that no container has. */
function comparable(text: string): string[] {
  const nobody = /One goes to (\S+), /.exec(text)?.[1] ?? "";
  return text.replaceAll(nobody, "<nobody>").split("\n").sort();
}

/** What every run with three hosts of two containers says. */
function expectReachable(stdout: string): void {
  expect(stdout.match(/^ {4}container fc9c:56c2:e3/gm)).toHaveLength(6);
  expect(stdout).toContain("Every container sends a datagram to every other: 30 of 30 are answered.\n");
  expect(stdout).toMatch(/which no container has: no answer\.\n/);
  expect(stdout).toMatch(/^ {2}fc9c:56c2:e3de:adbe:ef01::1 lladdr 02:de:ad:a2:0d:c3 REACHABLE *$/m);
  for (const node of ["89e92ceee5", "deadbeef01", "1122334455"]) {
    expect(stdout).toContain(`  host ${node} answered 2 on the spot and passed 0 on to the other hosts\n`);
  }
}

describe("the fabric", () => {
  test.for<[string, string[]]>([
    ["as root", []],
    ["as an ordinary user", ["unshare", "--mount", "sh", "-c", WITH_TUN, "sh", "0666", ...ORDINARY_USER]],
  ])("%s: containers reach each other, and no solicitation crosses", ([, before], { skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    skip(process.getuid?.() !== 0, "other users and devices take root");
    const { status, stdout, stderr } = example("fabric", before);
    expect([status, stderr]).toEqual([0, ""]);
    expectReachable(stdout);
    const carrier = before.length === 0 ? "The kernel" : "sixplane itself";
    expect(stdout).toContain(`\n${carrier} carries them from host to host, `);
    // 24 of the datagrams go between hosts, with an answer each.
    expect(stdout).toContain("On the wire between the hosts, tcpdump saw:\n");
    expect(stdout).toContain("  48 datagrams between containers\n");
    expect(stdout).toContain("  1 datagram to the address that no container has\n");
    expect(stdout).toContain("  0 Neighbor Solicitations\n");
  });

  test("needs no other programs than those of iproute2 and util-linux", () => {
    using programs = folder();
    for (const name of ["ip", "setpriv", "sh", "unshare"]) {
      symlinkSync(run("sh", "-c", `command -v ${name}`).trim(), programs.path(name));
    }
    const { status, stdout, stderr } = example("fabric", ["env", `PATH=${programs.path(".")}`]);
    expect([status, stderr]).toEqual([0, ""]);
    expectReachable(stdout);
    expect(stdout).not.toContain("tcpdump");
  });

  test("prints what its page shows", ({ skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    const readme = readFileSync(`${ROOT}/examples/fabric/README.md`, "utf8");
    const [, transcript = ""] = /^\$ npm start\n(.*?)^```$/ms.exec(readme) ?? [];
    expect(comparable(example("fabric").stdout)).toEqual(comparable(transcript));
  });

  test("shows a capture where there can be no TAP, and says why", ({ skip }) => {
    skip(process.getuid?.() !== 0, "hiding a device takes root");
    const { status, stdout } = example("fabric", ["unshare", "--mount", "sh", "-c", WITHOUT_TUN, "sh"]);
    expect(status).toBe(0);
    expect(stdout).toContain("cannot run here, as they need to read and write /dev/net/tun");
    expect(stdout).toContain("33 frames: 9 reply, 24 pass, 0 invalid");
  });

  test.each([
    [["--hosts", "1"], '--hosts must be a whole number from 2 to 5, got "1"\n'],
    [["--containers", "x"], '--containers must be a whole number from 1 to 50, got "x"\n'],
  ])("refuses %j", (words, message) => {
    const { status, stderr } = example("fabric", [], ...words);
    expect([status, stderr]).toEqual([2, message]);
  });
});

describe("Docker Engines", () => {
  test("have containers that connect to each other's published ports alone, under their own addresses", ({
    skip,
  }) => {
    for (const program of ["busybox", "docker", "dockerd", "tcpdump"])
      skip(!isInstalled(program), `no ${program}`);
    skip(process.getuid?.() !== 0, "Docker Engine takes root");
    const { status, stdout, stderr } = example("docker");
    expect([status, stderr]).toEqual([0, ""]);
    const [one, other] = Array.from(
      stdout.matchAll(/^Docker on host (\w+) runs a container, (.*)$/gm),
      ([, node, address = ""]) => ({ node, address }),
    );
    // The share of each host's /80 that the name of their network has.
    expect(one?.address).toMatch(/^fc9c:56c2:e389:e92c:eee5:d3eb:/);
    expect(other?.address).toMatch(/^fc9c:56c2:e3de:adbe:ef01:d3eb:/);
    for (const [from, to] of [
      [one, other],
      [other, one],
    ]) {
      const connects = (port: number) =>
        `container on ${from?.node} connects to port ${port} of ${to?.address}:\n`;
      expect(stdout).toContain(`${connects(80)}Hello from the container on ${to?.node}\n`);
      expect(stdout).toContain(`${connects(81)}nc: timed out\n`);
      expect(stdout).toContain(`IP6 ${from?.address} > ${to?.address}.80: TCP\n`);
      expect(stdout).toContain(`IP6 ${to?.address}.80 > ${from?.address}: TCP\n`);
      expect(stdout).not.toContain(`IP6 ${to?.address}.81 `);
    }
    const find = ["/sys/fs/cgroup", "-name", "sixplane-??????????"]; // named by node address
    expect(spawnSync("find", find, { encoding: "utf8" }).stdout).toBe("");
  });
});

describe("the smallest handlers", () => {
  test("of Node and Deno ping each other", async () => {
    using other = Namespace.open();
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", other.path);
    run("ip", "address", "add", "192.0.2.1/24", "dev", "here");
    run("ip", "link", "set", "here", "up");
    run(...other.words("ip", "address", "add", "192.0.2.2/24", "dev", "there"));
    run(...other.words("ip", "link", "set", "there", "up"));

    const node = [process.execPath, "examples/node-tap/main.js", NETWORK, NODE, PEER, "192.0.2.2"];
    const deno = ["node_modules/.bin/deno", "run", "-A", "--unstable-net", "examples/deno-tap/main.ts"];
    const [nsenter, ...words] = other.words(...deno, NETWORK, PEER, NODE, "192.0.2.1");
    const hosts = [
      spawn(process.execPath, node.slice(1), { cwd: ROOT }),
      spawn(nsenter, words, { cwd: ROOT }),
    ];
    const gone = hosts.map((host) => once(host, "exit"));
    await Promise.all(hosts.map((host) => once(host.stdout, "data")));
    expect(run("ping", "-c", "1", "-W", "5", PEER_ADDRESS)).toContain(" 0% packet loss");
    expect(run("ip", "-6", "neighbour", "show", PEER_ADDRESS)).toContain("02:de:ad:a2:0d:c3 REACHABLE");
    for (const host of hosts) host.kill("SIGTERM");
    expect(await Promise.all(gone)).toEqual([
      [0, null],
      [0, null],
    ]);
  });
});
