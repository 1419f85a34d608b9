// What `sixplane up` refuses: in one sentence, with the right status, and without leaving anything behind.
import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { COMMAND, folder, type Run } from "../support/command.ts";
import {
  A,
  B,
  C,
  Host,
  interfaces,
  NETWORK,
  ordinaryUser,
  Program,
  withoutDetection,
} from "../support/hosts.ts";
import { obstacle, run } from "../support/namespace.ts";

const ME = ["--network", NETWORK, "--node", A.node];

beforeAll(() => {
  if (obstacle === undefined) withoutDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(() => {
  if (obstacle === undefined) expect(interfaces()).toEqual(["lo"]);
});

/** Runs a command that is to be refused; one that is ready instead is killed. */
async function attempt(words: string[]): Promise<Run> {
  await using program = new Program([process.execPath, COMMAND, "up", "--datapath", "tap", ...words]);
  program.child.stdout?.once("data", () => program.kill("SIGKILL"));
  const status = (await program.end()) as number;
  return { status, stdout: program.stdout, stderr: program.stderr };
}

/** What a command says that is refused. */
function refused(status: 1 | 2, sentence: string): Run {
  return { status, stdout: "", stderr: `sixplane: ${sentence}\n` };
}

const ENDPOINT = "peer's host must be a host and a port such as 192.0.2.1:4789 or [2001:db8::1]:4789, got";
const LISTEN =
  "address to listen on must be a host and a port such as 192.0.2.1:4789 or [2001:db8::1]:4789, got";
const PORT = "must be a whole number from 0 to 65535, got";
const NAME =
  "interface name must be 1 to 15 bytes without spaces, slashes, colons and percent signs but one %d, and not all or default, got";
const MTU = "MTU must be a whole number from 1280 to 65481, got";
const RATE = "rate must be a whole number from 1 to 1000000, got";
const NO_TAP = "there is an interface of that name which is no TAP: choose another";
const NOT_HERE = "no interface of this machine has that address";

describe("bad input", () => {
  test.each([
    [["--node", A.node], "give a network ID: 16 hex digits, alone or behind --network"],
    [["--network", NETWORK], "give a node address, or --zerotier to take it from ZeroTier's folder"],
    [[...ME, "--network", "8056c2e2"], 'network ID must be 16 hex digits, got "8056c2e2" (8)'],
    [
      [...ME, "--node", "89e92ceeeg"],
      'node address must be 10 hex digits, got "89e92ceeeg" (10): "g" is not a hex digit',
    ],
    [[...ME, "--modes", "ipv4"], 'mode must be 6plane or rfc4193, got "ipv4" (4)'],
    [[...ME, "--modes", "6plane,"], 'mode must be 6plane or rfc4193, got "" (0)'],
    [[...ME, "--mtu", "large"], `${MTU} "large" (5)`],
    [[...ME, "--mtu", "1500.5"], `${MTU} "1500.5" (6)`],
    [[...ME, "--mtu", "0"], `${MTU} "0" (1)`],
    [[...ME, "--mtu", "1279"], `${MTU} "1279" (4)`],
    [[...ME, "--mtu", "65482"], `${MTU} "65482" (5)`],
    [[...ME, "--mtu", "70000"], `${MTU} "70000" (5)`],
    [[...ME, "--rate", "0"], `${RATE} "0" (1)`],
    [[...ME, "--rate", "-5"], `${RATE} "-5" (2)`],
    [[...ME, "--rate", "1e3"], `${RATE} "1e3" (3)`],
    [[...ME, "--rate", "1000001"], `${RATE} "1000001" (7)`],
    [[...ME, "--name", "sixteen-is-a-lot"], `${NAME} "sixteen-is-a-lot"`],
    [[...ME, "--name", "zt/0"], `${NAME} "zt/0"`],
    [[...ME, "--name", "zt 0"], `${NAME} "zt 0"`],
    [[...ME, "--name", ""], `${NAME} ""`],
    [
      [...ME, "--multicast", "nonsense"],
      "option '--multicast <policy>' argument 'nonsense' is invalid. Allowed choices are forward, drop.",
    ],
    [[...ME, "--bogus"], "unknown option '--bogus'"],
    [[...ME, "extra"], '"extra" is one argument too many'],
    [[...ME, "--peer"], "option '--peer <node@host:port>' argument missing"],
  ])("%j", async (words, sentence) => {
    expect(await attempt([...words])).toEqual(refused(2, sentence));
  });

  test.each([
    ["127.0.0.1:4789", 'peer must be NODE@HOST:PORT, got "127.0.0.1:4789" (14)'],
    ["deadbeef@127.0.0.1", 'node address must be 10 hex digits, got "deadbeef" (8)'],
    [`${A.node}@127.0.0.1`, `peer must be another node than this host's own, got "${A.node}" (10)`],
    [
      `${A.node.toUpperCase()}@127.0.0.1`,
      `peer must be another node than this host's own, got "${A.node}" (10)`,
    ],
    [`${B.node}@`, `${ENDPOINT} "" (0)`],
    [`${B.node}@127.0.0.1:`, `${ENDPOINT} "127.0.0.1:" (10)`],
    [`${B.node}@127.0.0.1:http`, `${ENDPOINT} "127.0.0.1:http" (14)`],
    [`${B.node}@127.0.0.1:-1`, `${ENDPOINT} "127.0.0.1:-1" (12)`],
    [`${B.node}@127.0.0.1:65536`, `port of the peer's host ${PORT} "65536" (5)`],
    [`${B.node}@127.0.0.1:0`, 'peer\'s port must be a number from 1 to 65535, got "127.0.0.1:0" (11)'],
    [`${B.node}@2001:db8::2`, `${ENDPOINT} "2001:db8::2" (11)`],
    [`${B.node}@2001:db8::2:4789`, `${ENDPOINT} "2001:db8::2:4789" (16)`],
    [`${B.node}@[127.0.0.1]`, `${ENDPOINT} "[127.0.0.1]" (11)`],
    [
      `${B.node}@[${C.sixplane}]`,
      `peer ${B.node} has the address ${C.sixplane}, which is one of the network's own`,
    ],
    [
      `${B.node}@[${A.rfc4193}]`,
      `peer ${B.node} has the address ${A.rfc4193}, which is one of the network's own`,
    ],
    [
      `${B.node}@[FE80::2]`,
      `peer ${B.node} has the link-local address fe80::2: name the interface, too, as in fe80::2%eth0`,
    ],
    ...["0.0.0.0", "224.0.0.1", "255.255.255.255", "[::]", "[ff02::1]"].map((host) => [
      `${B.node}@${host}`,
      `peer ${B.node} has the address ${host.replace(/[[\]]/g, "")}, which is not one host's`,
    ]),
  ])("--peer %s", async (peer, sentence) => {
    expect(await attempt([...ME, "--peer", peer])).toEqual(refused(2, sentence));
  });

  test.each([
    [[`${B.node}@127.0.0.1`, `${B.node}@127.0.0.2`], `peer ${B.node} is given twice`],
    [
      [`${B.node}@127.0.0.1`, `${C.node}@[::ffff:127.0.0.1]:4789`],
      `peers ${B.node} and ${C.node} cannot be told apart: both are at 127.0.0.1:4789`,
    ],
    [
      [`${B.node}@[2001:db8::2]:5000`, `${C.node}@[2001:DB8:0::2]:5000`],
      `peers ${B.node} and ${C.node} cannot be told apart: both are at [2001:db8::2]:5000`,
    ],
  ])("of peers %j", async (peers, sentence) => {
    const words = peers.flatMap((peer) => ["--peer", peer]);
    expect(await attempt([...ME, ...words])).toEqual(refused(2, sentence));
  });

  test.each([
    [
      "127.0.0.1",
      "[::1]",
      `peer ${B.node} has the IPv6 address ::1, which cannot be reached from 127.0.0.1: listen on [::]`,
    ],
    [
      "[::1]",
      "127.0.0.1",
      `peer ${B.node} has the IPv4 address 127.0.0.1, which cannot be reached from ::1: listen on [::]`,
    ],
    [
      "[::ffff:127.0.0.1]",
      "[::1]",
      `peer ${B.node} has the IPv6 address ::1, which cannot be reached from ::ffff:127.0.0.1: listen on [::]`,
    ],
  ])("--listen %s for a peer at %s", async (listen, host, sentence) => {
    const words = ["--listen", listen, "--peer", `${B.node}@${host}`];
    expect(await attempt([...ME, ...words])).toEqual(refused(2, sentence));
  });

  test.each([
    ["", `${LISTEN} "" (0)`],
    ["::1", `${LISTEN} "::1" (3)`],
    ["127.0.0.1:65536", `port of the address to listen on ${PORT} "65536" (5)`],
    ["[::1]:999999", `port of the address to listen on ${PORT} "999999" (6)`],
    ["65536", 'port to listen on must be a whole number from 0 to 65535, got "65536" (5)'],
    ["1234567", 'port to listen on must be a whole number from 0 to 65535, got "1234567" (7)'],
  ])("--listen %j", async (listen, sentence) => {
    expect(await attempt([...ME, "--listen", listen])).toEqual(refused(2, sentence));
  });
});

describe("what the system refuses", () => {
  test.each([
    [["--listen", "192.0.2.7:5000"], `cannot listen on 192.0.2.7:5000: ${NOT_HERE}`],
    [["--listen", "[2001:db8::7]"], `cannot listen on [2001:db8::7]:4789: ${NOT_HERE}`],
    [["--listen", "[fe80::7%none]"], `cannot listen on [fe80::7%none]:4789: ${NOT_HERE}`],
    [["--name", "lo"], `cannot open the TAP lo: ${NO_TAP}`],
    [
      ["--peer", `${B.node}@[fe80::2%none]`],
      `peer ${B.node} has the address fe80::2%none, but no interface none is up`,
    ],
  ])("%j", async (words, sentence) => {
    expect(await attempt([...ME, ...words])).toEqual(refused(1, sentence));
  });

  test("a name and a port that another host has", async () => {
    await using a = await Host.up(A.node, ["--name", "taken", "--listen", "127.0.0.1:5001"]);
    expect(await attempt([...ME, "--name", "taken"])).toEqual(
      refused(1, "cannot open the TAP taken: the name is in use by another program: choose another"),
    );
    expect(await attempt([...ME, "--listen", "127.0.0.1:5001"])).toEqual(
      refused(1, "cannot listen on 127.0.0.1:5001: another program does, on that port"),
    );
    expect(interfaces()).toEqual(["lo", "taken"]);
    await a.end("SIGTERM");
  });

  test("the name of another kind of interface", async () => {
    run("ip", "link", "add", "bridge", "type", "bridge");
    expect(await attempt([...ME, "--name", "bridge"])).toEqual(
      refused(1, `cannot open the TAP bridge: ${NO_TAP}`),
    );
    run("ip", "link", "delete", "bridge");
  });

  test.each([
    ["hosts: files\n", "nobody knows an address of it", "[::]", `${B.node}@nobody.example`, "peer's host"],
    [
      "hosts: files\n",
      "nobody knows an IPv4 address of it",
      "127.0.0.1",
      `${B.node}@nobody.example`,
      "peer's host",
    ],
    [
      "hosts: files\n",
      "nobody knows an address of it",
      "nobody.example",
      `${B.node}@127.0.0.1`,
      "address to listen on",
    ],
    ["hosts: dns\n", "no name server answers", "[::]", `${B.node}@nobody.example`, "peer's host"],
  ])("a name, looked up in %j: %s", async (services, reason, listen, peer, what) => {
    using files = folder();
    writeFileSync(files.path("nsswitch.conf"), services);
    writeFileSync(files.path("resolv.conf"), "nameserver 127.0.0.1\n"); // where none listens
    const script = `
      mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf
      mount --bind "$0/resolv.conf" /etc/resolv.conf
      exec "$@"
    `;
    const within = (words: string[]) => [
      "unshare",
      "--mount",
      "sh",
      "-ec",
      script,
      files.path("."),
      ...words,
    ];
    const words = ["--listen", listen, "--peer", peer];
    await using host = new Host(A.node, words, undefined, within);
    const status = await host.end();
    expect({ status, stdout: host.stdout, stderr: host.stderr }).toEqual(
      refused(1, `${what} "nobody.example" cannot be looked up: ${reason}`),
    );
  });

  test.each([
    [
      "mknod -m 666 /dev/net/tun c 10 200",
      [],
      "cannot open the TAP zt%d: that takes CAP_NET_ADMIN: run it as root, or in a network namespace of your own (unshare -Urn)",
    ],
    [
      "mknod -m 600 /dev/net/tun c 10 200",
      [],
      "cannot open /dev/net/tun: permission denied: run as root, or have its mode changed to 666",
    ],
    ["", [], "cannot open /dev/net/tun: there is none: `modprobe tun`, and let a container have the device"],
    ["", ["--listen", "127.0.0.1:80"], "cannot listen on 127.0.0.1:80: ports below 1024 take privilege"],
  ])("to an ordinary user, after %j, %j", async (tun, words, sentence) => {
    const user = ordinaryUser(tun);
    // The test of what an ordinary user can do says why where there is none.
    if (user.obstacle !== undefined) return;
    await using program = new Program(
      user.words(...user.command, "up", "--datapath", "tap", ...ME, ...words),
    );
    const status = await program.end();
    expect({ status, stdout: program.stdout, stderr: program.stderr }).toEqual(refused(1, sentence));
  });
});
