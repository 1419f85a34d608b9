import { InputError } from "sixplane";
import { type ByteStream, view } from "./bytes.ts";
import { type CapturedFrame, CaptureError, ETHERNET, LONGEST_FRAME, type Packet } from "./frame.ts";
import { isRead } from "./link-layer.ts";
import { linkTypeName } from "./link-types.ts";

//  Classic pcap (draft-ietf-opsawg-pcap), in the byte order of the machine that wrote it
//
//   0       4         8          16            20          24
//  ┌───────┬─────────┬──────────┬─────────────┬───────────┐
//  │ magic │ version │ reserved │ snap length │ link type │   once
//  └───────┴─────────┴──────────┴─────────────┴───────────┘
//  ┌─────────┬──────────┬──────────┬──────────┬────────┐
//  │ seconds │ fraction │ captured │ original │ frame… │      for each frame
//  └─────────┴──────────┴──────────┴──────────┴────────┘
//   0         4          8          12         16

const HEADER = 24;
const RECORD_HEADER = 16;
const VERSION = "2.4"; // before it, a frame's lengths changed places
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** In February 2106: pcap has 32 bits for seconds. */
const LAST_SECOND = 0xffff_ffff;

/** How a pcap writes its numbers. */
export interface PcapFormat {
  littleEndian: boolean;
  /** Nanoseconds in one unit of a time's fraction. */
  unit: number;
}

/** The format of a file that starts with these four bytes, where they are one of pcap's magics. */
export function pcapFormat(magic: Uint8Array): PcapFormat | undefined {
  for (const littleEndian of [true, false]) {
    const number = view(magic).getUint32(0, littleEndian);
    if (number === MICROSECONDS) return { littleEndian, unit: 1000 };
    if (number === NANOSECONDS) return { littleEndian, unit: 1 };
  }
  return undefined;
}

/** What is read, for the error about the rest. */
const READ = "Ethernet, SLL, SLL2, raw IP or loopback";

/** The packets of a pcap, from its header on. @throws InputError where packets of its link type are not read */
export async function* readPcap(
  stream: ByteStream,
  { littleEndian, unit }: PcapFormat,
): AsyncGenerator<Packet> {
  const header = view(await stream.take(HEADER, "the pcap header"));
  const version = `${header.getUint16(4, littleEndian)}.${header.getUint16(6, littleEndian)}`;
  if (version !== VERSION) throw new InputError(`pcap's version must be ${VERSION}, got ${version}`);
  const linkType = header.getUint32(20, littleEndian) & 0xffff; // above it: the checksum's length
  if (!isRead(linkType)) {
    throw new InputError(`capture's link type must be ${READ}, got ${linkTypeName(linkType)} (${linkType})`);
  }
  while (!(await stream.ended())) {
    const { offset } = stream;
    const record = view(await stream.take(RECORD_HEADER, "a frame's header"));
    const fraction = record.getUint32(4, littleEndian) * unit;
    const seconds = record.getUint32(0, littleEndian) + Math.floor(fraction / 1e9);
    const nanoseconds = fraction % 1e9;
    const captured = record.getUint32(8, littleEndian);
    const length = record.getUint32(12, littleEndian);
    if (captured > LONGEST_FRAME) throw new CaptureError(`damaged: a frame of ${captured} bytes`, offset);
    const bytes = await stream.take(captured, "a frame");
    yield { linkType, packet: { bytes, length, seconds, nanoseconds } };
  }
}

/**
 * The 24 bytes that start a little-endian pcap of Ethernet frames with times to the nanosecond
 * (draft-ietf-opsawg-pcap).
 *
 * @example new Blob([pcapHeader(), ...frames.map(pcapRecord)]);
 */
export function pcapHeader(): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(HEADER));
  header.setUint32(0, NANOSECONDS, true);
  header.setUint16(4, 2, true);
  header.setUint16(6, 4, true);
  header.setUint32(16, LONGEST_FRAME, true);
  header.setUint32(20, ETHERNET, true);
  return new Uint8Array(header.buffer);
}

/**
 * A frame as it stands in such a pcap: 16 bytes of times and lengths, then its own.
 *
 * @param frame its bytes, its length on the wire, and when it was seen; a time that pcap cannot hold becomes the nearest
 *   that it can
 * @example pcapRecord({ bytes: reply, length: reply.length, seconds: 0, nanoseconds: 0 });
 */
export function pcapRecord(frame: CapturedFrame): Uint8Array<ArrayBuffer> {
  const { bytes, length, seconds, nanoseconds } = frame;
  const record = new Uint8Array(RECORD_HEADER + bytes.length);
  view(record).setUint32(0, Math.min(Math.max(seconds, 0), LAST_SECOND), true);
  view(record).setUint32(4, nanoseconds, true);
  view(record).setUint32(8, bytes.length, true);
  view(record).setUint32(12, length, true);
  record.set(bytes, RECORD_HEADER);
  return record;
}
