import { formatHex, InputError } from "sixplane";
import { ByteStream } from "./bytes.ts";
import { type CapturedFrame, CaptureError } from "./frame.ts";
import { pcapFormat, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";

/**
 * The Ethernet frames of a capture, one by one and in its order: pcap in both byte orders, with
 * times to the microsecond or nanosecond, and pcapng. Holds one frame or block at a time, which is
 * at most 262,144 bytes or 16 MiB, and of a pcapng's section what up to 65,536 interfaces are.
 *
 * @param chunks the file's bytes, as any readable stream gives them
 * @throws InputError where it is no such capture, or not of Ethernet frames
 * @throws CaptureError where it is cut short or damaged, after all frames before that
 * @example
 * for await (const { bytes } of readCapture(file.stream())) console.log(describe(bytes));
 */
export async function* readCapture(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CapturedFrame> {
  const stream = new ByteStream(chunks);
  try {
    yield* readFrames(stream);
  } finally {
    await stream.close();
  }
}

async function* readFrames(stream: ByteStream): AsyncGenerator<CapturedFrame> {
  const magic = await firstBytes(stream);
  const format = pcapFormat(magic);
  if (format) yield* readPcap(stream, format);
  else if (isPcapng(magic)) yield* readPcapng(stream);
  else if (magic[0] === 0x1f && magic[1] === 0x8b) throw notACapture("a gzip file: gunzip it first");
  else throw notACapture(`a file that starts with ${formatHex(magic)}`);
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
