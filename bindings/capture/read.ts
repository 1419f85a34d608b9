import { formatHex, InputError } from "sixplane";
import { ByteStream } from "./bytes.ts";
import { type CapturedFrame, CaptureError, type Packet } from "./frame.ts";
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
  const stream = new ByteStream(chunks);
  try {
    for await (const { linkType, packet } of await readPackets(stream)) {
      const frame = toEthernet(linkType, packet);
      if (typeof frame === "number") skipped.set(frame, (skipped.get(frame) ?? 0) + 1);
      else yield frame;
    }
  } finally {
    await stream.close();
  }
}

async function readPackets(stream: ByteStream): Promise<AsyncGenerator<Packet>> {
  const magic = await firstBytes(stream);
  const format = pcapFormat(magic);
  if (format) return readPcap(stream, format);
  if (isPcapng(magic)) return readPcapng(stream);
  if (magic[0] === 0x1f && magic[1] === 0x8b) throw notACapture("a gzip file: gunzip it first");
  throw notACapture(`a file that starts with ${formatHex(magic)}`);
}

async function firstBytes(stream: ByteStream): Promise<Uint8Array> {
  try {
    return await stream.peek(4, "a magic number");
  } catch (error) {
    if (error instanceof CaptureError) throw notACapture("a file of less than 4 bytes");
    throw error;
  }
}

function notACapture(got: string): InputError {
  return new InputError(`capture must be a pcap or pcapng file, got ${got}`);
}
