import { type Core, MODE_BITS, type Mode, REPLY_LENGTH } from "./core.ts";
import { mismatch } from "./errors.ts";
import { formatHex, parseNode } from "./identifier.ts";
import { INSPECT } from "./inspect.ts";
import { checkKeys } from "./options.ts";
import { REFUSALS, type Verdict } from "./verdict.ts";

/**
 * The options of a responder.
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
   * Whether to answer unicast probes, too. A kernel sends one to check that it can still reach a known
   * neighbour. Off by default, because only the owner's own answer proves that. Switch it on where the addresses
   * of a /80 are routed to containers: the owner's kernel does not answer for them.
   */
  probes?: boolean;
}

/**
 * Answers the Neighbor Solicitations that one host sends into one network.
 *
 * Its only state is its configuration. It has one WebAssembly page of memory of its own, which never grows, so
 * views of that memory stay valid as long as the responder exists.
 *
 * @example
 * const responder = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" });
 * const verdict = responder.answer(frame);
 * if (verdict.kind === "reply") deliver(verdict.frame);
 */
export class Responder {
  /** The host's own node address, 10 lower-case hex digits. */
  readonly node: string;

  /**
   * The core's memory for a frame, 65,518 bytes. For `answerInPlace`: read a frame into it, and write the reply
   * from its start.
   */
  readonly buffer: Uint8Array;

  readonly #respond: (length: number) => number;
  readonly #reply: Verdict;

  /** @internal made by `Network.responder` */
  constructor(core: Core, network: Uint8Array, options: ResponderOptions) {
    const node = parseNode(options?.node);
    checkKeys(options, ["node", "modes", "probes"]);
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
   * Allocates nothing. Verdicts are shared objects. A reply's `frame` is a view that is valid until the next
   * call; `slice()` keeps it longer.
   *
   * @param frame an Ethernet frame from its destination MAC on; it is not changed. Only its first 65,518 bytes
   *   are looked at.
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
   * @returns 86, the length of the reply; or 0 or below, and the frame is unchanged. `verdict` explains the
   *   number
   * @throws InputError for a length that the buffer cannot hold
   * @example
   * const length = responder.answerInPlace(readSync(file, responder.buffer));
   * if (length > 0) writeSync(file, responder.buffer, 0, length);
   */
  answerInPlace(length: number): number {
    if (!(Number.isInteger(length) && length >= 0 && length <= this.buffer.length)) {
      throw mismatch("frame length", `0 to ${this.buffer.length}`, length);
    }
    return this.#respond(length);
  }

  /**
   * The verdict for a return value of `answerInPlace`. It is a shared object. A reply's `frame` is a view of
   * `buffer`.
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

  /**
   * The host's own node address, 10 lower-case hex digits.
   *
   * @example
   * new Network("8056c2e21c000001").responder({ node: "89e92ceee5" }).toString();  // "89e92ceee5"
   */
  toString(): string {
    return this.node;
  }

  /** @internal */
  [INSPECT](): string {
    return `Responder ${this.node}`;
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
