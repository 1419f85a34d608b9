// What really crosses a wire, by tcpdump.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Captures the datagrams of `sixplane up` on an interface, from when this resolves until the function that it
 * gives is called. That one gives a function which decodes them, a line for each frame that a filter lets through.
 *
 * @param {string} name
 */
export async function capture(name) {
  const tcpdump = spawn("tcpdump", ["-i", name, "-U", "-w", "-", "udp port 4789"]);
  /** @type {Buffer[]} */
  const chunks = [];
  tcpdump.stdout.on("data", (chunk) => chunks.push(chunk));
  const [said] = await once(tcpdump.stderr, "data");
  if (!String(said).includes("listening on")) throw new Error(String(said));
  return async () => {
    tcpdump.kill("SIGINT");
    await once(tcpdump, "close");
    /** @param {string} filter of pcap-filter(7), over the datagrams */
    return (filter = "") => {
      const words = ["-n", "-t", "-r", "-", ...(filter ? [filter] : [])];
      const text = execFileSync("tcpdump", words, {
        input: Buffer.concat(chunks),
        encoding: "utf8",
        stdio: ["pipe", "pipe", "ignore"],
      });
      return text
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("IP 192"))
        .map((line) => line.trim());
    };
  };
}
