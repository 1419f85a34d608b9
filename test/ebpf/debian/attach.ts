// `sixplane attach` in the machine of suite.ts, whose kernel has no links for tc.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { NETWORK, SELF } from "../../support/frames.ts";

const OWNER_ADDRESS = "fc9c:56c2:e3de:adbe:ef01::1";

const run = (text: string) => execFileSync("sh", ["-c", text], { encoding: "utf8" }).trim();
const state = () =>
  run(
    "/usr/sbin/ip -br link show dev eth0 && /usr/sbin/tc qdisc show dev eth0 && /usr/sbin/tc filter show dev eth0 egress",
  );

/** Attaches for good, has an address asked for, and detaches; prints a line. */
export async function attachPinned(): Promise<void> {
  run("mount -t bpf none /sys/fs/bpf");
  const before = state();
  const sixplane = (...words: string[]) =>
    spawnSync(process.execPath, ["/app/dist/cli.js", ...words], { encoding: "utf8" });
  const said = sixplane("attach", "eth0", NETWORK, SELF, "--pin").stdout.trim();
  run(`/usr/sbin/ip -6 neighbour flush dev eth0; ping -c 1 -W 1 ${OWNER_ADDRESS} > /dev/null || true`);
  const neighbour = run(`/usr/sbin/ip neighbour show to ${OWNER_ADDRESS} dev eth0`);
  const counted = sixplane("counters", "eth0").stdout.trim();
  const detached = sixplane("detach", "eth0").stdout.trim();
  console.log(JSON.stringify({ pinned: said, neighbour, counted, detached, isAsBefore: state() === before }));
}

/** Attaches, has an address asked for, and ends the command, in two ways; prints a line for each. */
export async function attachTwice(): Promise<void> {
  run(
    "/usr/sbin/ip link set lo up; /usr/sbin/ip link add eth0 type veth peer name far && /usr/sbin/ip link set far up && /usr/sbin/ip link set eth0 up",
  );
  run("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad");
  const before = state();
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const words = ["/app/dist/cli.js", "attach", "eth0", NETWORK, SELF];
    const attached = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await Promise.race([
      new Promise((resolve) => attached.stdout.once("data", (data) => resolve([`${data}`.trim()]))),
      new Promise((resolve) => attached.once("exit", () => resolve(["ended"]))),
    ])) as [string];
    spawnSync("ping", ["-c", "1", "-W", "1", OWNER_ADDRESS]);
    const neighbour = run(`/usr/sbin/ip neighbour show to ${OWNER_ADDRESS} dev eth0`);
    const filter = run("/usr/sbin/tc filter show dev eth0 egress");
    attached.kill(signal);
    for (let n = 0; n < 100 && state() !== before; n++) await delay(100);
    console.log(JSON.stringify({ signal, said, neighbour, filter, isAsBefore: state() === before }));
  }
}
