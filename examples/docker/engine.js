// A Docker Engine in the namespace of a host, told its prefixes by `sixplane config docker`.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const IMAGE = "busybox";

/** The network that engines have besides their default bridge, by which containers are known, too. */
export const NAMED_NETWORK = "web";
export const NETWORKS = ["bridge", NAMED_NETWORK];

/**
 * Starts dockerd, and waits until it can be asked.
 *
 * @param {import("sixplane").Network} network
 * @param {import("../fabric/host.js").Host} host
 * @param {string} folder for all that the engine writes; there must be none of that name
 */
export async function startEngine(network, host, folder) {
  mkdirSync(folder);
  const { node } = host.names;
  const words = ["--network", network.id, "--node", node, "--engine", engineVersion()];
  configure(...words, "--output", `${folder}/daemon.json`);
  const dockerd = host.namespace.start(
    ...["dockerd", `--config-file=${folder}/daemon.json`, `--host=unix://${folder}/socket`],
    ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/pid`],
    ...["--storage-driver=vfs", "--iptables=false", "--exec-opt=native.cgroupdriver=cgroupfs"],
    `--cgroup-parent=/sixplane-${node}`,
  );
  await listening(dockerd);
  const engine = new Engine(node, dockerd, folder);
  engine.importImage();
  engine.run(configure(...words, "--subnet", NAMED_NETWORK));
  return engine;
}

/** Runs `sixplane config docker`, and gives what it prints. @param {string[]} words */
function configure(...words) {
  return execFileSync(process.execPath, [COMMAND, "config", "docker", ...words], { encoding: "utf8" });
}

/** The version of this machine's dockerd, as in 20.10. */
function engineVersion() {
  const said = execFileSync("dockerd", ["--version"], { encoding: "utf8" });
  return /version (\d+\.\d+)/.exec(said)?.[1] ?? said;
}

/** @param {import("node:child_process").ChildProcessByStdio<null, Readable, Readable>} dockerd */
async function listening({ stdout, stderr }) {
  stdout.resume();
  const log = [];
  for await (const line of createInterface(stderr)) {
    log.push(line);
    if (!line.includes("API listen on")) continue;
    stderr.resume();
    return;
  }
  throw new Error(`dockerd has ended:\n${log.join("\n")}`);
}

/** A running engine. */
export class Engine {
  #dockerd;
  #folder;

  /**
   * @param {string} node
   * @param {import("node:child_process").ChildProcess} dockerd
   * @param {string} folder
   */
  constructor(node, dockerd, folder) {
    this.node = node;
    this.#dockerd = dockerd;
    this.#folder = folder;
  }

  /** Runs commands of a shell that ask this engine, and gives what they print. @param {string} commands */
  run(commands) {
    const env = { ...process.env, DOCKER_CONFIG: this.#folder, DOCKER_HOST: `unix://${this.#folder}/socket` };
    return execFileSync("sh", ["-ec", commands], { env, encoding: "utf8" }).trim();
  }

  /** Makes an image of busybox and nothing else. */
  importImage() {
    const root = `${this.#folder}/root`;
    mkdirSync(`${root}/bin`, { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, `${root}/bin/busybox`, { dereference: true });
    execFileSync("tar", ["-C", root, "-cf", `${this.#folder}/image.tar`, "."]);
    this.run(`docker import ${this.#folder}/image.tar ${IMAGE}`);
  }

  /** Starts a container on a network, and gives its IPv6 address. @param {string} network */
  startContainer(network) {
    this.run(`docker run --detach --net ${network} --name on-${network} ${IMAGE} /bin/busybox sleep 3600`);
    const address = `{{.NetworkSettings.Networks.${network}.GlobalIPv6Address}}`;
    return this.run(`docker inspect -f '${address}' on-${network}`);
  }

  /** Has the container on a network ping an address, and gives what ping says. @param {string} network @param {string} address */
  ping(network, address) {
    return this.run(`docker exec on-${network} /bin/busybox ping6 -c 3 -i 0.2 -w 10 ${address}`);
  }

  /** Ends the containers and the engine. */
  async close() {
    this.run("docker rm --force $(docker ps --quiet)");
    const gone = once(this.#dockerd, "exit");
    this.#dockerd.kill();
    await gone;
  }
}

/** @typedef {import("node:stream").Readable} Readable */
