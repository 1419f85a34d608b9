// Two Docker Engines, each in a host of its own, and a container of each that connects to that of the other.
import { execFileSync } from "node:child_process";
import { Network } from "sixplane";
import { capture } from "../fabric/capture.js";
import { openHosts } from "../fabric/host.js";
import { isInOwnNamespace, Namespace, obstacle, runInOwnNamespace } from "../fabric/namespace.js";
import { PUBLISHED, startEngine, UNPUBLISHED } from "./engine.js";

const NETWORK = "8056c2e21c000001";
const NODES = ["89e92ceee5", "deadbeef01"];

const why =
  process.getuid?.() === 0 ? obstacle("busybox", "docker", "dockerd", "tar", "tcpdump") : "to run as root";
if (why) {
  console.error(`Docker Engines cannot run here, as they need ${why}.`);
  process.exitCode = 1;
} else if (isInOwnNamespace) {
  await show();
} else {
  // When unshare ends, so does the first process in its process namespace, and with that all others there.
  const options = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  process.exitCode = await runInOwnNamespace(options, "SIGKILL");
  removeControlGroups();
}

async function show() {
  keepFoldersOutOfIt();
  const network = new Network(NETWORK);
  const outside = Namespace.own();
  outside.ip("link add wire type bridge");
  outside.ip("link set wire up");
  const stopCapture = await capture(outside, "wire");
  const hosts = await openHosts(network, NODES, outside, "wire");
  const engines = await Promise.all(
    hosts.map((host) => startEngine(network, host, `/run/${host.names.node}`)),
  );
  const containers = engines.map((engine) => ({ engine, address: engine.startContainer() }));
  for (const { engine, address } of containers) {
    console.log(`Docker on host ${engine.node} runs a container, ${address}`);
  }
  for (const { engine } of containers) {
    const [other] = containers.filter((container) => container.engine !== engine);
    for (const port of [PUBLISHED, UNPUBLISHED]) {
      console.log(`\nThe container on ${engine.node} connects to port ${port} of ${other?.address}:`);
      console.log(engine.connect(other?.address ?? "", port));
    }
  }
  console.log("\nBetween the hosts, under their own addresses:");
  for (const kind of new Set((await stopCapture())().map(withoutNumbers))) console.log(kind);
  for (const engine of engines) await engine.close();
  for (const host of hosts) await host.close();
}

/** What the engines leave outside of their own folders goes to memory, and with this program. */
function keepFoldersOutOfIt() {
  const commands = ["mount -t tmpfs none /run", "mount -t tmpfs none /opt", "cp -a /etc /run/etc"];
  for (const command of [...commands, "mount --bind /run/etc /etc"]) execFileSync("sh", ["-c", command]);
}

/** The engines leave these empty folders, which are the machine's. */
function removeControlGroups() {
  const paths = NODES.flatMap((node) => ["-o", "-path", `*/sixplane-${node}*`]).slice(1);
  const words = ["-depth", "-type", "d", "(", ...paths, ")", "-exec", "rmdir", "{}", "+"];
  execFileSync("find", ["/sys/fs/cgroup", ...words]);
}

/** A line of tcpdump's, without what differs from one packet to the next. @param {string} line */
function withoutNumbers(line) {
  return line.replace(/\.\d{3,}\b/g, "").replace(/: Flags .*/, ": TCP");
}
