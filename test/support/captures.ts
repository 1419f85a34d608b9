// Captures written out in plain code: every format, byte order and unit of time.
import { hex, toHex } from "./frames.ts";

/** Numbers in a byte order. */
export function order(littleEndian: boolean) {
  const number = (length: number) => (value: number | bigint) => {
    const digits = value.toString(16).padStart(2 * length, "0");
    return littleEndian ? toHex(hex(digits).reverse()) : digits;
  };
  return { u16: number(2), u32: number(4), u64: number(8) };
}

export interface PcapOptions {
  littleEndian?: boolean;
  nanoseconds?: boolean;
  linkType?: number;
}

export function pcapHeader({
  littleEndian = true,
  nanoseconds = false,
  linkType = 1,
}: PcapOptions = {}): Uint8Array {
  const { u16, u32 } = order(littleEndian);
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  return hex(u32(magic) + u16(2) + u16(4) + u32(0) + u32(0) + u32(262_144) + u32(linkType));
}

/** A frame seen at 1,700,000,000.123456(789) s. */
export function pcapRecord(frame: Uint8Array, options: PcapOptions & { length?: number } = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = false, length = frame.length } = options;
  const { u32 } = order(littleEndian);
  const fraction = nanoseconds ? 123_456_789 : 123_456;
  return hex(u32(1_700_000_000) + u32(fraction) + u32(frame.length) + u32(length) + toHex(frame));
}

export function pcap(frames: Uint8Array[], options: PcapOptions = {}): Uint8Array {
  return join([pcapHeader(options), ...frames.map((frame) => pcapRecord(frame, options))]);
}

/** The blocks of a pcapng. */
export function pcapng(littleEndian = true) {
  const { u16, u32, u64 } = order(littleEndian);
  const padded = (text: string) => text.padEnd(Math.ceil(text.length / 8) * 8, "0");
  const block = (type: number, body: string) => {
    const length = u32(12 + body.length / 2);
    return hex(u32(type) + length + body + length);
  };
  const option = (code: number, value: string) => u16(code) + u16(value.length / 2) + padded(value);
  return {
    block,
    section: () => block(0x0a0d0d0a, u32(0x1a2b3c4d) + u16(1) + u16(0) + "ff".repeat(8)),
    interface: ({ linkType = 1, snapLength = 0, resolution = "", offset = 0n } = {}) =>
      block(
        1,
        u16(linkType) +
          u16(0) +
          u32(snapLength) +
          option(2, toHex(new TextEncoder().encode("eth0"))) +
          (resolution ? option(9, resolution) : "") +
          (offset ? option(14, u64(offset)) : "") +
          option(0, ""),
      ),
    enhanced: (frame: Uint8Array, time: bigint, { number = 0, length = frame.length } = {}) =>
      block(
        6,
        u32(number) +
          u32(time >> 32n) +
          u32(time & 0xffff_ffffn) +
          u32(frame.length) +
          u32(length) +
          padded(toHex(frame)),
      ),
    obsolete: (frame: Uint8Array, time: bigint) =>
      block(
        2,
        u16(0) +
          u16(0xffff) +
          u32(time >> 32n) +
          u32(time & 0xffff_ffffn) +
          u32(frame.length) +
          u32(frame.length) +
          padded(toHex(frame)),
      ),
    simple: (frame: Uint8Array, length = frame.length) => block(3, u32(length) + padded(toHex(frame))),
    statistics: () => block(5, u32(0) + u32(0) + u32(0)),
    custom: () => block(0x0bad, u32(32_473) + "00".repeat(40)),
  };
}

export function join(parts: Uint8Array[]): Uint8Array {
  return hex(parts.map(toHex).join(""));
}

/** How Linux saw a frame (if_packet.h): for this host, broadcast, multicast, for another host, or sent. */
export const PACKET_TYPES = { host: 0, broadcast: 1, multicast: 2, otherhost: 3, outgoing: 4 };

export interface Cooked {
  packetType?: number;
  /** Linux's ARPHRD_* number: 1 for Ethernet. */
  hardware?: number;
  /** The length that the header gives for the source address. */
  addressLength?: number;
}

/** The packet type that Linux gives to a frame that comes in. */
export function packetType(frame: Uint8Array): number {
  if (toHex(frame.subarray(0, 6)) === "ffffffffffff") return PACKET_TYPES.broadcast;
  return (frame[0] ?? 0) & 1 ? PACKET_TYPES.multicast : PACKET_TYPES.host;
}

/** An Ethernet frame as `tcpdump -i any` has written it since 2020 (LINKTYPE_LINUX_SLL2). */
export function sll2(frame: Uint8Array, given: Cooked = {}): Uint8Array {
  const { u16, u32 } = order(false);
  const { packetType: type = packetType(frame), hardware = 1, addressLength = 6 } = given;
  const text = toHex(frame);
  const head = text.slice(24, 28) + u16(0) + u32(7) + u16(hardware);
  const kind = u16((type << 8) | addressLength);
  return hex(`${head}${kind}${text.slice(12, 24)}0000${text.slice(28)}`);
}

/** An Ethernet frame as `tcpdump -i any` wrote it before (LINKTYPE_LINUX_SLL). */
export function sll(frame: Uint8Array, given: Cooked = {}): Uint8Array {
  const { u16 } = order(false);
  const { packetType: type = packetType(frame), hardware = 1, addressLength = 6 } = given;
  const text = toHex(frame);
  const head = u16(type) + u16(hardware) + u16(addressLength);
  return hex(`${head}${text.slice(12, 24)}0000${text.slice(24)}`);
}
