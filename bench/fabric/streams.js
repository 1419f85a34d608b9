// What iperf3 carries from one end of a way to the other, and what that takes of the processors.
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { busySeconds } from "../tap/answers.js";

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
  const before = busySeconds();
  const { end } = await iperf3(way, words);
  const busy = busySeconds() - before;
  const { packets: sent, lost_packets: lost, seconds: took } = end.sum;
  return { received: (sent - lost) / took, busy: busy / took };
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
