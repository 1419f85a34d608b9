// Checksums of TCP and UDP that the sender's kernel left to the hardware: RFC 1071, RFC 8200 §8.1.
//
// Between machines, the hardware puts them in. Between containers or virtual machines of one machine there is none, and the kernel
// only notes that they are missing, where a socket does not see it: the field then has the sum of the pseudo-header alone.

const ETHERTYPE = 12;
const HEADER = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;

/** Where the field is in TCP (RFC 9293 §3.1) and in UDP (RFC 768). */
const FIELDS: Record<number, number> = { [TCP]: 16, [UDP]: 6 };

/** A segment of TCP or UDP in a frame, and the sum of its pseudo-header. */
interface Segment {
  start: number;
  end: number;
  protocol: number;
  pseudo: number;
}

/** Puts a missing checksum into a frame. */
export function completeChecksum(frame: Buffer): void {
  const segment = segmentOf(frame);
  if (segment === undefined) return;
  const { start, end, protocol, pseudo } = segment;
  const field = start + (FIELDS[protocol] ?? 0);
  if (field + 2 > end || frame.readUInt16BE(field) !== pseudo) return;
  const sum = ~sumOf(frame, start, end, 0) & 0xffff; // the field is part of it
  frame.writeUInt16BE(sum === 0 && protocol === UDP ? 0xffff : sum, field);
}

function segmentOf(frame: Buffer): Segment | undefined {
  if (frame.length < HEADER) return undefined;
  const type = frame.readUInt16BE(ETHERTYPE);
  const segment = type === IPV6 ? segmentOf6(frame) : type === IPV4 ? segmentOf4(frame) : undefined;
  return segment && segment.protocol in FIELDS && segment.end <= frame.length ? segment : undefined;
}

function segmentOf6(frame: Buffer): Segment | undefined {
  if (frame.length < HEADER + 40) return undefined;
  const length = frame.readUInt16BE(HEADER + 4);
  const protocol = frame[HEADER + 6] ?? 0;
  const start = HEADER + 40;
  return { start, end: start + length, protocol, pseudo: sumOf(frame, HEADER + 8, start, length + protocol) };
}

/** Of a fragment, nothing is known. */
function segmentOf4(frame: Buffer): Segment | undefined {
  if (frame.length < HEADER + 20) return undefined;
  if ((frame.readUInt16BE(HEADER + 6) & 0x3fff) !== 0) return undefined;
  const start = HEADER + 4 * ((frame[HEADER] ?? 0) & 0xf);
  const end = HEADER + frame.readUInt16BE(HEADER + 2);
  const protocol = frame[HEADER + 9] ?? 0;
  return { start, end, protocol, pseudo: sumOf(frame, HEADER + 12, HEADER + 20, end - start + protocol) };
}

/** The one's-complement sum of 16-bit words. */
export function sumOf(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let total = initial;
  for (let at = start; at < end; at += 2)
    total += ((bytes[at] ?? 0) << 8) | (at + 1 < end ? (bytes[at + 1] ?? 0) : 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
