import type { ByteStream } from "./bytes.ts";
import { CaptureError } from "./frame.ts";
import { Queue } from "./queue.ts";

/**
 * How much is unpacked at a time, in bytes. Deflate makes at most 1,032 bytes of one, so a piece becomes at most 1 MiB. What
 * the runtime has unpacked of the piece in which the data is damaged or ends may be lost.
 */
const PIECE = 1024;

type Unpacked = Queue<Uint8Array>;

/** What is used of the stream's ends: the types of runtimes differ in the rest. */
interface Reader {
  read(): Promise<{ done: boolean; value?: unknown }>;
  cancel(): Promise<void>;
}
interface Writer {
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** Whether a file that starts with these bytes is a gzip file (RFC 1952 §2.3.1). */
export function isGzip(magic: Uint8Array): boolean {
  return magic[0] === 0x1f && magic[1] === 0x8b;
}

/**
 * What a gzip file holds, unpacked by the runtime, and no faster than it is taken.
 *
 * @throws CaptureError where the runtime cannot go on, behind all that it has unpacked
 */
export async function* gunzip(packed: ByteStream): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip");
  const reader: Reader = readable.getReader();
  const unpacked: Unpacked = new Queue();
  take(reader, unpacked);
  feed(packed, writable.getWriter(), unpacked);
  try {
    for (let chunk = await unpacked.next(); chunk; chunk = await unpacked.next()) yield chunk;
  } finally {
    reader.cancel().catch(() => {});
    await packed.close();
  }
}

/** Takes what is unpacked as soon as it is there: an error would take with it what still is in the stream. */
async function take(reader: Reader, unpacked: Unpacked): Promise<void> {
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const bytes = next.value as Uint8Array;
      length += bytes.length;
      unpacked.push(bytes);
    }
    unpacked.end();
  } catch (error) {
    unpacked.end(cannotUnpack(error, length));
  }
}

/** Gives the stream the file, piece by piece, and each only when all that was unpacked before has been taken. */
async function feed(packed: ByteStream, writer: Writer, unpacked: Unpacked): Promise<void> {
  try {
    for (let chunk = await packed.next(); chunk; chunk = await packed.next()) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        await unpacked.wanted();
        // A copy, as the stream may still read it when the chunk's owner uses its memory again.
        await writer.write(chunk.slice(at, at + PIECE)).catch(alsoRead);
      }
    }
    await unpacked.wanted();
    await writer.close().catch(alsoRead);
  } catch (error) {
    unpacked.end(error); // the file cannot be read on
  }
}

/** For an error of the stream: it comes out at its other end, too, behind what was unpacked. */
function alsoRead(): void {}

function cannotUnpack(error: unknown, length: number): CaptureError {
  const { message, cause } = error as Error;
  const reason = message || (cause as Error | undefined)?.message || "no reason given";
  const why = `it is damaged, cut short, or followed by other data, such as a second gzip member (${reason})`;
  return new CaptureError(`the gzip data cannot be unpacked on: ${why}`, length);
}
