import { formatHex, InputError } from "sixplane";
import { ByteStream } from "./bytes.ts";
import type { CapturedFrame, Packet } from "./frame.ts";
import { gunzip, isGzip } from "./gzip.ts";
import { toEthernet } from "./link-layer.ts";
import { pcapFormat, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";

/**
 * The frames of a capture, and what was left out so far.
 *
 * @example
 * const capture: Capture = readCapture(file.stream());
 */
export interface Capture extends AsyncGenerator<CapturedFrame> {
  /** How many packets were skipped so far, by their link type, because packets of that type are not read. */
  readonly skipped: ReadonlyMap<number, number>;
}

/**
 * The frames of a capture as Ethernet frames, one by one and in its order.
 *
 * It reads pcap in both byte orders, with times to the microsecond or nanosecond, and pcapng; and of link types Ethernet
 * (1), SLL (113) and SLL2 (276) of Linux, raw IP (12, 101, 228, 229) and loopback (0, 108). A pcapng may have packets of
 * other link types among these: they are skipped, and counted in `skipped`.
 *
 * A capture that is packed by gzip is unpacked by the runtime's DecompressionStream.
 *
 * It holds one frame or block at a time, which is at most 262,144 bytes or 16 MiB, and of a pcapng's section what up to
 * 65,536 interfaces are.
 *
 * @param chunks the file's bytes, as any readable stream gives them
 * @throws InputError where it is no such capture, or a pcap of a link type that is not read
 * @throws CaptureError where it is cut short or damaged, after all frames before that
 * @example
 * const capture = readCapture(file.stream());
 * for await (const { bytes } of capture) console.log(describe(bytes));
 * for (const [linkType, packets] of capture.skipped) console.warn(`${packets} of ${linkTypeName(linkType)}`);
 */
export function readCapture(chunks: AsyncIterable<Uint8Array>): Capture {
  const skipped = new Map<number, number>();
  return Object.assign(readFrames(chunks, skipped), { skipped });
}

async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  skipped: Map<number, number>,
): AsyncGenerator<CapturedFrame> {
  const file = new ByteStream(chunks);
  try {
    for await (const { linkType, packet } of readPackets(file)) {
      const frame = toEthernet(linkType, packet);
      if (typeof frame === "number") skipped.set(frame, (skipped.get(frame) ?? 0) + 1);
      else yield frame;
    }
  } finally {
    await file.close();
  }
}

async function* readPackets(file: ByteStream): AsyncGenerator<Packet> {
  const magic = await firstBytes(file);
  if (!isGzip(magic)) return yield* readUnpacked(file, magic);
  if (typeof DecompressionStream === "undefined") {
    throw notACapture("a gzip file, which this runtime cannot unpack: gunzip it first");
  }
  const unpacked = new ByteStream(gunzip(file));
  try {
    yield* readUnpacked(unpacked, await firstBytes(unpacked));
  } finally {
    await unpacked.close();
  }
}

async function* readUnpacked(stream: ByteStream, magic: Uint8Array): AsyncGenerator<Packet> {
  const format = pcapFormat(magic);
  if (format) yield* readPcap(stream, format);
  else if (isPcapng(magic)) yield* readPcapng(stream);
  else if (isGzip(magic)) throw notACapture("a gzip file within a gzip file");
  else throw notACapture(`a file that starts with ${formatHex(magic)}`);
}

async function firstBytes(stream: ByteStream): Promise<Uint8Array> {
  const magic = await stream.peekUpTo(4);
  if (magic.length < 4) throw notACapture("a file of less than 4 bytes");
  return magic;
}

function notACapture(got: string): InputError {
  return new InputError(`capture must be a pcap or pcapng file, got ${got}`);
}
