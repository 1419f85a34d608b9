// Network namespaces as open files: they need no process, and go when this one ends, however it does.
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { enterNamespace, leaveNamespace } from "./libc.js";

/** A network namespace, in which this thread is for as long as some work there takes. */
export class Namespace {
  #file;

  /** @param {number} file */
  constructor(file) {
    this.#file = file;
  }

  /** The one that this thread is in. */
  static own() {
    return new Namespace(openSync("/proc/thread-self/ns/net", "r"));
  }

  /** A new one. */
  static open() {
    const own = Namespace.own();
    try {
      leaveNamespace();
      return Namespace.own();
    } finally {
      enterNamespace(own.#file);
      own.close();
    }
  }

  /** What the `netns` of `ip link` takes. */
  get path() {
    return `/proc/${process.pid}/fd/${this.#file}`;
  }

  /**
   * Works in it. Of work that waits there can be one at a time, as it is the thread that goes there.
   *
   * @template Result
   * @param {() => Promise<Result>} work
   */
  async within(work) {
    const own = Namespace.own();
    enterNamespace(this.#file);
    try {
      return await work();
    } finally {
      enterNamespace(own.#file);
      own.close();
    }
  }

  close() {
    closeSync(this.#file);
  }
}

/** Runs several commands of `ip` where this thread is. @param {string[]} lines */
export function ipBatch(lines) {
  execFileSync("ip", ["-batch", "-"], { input: lines.join("\n"), stdio: ["pipe", "pipe", "inherit"] });
}

/** Changes a setting below /proc/sys/net/ipv6, where this thread is. @param {string} path @param {number} value */
export function changeSetting(path, value) {
  writeFileSync(`/proc/sys/net/ipv6/${path}`, String(value));
}
