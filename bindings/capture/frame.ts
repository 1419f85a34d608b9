import { SixplaneError } from "sixplane";

/**
 * A frame out of a capture, and when it was seen.
 *
 * @example
 * for await (const { bytes, seconds } of readCapture(createReadStream("zt0.pcap"))) console.log(seconds, describe(bytes));
 */
export interface CapturedFrame {
  /**
   * What was captured of the frame, from the Ethernet destination on: a view, until the next frame. Of another link type
   * than Ethernet, its header is replaced by an Ethernet header.
   */
  bytes: Uint8Array;
  /** The frame's length on the wire, its Ethernet header included; more than was captured where the capture cut it. */
  length: number;
  /** Whole seconds since 1970. In pcapng they may be below 0 and beyond 32 bits, which end in 2106. */
  seconds: number;
  /** Nanoseconds into the second. */
  nanoseconds: number;
  /**
   * Which MACs the capture does not hold: the destination, or both. They are 00:00:00:00:00:00 in `bytes`. Absent where
   * both are known.
   */
  lacks?: "destination" | "macs";
}

/** A packet in a capture's own form, with the link-layer header of its link type. */
export interface Packet {
  linkType: number;
  packet: CapturedFrame;
}

/**
 * A capture that cannot be read on: it is cut short or damaged. What came before is good.
 *
 * @example
 * if (error instanceof CaptureError) console.error(`${error.message}: the rest is not read`);
 */
export class CaptureError extends SixplaneError {
  /** `CaptureError`. */
  override name = "CaptureError";
  /** Bytes from the capture's start, unpacked where gzip packed it, to where it stops making sense. */
  readonly offset: number;

  /** @internal */
  constructor(message: string, offset: number) {
    super(`${message}, at offset ${offset}`);
    this.offset = offset;
  }
}

/** The link type of Ethernet frames (LINKTYPE_ETHERNET). */
export const ETHERNET = 1;

/** The longest frame that libpcap writes (MAXIMUM_SNAPLEN): a greater length is damage. */
export const LONGEST_FRAME = 262_144;
