//  An ICMPv6 error in an Ethernet frame: RFC 4443 §2.1 and §3.1, RFC 8200 §3
//
//   0           6      12     14                54     55     56         58         62
//  ┌───────────┬──────┬──────┬─────────────────┬──────┬──────┬──────────┬──────────┬─────────────────────
//  │ to        │ from │ 86dd │ IPv6 header (40)│ type │ code │ checksum │ unused   │ the packet, cut off
//  └───────────┴──────┴──────┴─────────────────┴──────┴──────┴──────────┴──────────┴─────────────────────

import { type Host, type Network, parseAddress } from "sixplane";
import { Bucket } from "../tap/loop/bucket.ts";
import { sumOf } from "./checksum.ts";

const IPV6 = 14;
const PAYLOAD_LENGTH = 18;
const NEXT_HEADER = 20;
const SOURCE = 22;
const DESTINATION = 38;
const MESSAGE = 54;
const CHECKSUM = 56;
const PACKET = 62;

const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const ECHO_REQUEST = 128;
const DESTINATION_UNREACHABLE = 1;
const ADDRESS_UNREACHABLE = 3;

/** An error must fit where every IPv6 path takes it (RFC 4443 §2.4 (c)). */
const MOST_PACKET = 1280 - 48;

const ERRORS_PER_SECOND = 100;

/** Answers packets to nodes that are no peers, so that who sends them need not wait. */
export class Unreachable {
  readonly #network: Network;
  readonly #host: Host;
  readonly #bucket = new Bucket(ERRORS_PER_SECOND);

  /** @param host which is to say so */
  constructor(network: Network, host: Host) {
    this.#network = network;
    this.#host = host;
  }

  /**
   * The error "address unreachable" for the sender of a frame.
   *
   * @returns undefined where there must be none (RFC 4443 §2.4 (e)), or there have been many
   */
  answer(frame: Uint8Array): Uint8Array | undefined {
    if (frame.length <= MESSAGE || !isAnswerable(frame)) return undefined;
    const owner = this.#network.ownerOf(frame.slice(DESTINATION, DESTINATION + 16));
    if (!owner || !this.#take()) return undefined;
    const { sixplane, rfc4193 } = this.#host;
    return errorFor(frame, parseAddress((owner.mode === "6plane" ? sixplane : rfc4193).address));
  }

  #take(): boolean {
    this.#bucket.fill();
    return this.#bucket.take();
  }
}

/** Whether a frame is of TCP or UDP, or an echo request, from one host: others may be errors, or have none. */
function isAnswerable(frame: Uint8Array): boolean {
  if (frame[12] !== 0x86 || frame[13] !== 0xdd || (frame[IPV6] ?? 0) >> 4 !== 6) return false;
  const next = frame[NEXT_HEADER];
  const isAsking = next === TCP || next === UDP || (next === ICMPV6 && frame[MESSAGE] === ECHO_REQUEST);
  const source = frame.subarray(SOURCE, DESTINATION);
  return isAsking && source[0] !== 0xff && source.some((byte) => byte !== 0);
}

function errorFor(frame: Uint8Array, source: Uint8Array): Uint8Array {
  const packet = frame.subarray(IPV6, IPV6 + MOST_PACKET);
  const error = new Uint8Array(PACKET + packet.length);
  const payload = error.length - MESSAGE;
  error.set(frame.subarray(6, 12), 0);
  error.set(frame.subarray(0, 6), 6);
  error.set([0x86, 0xdd, 0x60], 12);
  error.set([payload >> 8, payload & 0xff, ICMPV6, 64], PAYLOAD_LENGTH);
  error.set(source, SOURCE);
  error.set(frame.subarray(SOURCE, DESTINATION), DESTINATION);
  error.set([DESTINATION_UNREACHABLE, ADDRESS_UNREACHABLE], MESSAGE);
  error.set(packet, PACKET);
  const checksum = ~sumOf(error, SOURCE, error.length, payload + ICMPV6);
  error.set([(checksum >> 8) & 0xff, checksum & 0xff], CHECKSUM);
  return error;
}
