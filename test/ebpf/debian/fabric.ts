// Two hosts of `sixplane up` in the machine of suite.ts: the kernel carries their frames.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { NETWORK, OWNER, SELF } from "../../support/frames.ts";

const OWNER_ADDRESS = "fc9c:56c2:e3de:adbe:ef01::1";
/** What precedes a command in the machine's own network namespace. */
const HERE: string[] = [];

const run = (...words: string[]) => execFileSync(words[0] ?? "", words.slice(1), { encoding: "utf8" }).trim();
const inside = (pid: number | undefined) => ["nsenter", `--net=/proc/${pid}/ns/net`];

function link(before: string[], name: string, address: string): void {
  run(...before, "ip", "address", "add", `${address}/24`, "dev", name);
  run(...before, "ip", "link", "set", name, "up");
  run(...before, "ip", "link", "set", "lo", "up");
  run(...before, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
}

/** Starts a host, and waits for what it says first. */
async function up(
  before: string[],
  node: string,
  peer: string,
): Promise<{ host: ChildProcess; said: string }> {
  const words = [...before, process.execPath, "/app/dist/cli.js", "up", "--network", NETWORK, "--node", node];
  const [program = "", ...rest] = [...words, "--peer", peer, "--datapath", "kernel"];
  const host = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const said = await Promise.race([
    once(host.stdout, "data").then(([data]) => `${data}`.trim()),
    once(host, "exit").then(() => "ended"),
  ]);
  return { host, said };
}

const other = spawn("unshare", ["-n", "sleep", "600"], { stdio: "ignore" });
const namespaceOf = (pid: number | string | undefined) => run("readlink", `/proc/${pid}/ns/net`);
while (namespaceOf(other.pid) === namespaceOf("self")) await delay(50);
run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
run("ip", "link", "set", "vb", "netns", `${other.pid}`);
const there = inside(other.pid);
link(HERE, "va", "192.0.2.1");
link(there, "vb", "192.0.2.2");
const hosts = [await up(HERE, SELF, `${OWNER}@192.0.2.2`), await up(there, OWNER, `${SELF}@192.0.2.1`)];
const ping = spawnSync("ping", ["-c", "3", "-W", "2", OWNER_ADDRESS], { encoding: "utf8" });
for (const { host } of hosts) {
  host.kill("SIGTERM");
  await once(host, "exit");
}
console.log(
  JSON.stringify({
    said: hosts.map(({ said }) => said),
    pings: ping.status,
    left: run("ip", "-br", "link").includes("zt0"),
  }),
);
other.kill();
