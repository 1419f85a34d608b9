// What really crosses a wire, by tcpdump.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** tcpdump buffers what it writes and what it reads unless it is told not to. */
const AT_ONCE = ["--immediate-mode", "-U"];
/** Longer than any frame. With tcpdump's usual length, a few unread frames fill its memory. */
const LENGTH = ["-s", "2048"];

/** What tcpdump says when it gets SIGUSR1. */
const COUNTS = /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped by kernel/;

/**
 * Captures the datagrams of `sixplane up` on an interface, from when this resolves until the function that it
 * gives is called. That one gives a function which decodes them: a line for each frame that a filter of
 * pcap-filter(7), over the datagrams, lets through.
 *
 * @param {import("./namespace.js").Namespace} namespace where the interface is
 * @param {string} name
 */
export async function capture(namespace, name) {
  // Root stays root: a process that becomes another user is not told any more when this one ends.
  const words = ["-Z", "root", "-i", name, ...AT_ONCE, ...LENGTH, "-w", "-", "udp port 4789"];
  const tcpdump = namespace.start("tcpdump", ...words);
  const ended = once(tcpdump, "close");
  /** @type {Buffer[]} */
  const chunks = [];
  tcpdump.stdout.on("data", (chunk) => chunks.push(chunk));
  const says = lines(tcpdump.stderr);
  await says(/listening on/);
  return async () => {
    await caughtUp(tcpdump, says);
    tcpdump.kill("SIGINT");
    await ended;
    return (filter = "") => decode(Buffer.concat(chunks), filter);
  };
}

/**
 * Waits until tcpdump has written all frames that it received. Frames that it has not written when it ends are lost.
 *
 * @param {import("node:child_process").ChildProcess} tcpdump
 * @param {(pattern: RegExp) => Promise<RegExpExecArray>} says
 */
async function caughtUp(tcpdump, says) {
  for (;;) {
    tcpdump.kill("SIGUSR1");
    const [, captured, received, dropped] = (await says(COUNTS)).map(Number);
    if (dropped !== 0) throw new Error(`tcpdump missed ${dropped} frames`);
    if (captured === received) return;
  }
}

/**
 * Gives a function that waits for the next line that matches.
 *
 * @param {import("node:stream").Readable} stderr
 * @returns {(pattern: RegExp) => Promise<RegExpExecArray>}
 */
function lines(stderr) {
  const all = createInterface(stderr)[Symbol.asyncIterator]();
  return async (pattern) => {
    const said = [];
    for (;;) {
      const { value, done } = await all.next();
      if (done) throw new Error(said.join("\n"));
      const found = pattern.exec(value);
      if (found) return found;
      said.push(value);
    }
  };
}

/** @param {Buffer} datagrams @param {string} filter */
function decode(datagrams, filter) {
  const words = ["-n", "-t", "-r", "-", ...(filter ? [filter] : [])];
  const { stdout } = spawnSync("tcpdump", words, { input: datagrams, encoding: "utf8" });
  const lines = stdout.split("\n");
  // Each datagram has a line of its own before that of the frame in it.
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("IP 192"));
}
