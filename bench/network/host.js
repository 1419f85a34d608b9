// A host with an address of each kind, in a namespace of its own, which can be sent a datagram and answers it.
import { createSocket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import { closeSync, readFileSync } from "node:fs";
import { Network, parseMac } from "sixplane";
import { Counter } from "./counter.js";
import { openPacketSocket, setMac } from "./libc.js";
import { changeSetting, ipBatch } from "./namespace.js";
import { until } from "./until.js";

export const NETWORK = "8056c2e21c000001";
const PORT = 4000;
const IFA_F_TENTATIVE = 0x40; // of linux/if_addr.h

/** Longer than any count takes: that a host asks once more, or looks after one that it knows, is no part of it. */
const SECONDS = 600;

/** @typedef {import("sixplane").Mode | "foreign"} Kind of address; one that is foreign belongs to no node */
/** @typedef {ReturnType<typeof nodeOf>} Node */

/**
 * A node, no two of which have the low 24 bits in common.
 *
 * @param {number} number
 */
export function nodeOf(number) {
  const network = new Network(NETWORK);
  const { node, mac, sixplane, rfc4193 } = network.host((0x1000000000 + number * 7_919_777).toString(16));
  const foreign = `2001:db8::${(number + 1).toString(16)}`;
  return {
    ...{ node, mac },
    /** @type {Record<Kind, string>} */
    addresses: { "6plane": sixplane.address, rfc4193: rfc4193.address, foreign },
    lengths: { "6plane": network.sixplane.length, rfc4193: network.rfc4193.length, foreign: 64 },
  };
}

/** Has the addresses of an interface usable at once. @param {string} [name] without one: of those to come */
export function skipDetection(name = "default") {
  changeSetting(`conf/${name}/accept_dad`, 0);
}

/**
 * Adds addresses to an interface of the namespace that this thread is in.
 *
 * @param {string} name
 * @param {Node} node
 * @param {Kind[]} kinds
 */
export function addAddresses(name, { addresses, lengths }, kinds) {
  ipBatch(kinds.map((kind) => `address add ${addresses[kind]}/${lengths[kind]} dev ${name}`));
}

export class Host {
  #name;
  #mac;
  #addresses;
  #cable;
  #counter;
  #socket = createSocket("udp6");
  #answers = new EventEmitter();

  /**
   * @param {string} name of its interface, which is up, in the namespace that this thread is in
   * @param {Node} node
   */
  constructor(name, { addresses, mac }) {
    this.#name = name;
    this.#mac = parseMac(mac);
    this.#addresses = addresses;
    changeSetting(`neigh/${name}/delay_first_probe_time`, SECONDS);
    changeSetting(`neigh/${name}/retrans_time_ms`, SECONDS * 1000);
    this.#cable = openPacketSocket(name);
    this.#counter = new Counter(this.#cable);
    this.#socket.on("message", (text, { address, port }) => {
      if (`${text}` === "?") this.#socket.send("!", port, address);
      else this.#answers.emit(address);
    });
  }

  /**
   * Has it answer from now on. This thread must still be in its namespace.
   *
   * The kernel makes addresses usable some time after they were added, even without asking who else has them, and until
   * then drops what asks for them.
   */
  async listen() {
    await until("a host's addresses were usable", () => this.#isUsable());
    await new Promise((resolve) => this.#socket.bind(PORT, () => resolve(undefined)));
    return this;
  }

  /**
   * Sends another host a datagram, and waits for the answer: for both, the kernels have to find each other.
   *
   * @param {Host} other
   * @param {Kind} kind of address
   * @param {AbortSignal} signal
   */
  async greet(other, kind, signal) {
    const address = other.#addresses[kind];
    const answered = once(this.#answers, address, { signal });
    this.#socket.send("?", PORT, address);
    await answered;
  }

  #isUsable() {
    const lines = readFileSync("/proc/thread-self/net/if_inet6", "utf8").split("\n");
    const flags = lines.filter((line) => line.endsWith(` ${this.#name}`)).map((line) => line.split(/ +/)[4]);
    return flags.every((digits = "") => (Number.parseInt(digits, 16) & IFA_F_TENTATIVE) === 0);
  }

  /** How many solicitations have come in since it was asked last. */
  solicitations() {
    return this.#counter.take();
  }

  /** Has the kernel forget the other hosts, as it does when a MAC is set, be it the same. */
  forget() {
    setMac(this.#cable, this.#name, this.#mac);
  }

  async close() {
    await new Promise((resolve) => this.#socket.close(() => resolve(undefined)));
    closeSync(this.#cable);
  }
}
