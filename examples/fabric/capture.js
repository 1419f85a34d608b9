// What really crosses a wire, by tcpdump.
import { spawnSync } from "node:child_process";
import { once } from "node:events";

/** tcpdump buffers what it writes and what it reads unless it is told not to. */
const AT_ONCE = ["--immediate-mode", "-U"];

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
  const words = ["-Z", "root", "-i", name, ...AT_ONCE, "-w", "-", "udp port 4789"];
  const tcpdump = namespace.start("tcpdump", ...words);
  const ended = once(tcpdump, "close");
  /** @type {Buffer[]} */
  const chunks = [];
  tcpdump.stdout.on("data", (chunk) => chunks.push(chunk));
  await listening(tcpdump.stderr);
  return async () => {
    tcpdump.kill("SIGINT");
    await ended;
    return (filter = "") => decode(Buffer.concat(chunks), filter);
  };
}

/** Waits until tcpdump says that it listens. @param {import("node:stream").Readable} stderr */
async function listening(stderr) {
  let said = "";
  for await (const chunk of stderr.iterator({ destroyOnReturn: false })) {
    said += chunk;
    if (!said.includes("listening on")) continue;
    stderr.resume();
    return;
  }
  throw new Error(said);
}

/** @param {Buffer} datagrams @param {string} filter */
function decode(datagrams, filter) {
  const words = ["-n", "-t", "-r", "-", ...(filter ? [filter] : [])];
  const { stdout } = spawnSync("tcpdump", words, { input: datagrams, encoding: "utf8" });
  const lines = stdout.split("\n");
  // Each datagram has a line of its own before that of the frame in it.
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("IP 192"));
}
