// Network namespaces that last until they are closed, or until this program ends, however it ends.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import koffi from "koffi";

const CLONE_NEWNET = 0x40000000;
const libc = koffi.load(null);
const unshare = libc.func("unshare", "int", ["int"]);
const setns = libc.func("setns", "int", ["int", "int"]);

/**
 * What this machine lacks for namespaces with TAP interfaces, as in "this needs …"; undefined where it lacks nothing.
 *
 * @param {string[]} programs what is needed besides
 */
export function obstacle(...programs) {
  if (process.platform !== "linux") return "Linux";
  const missing = ["ip", "setpriv", "unshare", ...programs].filter((name) => !isInstalled(name));
  if (missing.length > 0) return `${missing.join(", ")}, which cannot be found`;
  try {
    closeSync(openSync("/dev/net/tun", "r+"));
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    return `to read and write /dev/net/tun, which fails with ${code}: run it as root`;
  }
  const { status, stderr } = spawnSync("unshare", [...ownNamespace(), "sh", "-c", ":"], { encoding: "utf8" });
  return status === 0 ? undefined : `network namespaces, which cannot be made: ${stderr.trim()}`;
}

/** Whether a program can be found. @param {string} program */
export function isInstalled(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

export const isInOwnNamespace = process.env["IN_OWN_NAMESPACE"] === "1";

/**
 * Runs this program again, in a network namespace of its own, and gives its exit status.
 *
 * @param {string[]} options further options of unshare
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
 * are: as root, tcpdump would try to become another user, who does not exist there.
 */
function ownNamespace() {
  return process.getuid?.() === 0 ? ["--net"] : ["--net", "--user", "--map-current-user", "--keep-caps"];
}

/** A network namespace: a machine of its own, as far as the network goes. */
export class Namespace {
  #file;

  /** @param {number} file a descriptor of it */
  constructor(file) {
    this.#file = file;
  }

  /** The one that this thread is in. */
  static own() {
    return new Namespace(openSync("/proc/thread-self/ns/net", "r"));
  }

  /** A new one, whose loopback interface is up. */
  static open() {
    const own = Namespace.own();
    check("unshare", unshare(CLONE_NEWNET));
    const namespace = Namespace.own();
    own.#enter();
    own.close();
    namespace.ip("link set lo up");
    return namespace;
  }

  /**
   * Runs a function in it, on this thread: the sockets that it opens, the programs that it starts and the settings
   * that it writes are the namespace's. It must not wait, as whatever else this thread does would happen there, too.
   *
   * @template Result
   * @param {() => Result} work
   */
  within(work) {
    const own = Namespace.own();
    this.#enter();
    try {
      return work();
    } finally {
      own.#enter();
      own.close();
    }
  }

  /** The words of a command that runs in it. @param {string[]} words @returns {[string, ...string[]]} */
  words(...words) {
    return ["nsenter", `--net=${this.path}`, "--", ...words];
  }

  /** Starts a program in it, which gets SIGTERM if this one ends first. @param {string[]} words */
  start(...words) {
    const all = ["--pdeathsig=TERM", ...words];
    return this.within(() => spawn("setpriv", all, { stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Runs `ip` in it, and gives what that prints. @param {string} words */
  ip(words) {
    return this.within(() => execFileSync("ip", words.split(" "), { encoding: "utf8" }));
  }

  /** Sets a value below /proc/sys/net/ipv6/conf. @param {string} name @param {number} value */
  set(name, value) {
    this.within(() => writeFileSync(`/proc/sys/net/ipv6/conf/${name}`, `${value}`));
  }

  /**
   * Lays a cable to another one.
   *
   * @param {string} name the interface at this end
   * @param {Namespace} other
   * @param {string} otherName the interface at that end
   */
  connect(name, other, otherName) {
    this.ip(`link add ${name} type veth peer name ${otherName} netns ${other.path}`);
    this.ip(`link set ${name} up`);
    other.ip(`link set ${otherName} up`);
  }

  /** Lets go of it. The kernel removes it when no program and no socket is in it any more. */
  close() {
    closeSync(this.#file);
  }

  [Symbol.dispose]() {
    this.close();
  }

  /** Its file, as `ip link add … netns` and nsenter take it. It is there until `close`. */
  get path() {
    return `/proc/${process.pid}/fd/${this.#file}`;
  }

  #enter() {
    check("setns", setns(this.#file, CLONE_NEWNET));
  }
}

/** @param {string} name @param {number} result of a function of libc */
function check(name, result) {
  if (result < 0) throw new Error(`${name} failed with error number ${koffi.errno()}`);
}
