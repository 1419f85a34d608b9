// Two hosts with a Docker Engine each, set up by nothing but what sixplane prints.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeEach, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { ended, folder, sixplane } from "../support/command.ts";
import { diagnose, doctor, inShell, type Said, zerotierInterface } from "../support/doctor.ts";
import { A, B, Host, NETWORK, Program, runIn, Underlay, until } from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { answers, EARTH, STATUS, startService } from "../support/zerotier.ts";
import { type Dockerd, startDockerd } from "./dockerd.ts";

const PUBLISHED = 80;
const UNPUBLISHED = 81;
const GREETING = "hello";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isRoot, "Docker Engine takes root");
  for (const program of ["busybox", "docker", "dockerd", "ip6tables", "radvd", "tar"])
    skip(!isInstalled(program), `no ${program}`);
});

afterAll(() => {
  spawnSync("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/sixplane-hosts*", "-delete"]);
});

/** What an operator's `sixplane` prints for a host's engine. */
async function printed(node: string, ...words: string[]): Promise<string> {
  const all = ["config", "docker", "--network", NETWORK, "--node", node, "--engine", "20.10", ...words];
  const { status, stdout, stderr } = await sixplane(all);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** A machine with an engine, and a container of it that greets who connects. */
class Machine implements AsyncDisposable {
  readonly node: string;
  /** Where it is, unless it is this process's own. */
  readonly namespace: Namespace | undefined;
  readonly #files = folder();
  #dockerd: Dockerd | undefined;

  constructor(node: string, namespace?: Namespace) {
    this.node = node;
    this.namespace = namespace;
  }

  /** Runs a program on it. */
  run(...words: [string, ...string[]]): string {
    return runIn(this.namespace, ...words);
  }

  /** Runs what `sixplane doctor` says of the default route. */
  async mendDefaultRoute(): Promise<void> {
    const { stdout } = await doctor(this.namespace, "--json", "--zerotier", this.#files.path(""));
    const said: Said[] = JSON.parse(stdout);
    const commands = said.filter(({ check }) => check === "default-route").flatMap(({ mend = [] }) => mend);
    expect(commands).toHaveLength(1);
    for (const command of commands) this.run("sh", "-ec", command);
  }

  async startEngine(skip: Parameters<typeof startDockerd>[0], daemon: string): Promise<void> {
    const flags = "--exec-opt=native.cgroupdriver=cgroupfs --cgroup-parent=/sixplane-hosts";
    this.#dockerd = await startDockerd(skip, daemon, flags, this.namespace ?? "here");
  }

  async stopEngine(): Promise<void> {
    await this.#dockerd?.[Symbol.asyncDispose]();
    this.#dockerd = undefined;
  }

  /** Runs commands of a shell that ask its engine. */
  docker(commands: string): string {
    return execFileSync("sh", ["-ec", commands], { env: this.#environment, encoding: "utf8" }).trim();
  }

  /** Starts the container, and gives its address. */
  startContainer(network: string): string {
    const root = this.#files.path("root");
    mkdirSync(`${root}/bin`, { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, `${root}/bin/busybox`, { dereference: true });
    this.docker(`tar -C ${root} -c . | docker import - busybox`);
    const listen = (port: number) => `/bin/busybox nc -ll -p ${port} -e /bin/busybox echo ${GREETING}`;
    const command = `/bin/busybox sh -c '${listen(PUBLISHED)} & exec ${listen(UNPUBLISHED)}'`;
    this.docker(`docker run --detach --net ${network} -p ${PUBLISHED} --name server busybox ${command}`);
    return this.docker(
      `docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' server`,
    );
  }

  /** What its container hears from a port: the greeting, or nothing. */
  async hears(address: string, port: number): Promise<string> {
    const words = ["exec", "server", "/bin/busybox", "nc", "-w", "5", address, `${port}`];
    return (await ended(spawn("docker", words, { env: this.#environment }))).stdout.trim();
  }

  /** Whether its container gets an answer to a ping. */
  async pings(address: string): Promise<boolean> {
    const words = ["exec", "server", "/bin/busybox", "ping6", "-c", "1", "-W", "2", address];
    return (await ended(spawn("docker", words, { env: this.#environment }))).status === 0;
  }

  /** Where its engine is asked. */
  get engine(): string {
    return `unix://${this.#dockerd?.socket}`;
  }

  get #environment() {
    const client = { DOCKER_HOST: this.engine, DOCKER_CONFIG: this.#files.path("") };
    return { ...process.env, ...client };
  }

  get defaultRoute(): string {
    return this.run("ip", "-6", "route", "show", "default").replace(/ expires \w+/, "");
  }

  get rules(): string {
    return ["filter", "nat"].map((table) => this.run("ip6tables", "-t", table, "-S")).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopEngine();
    this.#files[Symbol.dispose]();
  }
}

/** A router on the wire, by whose advertisements hosts get their default route. */
async function startRouter(files: ReturnType<typeof folder>): Promise<Program> {
  const path = files.path("radvd.conf");
  const interval = "MinRtrAdvInterval 3; MaxRtrAdvInterval 4;";
  writeFileSync(path, `interface underlay { AdvSendAdvert on; ${interval} prefix 2001:db8:5::/64 {}; };\n`);
  chmodSync(path, 0o644);
  run("sysctl", "-qw", "net/ipv6/conf/all/forwarding=1");
  return new Program(["radvd", "-n", "-C", path, "-p", files.path("pid"), "-m", "stderr"]);
}

test("two hosts keep default route, firewall and containers when the network's interface stops and starts", {
  timeout: 90_000,
}, async ({ skip }) => {
  using files = folder();
  await using underlay = await Underlay.open(2);
  await using router = await startRouter(files);
  const machines = [A, B].map(({ node }, n) => new Machine(node, underlay.namespaces[n] as Namespace));
  const [one, other] = machines as [Machine, Machine];
  await using _one = one;
  await using _other = other;

  for (const machine of machines) {
    await until("a default route", () => machine.defaultRoute || (router.isOver && router.stderr));
    await machine.mendDefaultRoute();
    await machine.startEngine(skip, await printed(machine.node));
    machine.docker(await printed(machine.node, "--subnet", "web"));
  }
  expect(one.run("sysctl", "-n", "net/ipv6/conf/all/forwarding")).toBe("1\n"); // Docker has switched it on
  const [address, far] = machines.map((machine) => machine.startContainer("web")) as [string, string];
  expect([address, far]).toEqual([
    `${A.sixplane.slice(0, -3)}:d3eb:0:2`,
    `${B.sixplane.slice(0, -3)}:d3eb:0:2`,
  ]);

  const up = (machine: Machine, peer: string) =>
    Host.up(machine.node, ["--name", "zt0", "--probes", "--peer", peer], machine.namespace);
  const toOther = `${B.node}@192.0.2.2`;
  await using _up = await up(other, `${A.node}@192.0.2.1`);
  const before = machines.map(({ defaultRoute, rules }) => ({ defaultRoute, rules }));
  const look = () => machines.map(({ defaultRoute, rules }) => ({ defaultRoute, rules }));
  const heard = (port: number) => Promise.all([one.hears(far, port), other.hears(address, port)]);
  for (const round of ["first", "again"]) {
    await using started = await up(one, toOther);
    expect([round, ...(await Promise.all([heard(PUBLISHED), heard(UNPUBLISHED)]))]).toEqual([
      round,
      [GREETING, GREETING],
      ["", ""],
    ]);
    expect(await one.pings(far)).toBe(false);
    const answer = [
      "FORWARD",
      ..."-p icmpv6 --icmpv6-type echo-request".split(" "),
      "-d",
      far,
      "-j",
      "ACCEPT",
    ];
    other.run("ip6tables", "-I", ...answer); // as the page says
    expect(await one.pings(far)).toBe(true);
    other.run("ip6tables", "-D", ...answer);
    expect(look()).toEqual(before);
    expect(await started.end("SIGTERM")).toBe(0);
    expect(await heard(PUBLISHED)).toEqual(["", ""]);
    expect(look()).toEqual(before);
    expect(one.docker("docker ps --quiet --filter name=server")).not.toBe("");
  }
  expect(before.map(({ rules }) => rules.match(/^-P FORWARD .*$/m)?.[0])).toEqual([
    "-P FORWARD DROP",
    "-P FORWARD DROP",
  ]);
  expect(before.map(({ defaultRoute }) => defaultRoute)).toEqual(
    machines.map(() => expect.stringMatching(/^default via fe80::\S+ dev eth0 proto ra /)),
  );
});

test("an engine that --open lets in leaves its old chains behind, which drop until they are flushed", {
  timeout: 60_000,
}, async ({ skip }) => {
  await using underlay = await Underlay.open(1);
  await using machine = new Machine(A.node, underlay.namespaces[0] as Namespace);
  run("ip", "address", "add", "2001:db8:4789::fe/64", "dev", "underlay", "nodad");
  run("ip", "route", "add", `${A.sixplane.slice(0, -1)}/80`, "via", "2001:db8:4789::1");
  await machine.startEngine(skip, await printed(A.node));
  await machine.stopEngine();
  await machine.startEngine(skip, await printed(A.node, "--open"));
  const address = machine.startContainer("bridge");
  const connects = () =>
    spawnSync("busybox", ["nc", "-w", "5", address, `${UNPUBLISHED}`], { encoding: "utf8" }).stdout.trim();
  expect(connects()).toBe("");
  expect(machine.rules).toMatch(/^-P FORWARD DROP$.*^-N DOCKER$/ms);
  for (const command of ["-P FORWARD ACCEPT", "-F", "-X", "-t nat -F", "-t nat -X"])
    machine.run("ip6tables", ...command.split(" "));
  expect(machine.rules).not.toContain("DOCKER");
  expect(connects()).toBe(GREETING);
});

test("containers have the MTU that ZeroTier's service says, and the doctor finds it right", {
  timeout: 60_000,
}, async ({ skip }) => {
  const { portDeviceName } = EARTH;
  zerotierInterface(portDeviceName, A.mac, `${A.sixplane}/40`);
  run("ip", "link", "set", portDeviceName, "mtu", "2700");
  await using zerotier = await startService(answers(STATUS, [{ ...EARTH, mtu: 2700 }]));
  await using machine = new Machine(A.node);
  const says = async (...words: string[]) =>
    (await sixplane(["config", "docker", "--zerotier", zerotier.folder, "--engine", "20.10", ...words]))
      .stdout;
  await machine.startEngine(skip, await says("--open"));
  machine.docker(await says("--open", "--subnet", "web"));
  const look = async () => {
    process.env["DOCKER_HOST"] = machine.engine;
    const { said } = await diagnose("--zerotier", zerotier.folder);
    delete process.env["DOCKER_HOST"];
    return said.flatMap(({ check, kind, what }) => (check === "mtu" ? [[kind, what]] : []));
  };
  const web = `br-${machine.docker("docker network inspect web -f '{{.Id}}'").slice(0, 12)}`;
  const bridge = (name: string, what: string) => ["right", `${name} ${what}`];
  const [right, empty] = [
    "and its ports have MTU 2700",
    "gets MTU 2700 from Docker with its first container",
  ];
  const expected = (...bridges: string[][]) =>
    expect.arrayContaining([bridge(portDeviceName, right), ...bridges]);
  expect(await look()).toEqual(expected(bridge("docker0", empty), bridge(web, empty)));
  for (const [network, bridges] of [
    ["bridge", [bridge("docker0", right), bridge(web, empty)]],
    ["web", [bridge("docker0", empty), bridge(web, right)]],
  ] as const) {
    machine.startContainer(network);
    expect(machine.docker("docker exec server /bin/busybox cat /sys/class/net/eth0/mtu")).toBe("2700");
    const said = await look();
    expect(said).toEqual(expected(...bridges));
    expect(said).toHaveLength(3);
    machine.docker("docker rm --force server");
  }
  for (const name of [portDeviceName, "docker0", web]) run("ip", "link", "delete", name);
});

test("the doctor finds a host right that has what config docker prints, but for two routes that it prints itself", {
  timeout: 60_000,
}, async ({ skip }) => {
  const { portDeviceName } = EARTH;
  zerotierInterface(portDeviceName, A.mac, `${A.sixplane}/40`);
  for (const command of [
    "link add eth0 type veth peer name router",
    "link set router up",
    "link set eth0 up",
    "-6 address add 2001:db8::2/64 dev eth0 nodad",
    "-6 route add default via 2001:db8::1 dev eth0",
  ])
    run("ip", ...command.split(" "));
  await using zerotier = await startService(answers(STATUS, [EARTH]));
  await using machine = new Machine(A.node);
  await machine.startEngine(skip, await printed(A.node));
  machine.docker(await printed(A.node, "--subnet", "web"));
  machine.startContainer("web");
  const look = async () => {
    process.env["DOCKER_HOST"] = machine.engine;
    const { findings } = await diagnose("--zerotier", zerotier.folder);
    delete process.env["DOCKER_HOST"];
    return findings;
  };
  const mend = (await look()).map(({ check, mend }) => [check, mend]);
  expect(mend).toEqual([
    ["host-prefix", [`ip -6 route add unreachable ${A.sixplane.slice(0, -1)}/80 metric 4096`]],
    ["leak", ["ip -6 route add unreachable fc9c:56c2:e300::/40 metric 4096"]],
  ]);
  const way = () => spawnSync("ip", ["-6", "route", "get", B.sixplane], { encoding: "utf8" });
  inShell(...mend.flatMap(([, commands = []]) => commands));
  expect(await look()).toEqual([]);
  expect(way().stdout).toContain(` dev ${portDeviceName} `);
  run("ip", "link", "delete", portDeviceName); // ZeroTier stops
  expect(way()).toMatchObject({ status: 2, stderr: "RTNETLINK answers: No route to host\n" });
  run("ip", "link", "delete", "eth0");
});
