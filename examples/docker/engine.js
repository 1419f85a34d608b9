// A Docker Engine in the namespace of a host, told its prefixes by `sixplane config docker`.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const IMAGE = "busybox";

/** The network of each engine, which has one container. */
const NAMED_NETWORK = "web";
const CONTAINER = "server";

/** A port that the container publishes, and one that it does not. On both, it sends a greeting. */
export const PUBLISHED = 80;
export const UNPUBLISHED = 81;

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
  const words = [
    ...["--network", network.id, "--node", node],
    ...["--engine", engineVersion(), "--mtu", `${host.mtu}`],
  ];
  configure(...words, "--output", `${folder}/daemon.json`);
  const dockerd = host.namespace.start(
    ...["dockerd", `--config-file=${folder}/daemon.json`, `--host=unix://${folder}/socket`],
    ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/pid`],
    ...["--storage-driver=vfs", "--exec-opt=native.cgroupdriver=cgroupfs"],
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

  /** Makes an image of busybox and a greeting. */
  importImage() {
    const root = `${this.#folder}/root`;
    mkdirSync(`${root}/bin`, { recursive: true });
    writeFileSync(`${root}/greeting`, `Hello from the container on ${this.node}`);
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, `${root}/bin/busybox`, { dereference: true });
    execFileSync("tar", ["-C", root, "-cf", `${this.#folder}/image.tar`, "."]);
    this.run(`docker import ${this.#folder}/image.tar ${IMAGE}`);
  }

  /** Starts the container, which greets whoever connects, and gives its IPv6 address. */
  startContainer() {
    const listen = (/** @type {number} */ port) => `nc -ll -p ${port} -e /bin/busybox cat /greeting`;
    const command = `/bin/busybox sh -c '/bin/busybox ${listen(PUBLISHED)} & exec /bin/busybox ${listen(UNPUBLISHED)}'`;
    this.run(
      `docker run --detach --net ${NAMED_NETWORK} -p ${PUBLISHED} --name ${CONTAINER} ${IMAGE} ${command}`,
    );
    const address = `{{.NetworkSettings.Networks.${NAMED_NETWORK}.GlobalIPv6Address}}`;
    return this.run(`docker inspect -f '${address}' ${CONTAINER}`);
  }

  /** Has the container connect to another one, and gives what it got, or why it got nothing. @param {string} address @param {number} port */
  connect(address, port) {
    return this.run(`docker exec ${CONTAINER} /bin/busybox nc -w 5 ${address} ${port} 2>&1 || true`);
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
