// Network namespaces that last as long as this program: each has a process that reads our end of a pipe.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";

/**
 * Why there can be no namespaces with TAP interfaces here; undefined where there can.
 *
 * @param {string[]} programs what is needed besides
 */
export function obstacle(...programs) {
  if (process.platform !== "linux") return "it needs Linux";
  const missing = ["ip", "nsenter", "setpriv", "unshare", ...programs].filter((name) => !isInstalled(name));
  if (missing.length > 0) return `it needs ${missing.join(", ")}`;
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "it needs to read and write /dev/net/tun: run it as root, or give everybody that right";
  }
  const { status, stderr } = spawnSync("unshare", [...ownNamespace(), "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `it needs network namespaces: ${stderr.trim()}`;
}

export const isInOwnNamespace = process.env.IN_OWN_NAMESPACE === "1";

/**
 * Runs this program again, in a network namespace of its own, and gives its exit status.
 *
 * @param {string[]} options of unshare, besides
 * @param {NodeJS.Signals} [end] what is sent when this program is to end
 */
export async function runInOwnNamespace(options = [], end = "SIGTERM") {
  const words = [...ownNamespace(), ...options, process.execPath, ...process.argv.slice(1)];
  const env = { ...process.env, IN_OWN_NAMESPACE: "1" };
  const child = spawn("unshare", words, { stdio: "inherit", env });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.on(signal, () => child.kill(end));
  }
  const [status] = await once(child, "exit");
  return status ?? 1;
}

/**
 * Options of unshare. An ordinary user gets the capabilities in a user namespace of their own, but stays who they
 * are: as root, tcpdump would try to become another user, of whom there is none.
 */
function ownNamespace() {
  return process.getuid?.() === 0 ? ["--net"] : ["--net", "--user", "--map-current-user", "--keep-caps"];
}

/** @param {string} program */
function isInstalled(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** A network namespace: a machine of its own, as far as the network goes. */
export class Namespace {
  #pid;
  #holder;

  /**
   * @param {number} pid a process in it
   * @param {import("node:child_process").ChildProcess} [holder] the one that keeps it
   */
  constructor(pid, holder) {
    this.#pid = pid;
    this.#holder = holder;
  }

  /** The one that this program is in. */
  static own() {
    return new Namespace(process.pid);
  }

  /** A new one. */
  static async open() {
    const holder = spawn("unshare", ["--net", "sh", "-c", "echo; exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const namespace = new Namespace(holder.pid ?? 0, holder);
    namespace.ip("link set lo up");
    return namespace;
  }

  /** Starts a program in it, which is told to end should this one end before. @param {string[]} words */
  start(...words) {
    const all = ["--pdeathsig=TERM", "nsenter", ...this.#words(words)];
    return spawn("setpriv", all, { stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs a program in it, and gives what that prints. @param {string[]} words */
  run(...words) {
    return execFileSync("nsenter", this.#words(words), { encoding: "utf8" });
  }

  /** Runs `ip` in it. @param {string} words */
  ip(words) {
    return this.run("ip", ...words.split(" "));
  }

  /** Sets what is below /proc/sys/net/ipv6/conf. @param {string} name @param {number} value */
  set(name, value) {
    this.run("sh", "-c", `echo ${value} > /proc/sys/net/ipv6/conf/${name}`);
  }

  /**
   * Lays a cable to another one.
   *
   * @param {string} name the interface at this end
   * @param {Namespace} other
   * @param {string} otherName the interface at that end
   */
  connect(name, other, otherName) {
    this.ip(`link add ${name} type veth peer name ${otherName} netns ${other.#pid}`);
    this.ip(`link set ${name} up`);
    other.ip(`link set ${otherName} up`);
  }

  /** Ends it. The programs in it must have ended before. */
  async close() {
    if (!this.#holder) return;
    const gone = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await gone;
  }

  /** @param {string[]} words */
  #words(words) {
    return [`--target=${this.#pid}`, "--net", "--", ...words];
  }
}
