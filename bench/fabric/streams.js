// What iperf3 carries from one end of a way to the other, and what that takes of the processors.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { json } from "node:stream/consumers";

/** @typedef {import("./hosts.js").Way} Way */

/** Bytes of a small packet's payload. */
const SMALL = 64;

/** Bits a second of one TCP stream. @param {Way} way @param {number} seconds */
export async function stream(way, seconds) {
  const { end } = await iperf3(way, ["--time", `${seconds}`]);
  return end.sum_received.bits_per_second;
}

/**
 * Small packets of UDP at a rate.
 *
 * @param {Way} way
 * @param {number} rate packets a second that are wanted
 * @param {number} seconds
 * @returns {Promise<{ received: number, busy: number }>} packets a second that arrived, and the share of one processor that the
 *   whole machine was busy, iperf3 included
 */
export async function packets(way, rate, seconds) {
  const words = ["--udp", "--length", `${SMALL}`, "--bitrate", `${rate * SMALL * 8}`, "--time", `${seconds}`];
  const before = busyTicks();
  const { end } = await iperf3(way, words);
  const busy = busyTicks() - before;
  const { packets: sent, lost_packets: lost, seconds: took } = end.sum;
  return { received: (sent - lost) / took, busy: busy / 100 / took };
}

/** @param {Way} way @param {string[]} words */
async function iperf3({ from, to, address }, words) {
  const server = to.start("iperf3", "--server", "--one-off", "--forceflush");
  const ended = once(server, "exit");
  await once(server.stdout, "data"); // it listens
  server.stdout.resume();
  const client = from.start("iperf3", "--client", address, ...words, "--json");
  const result = /** @type {any} */ (await json(client.stdout));
  if (result.error) throw new Error(`iperf3: ${result.error}`);
  await ended;
  return result;
}

/** Hundredths of a second that all processors have worked: proc_stat(5). */
function busyTicks() {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, soft = 0] = line.split(/ +/).slice(1).map(Number);
  return user + nice + system + interrupt + soft;
}
