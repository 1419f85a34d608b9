import { type Core, MODE_BITS, type Mode, REPLY_LENGTH } from "./core.ts";
import { mismatch } from "./errors.ts";
import { formatHex, parseNode } from "./identifier.ts";
import { REFUSALS, type Verdict } from "./verdict.ts";

/**
 * What a responder answers for.
 *
 * @example
 * const options: ResponderOptions = { node: "89e92ceee5", modes: ["6plane"], probes: true };
 */
export interface ResponderOptions {
  /** The node address of this host, 10 hex digits: solicitations for its own addresses are passed on. */
  node: string;
  /** The kinds of address to answer for. Both by default. */
  modes?: readonly Mode[];
  /**
   * Whether to answer unicast probes, too, by which a kernel checks that a neighbour it knows can
   * still be reached. Off by default, as only the owner's own answer proves that. It helps where the
   * addresses of a /80 are routed on to containers, for which the owner's kernel does not answer.
   */
  probes?: boolean;
}

/**
 * Answers the Neighbor Solicitations that one host sends into one network.
 *
 * It holds no state but its configuration, and one WebAssembly page of memory of its own, which
 * never grows: views of it stay valid as long as the responder.
 *
 * @example
 * const responder = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" });
 * const verdict = responder.answer(frame);
 * if (verdict.kind === "reply") tap.write(verdict.frame);
 */
export class Responder {
  /** The host's own node address, 10 lower-case hex digits. */
  readonly node: string;

  /**
   * The core's own memory for a frame, 65,518 bytes, for `answerInPlace`: read a frame straight
   * into it, write the reply straight from its start.
   */
  readonly buffer: Uint8Array;

  readonly #respond: (length: number) => number;
  readonly #reply: Verdict;

  /** @internal made by `Network.responder` */
  constructor(core: Core, network: Uint8Array, options: ResponderOptions) {
    const node = parseNode(options?.node);
    const instance = core.another();
    instance.configure(network, node, modeBits(options));
    this.node = formatHex(node);
    this.buffer = instance.frame;
    this.#respond = instance.respond;
    this.#reply = Object.freeze({
      kind: "reply",
      reason: "emulated",
      frame: this.buffer.subarray(0, REPLY_LENGTH),
    });
  }

  /**
   * Judges a frame and makes its reply.
   *
   * Allocates nothing: verdicts are shared objects, and a reply's `frame` is a view that holds
   * until the next call; `slice()` it to keep it.
   *
   * @param frame an Ethernet frame from its destination MAC on, left as it is. Of a longer one than
   *   65,518 bytes that much is looked at; a solicitation can only be so long on a link whose MTU is.
   * @throws InputError for anything but bytes
   * @example
   * const responder = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" });
   * responder.answer(new Uint8Array(60));  // { kind: "pass", reason: "not-ipv6" }
   */
  answer(frame: Uint8Array): Verdict {
    if (!(frame instanceof Uint8Array)) throw mismatch("frame", "a Uint8Array", frame);
    const { length } = this.buffer;
    this.buffer.set(frame.length > length ? frame.subarray(0, length) : frame);
    return this.verdict(this.#respond(Math.min(frame.length, length)));
  }

  /**
   * Judges the frame that lies at the start of `buffer`, and puts the reply in its place.
   *
   * @param length the frame's length, 0 to 65,518 bytes
   * @returns the length of the reply, 86; else 0 or below, and the frame is as it was: `verdict`
   *   tells what the number means
   * @throws InputError for a length that the buffer cannot hold
   * @example
   * const length = responder.answerInPlace(readSync(tap, responder.buffer));
   * if (length > 0) writeSync(tap, responder.buffer, 0, length);
   */
  answerInPlace(length: number): number {
    if (!(Number.isInteger(length) && length >= 0 && length <= this.buffer.length)) {
      throw mismatch("frame length", `0 to ${this.buffer.length}`, length);
    }
    return this.#respond(length);
  }

  /**
   * The verdict behind what `answerInPlace` returned. A shared object; a reply's `frame` is a view
   * of `buffer`.
   *
   * @param returned 86, 0, or -1 to -31
   * @throws InputError for a number that it never returns
   * @example
   * const responder = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" });
   * responder.verdict(responder.answerInPlace(0));  // { kind: "pass", reason: "too-short" }
   */
  verdict(returned: number): Verdict {
    const verdict = returned === REPLY_LENGTH ? this.#reply : REFUSALS[-returned];
    if (!verdict) throw mismatch("code", "one that answerInPlace returned", returned);
    return verdict;
  }
}

function modeBits({ modes = ["6plane", "rfc4193"], probes = false }: ResponderOptions): number {
  if (!Array.isArray(modes) || modes.length === 0) {
    throw mismatch("modes", "an array of 6plane, rfc4193 or both", modes);
  }
  return modes.reduce<number>((bits, mode) => bits | modeBit(mode), probes ? MODE_BITS.probes : 0);
}

function modeBit(mode: Mode): number {
  if (mode !== "6plane" && mode !== "rfc4193") throw mismatch("mode", "6plane or rfc4193", mode);
  return MODE_BITS[mode];
}
