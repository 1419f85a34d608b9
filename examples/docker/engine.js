// A Docker Engine in the namespace of a host, told its prefix by `sixplane docker`.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const IMAGE = "busybox";

/**
 * Starts dockerd, and waits until it can be asked.
 *
 * @param {import("sixplane").Network} network
 * @param {import("../backplane/host.js").Host} host
 * @param {string} folder for all that the engine writes; there must be none of that name
 */
export async function startEngine(network, host, folder) {
  mkdirSync(folder);
  const { node } = host.names;
  const words = ["docker", network.id, node, "--engine", engineVersion()];
  writeFileSync(`${folder}/daemon.json`, execFileSync(process.execPath, [COMMAND, ...words]));
  const dockerd = host.namespace.start(
    ...["dockerd", `--config-file=${folder}/daemon.json`, `--host=unix://${folder}/socket`],
    ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/pid`],
    ...["--storage-driver=vfs", "--iptables=false", "--exec-opt=native.cgroupdriver=cgroupfs"],
    `--cgroup-parent=/sixplane-${node}`,
  );
  await listening(dockerd);
  const engine = new Engine(node, dockerd, folder);
  engine.importImage();
  return engine;
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

  /** Runs `docker`, and gives what it prints. @param {string[]} words */
  docker(...words) {
    const env = { ...process.env, DOCKER_CONFIG: this.#folder };
    const all = ["--host", `unix://${this.#folder}/socket`, ...words];
    return execFileSync("docker", all, { env, encoding: "utf8" }).trim();
  }

  /** Makes an image of busybox and nothing else. */
  importImage() {
    const root = `${this.#folder}/root`;
    mkdirSync(`${root}/bin`, { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, `${root}/bin/busybox`, { dereference: true });
    execFileSync("tar", ["-C", root, "-cf", `${this.#folder}/image.tar`, "."]);
    this.docker("import", `${this.#folder}/image.tar`, IMAGE);
  }

  /** Starts a container, and gives its IPv6 address. */
  startContainer() {
    this.docker("run", "--detach", "--name", "container", IMAGE, "/bin/busybox", "sleep", "3600");
    return this.docker("inspect", "-f", "{{.NetworkSettings.GlobalIPv6Address}}", "container");
  }

  /** Has the container ping an address, and gives what ping says. @param {string} address */
  ping(address) {
    return this.docker("exec", "container", "/bin/busybox", "ping6", "-c", "3", "-w", "10", address);
  }

  /** Ends the container and the engine. */
  async close() {
    this.docker("rm", "--force", "container");
    const gone = once(this.#dockerd, "exit");
    this.#dockerd.kill();
    await gone;
  }
}

/** @typedef {import("node:stream").Readable} Readable */
