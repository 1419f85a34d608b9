import { PAYLOAD_LENGTH, SOURCE } from "./frame";

/** Next header 58 as the pseudo-header's last 16-bit word, in the order that loads have here. */
const NEXT_HEADER_WORD: u64 = 0x3a00;

/**
 * The one's-complement sum (RFC 1071) over the IPv6 pseudo-header and the ICMPv6 message that ends
 * at `end`: 0xffff where the message's checksum is right (RFC 4443 §2.3).
 *
 * Source, destination and message lie in one piece, and the sum does not care in which order or
 * how wide its words are read (RFC 1071 §2), so it takes two 32-bit words a step and folds once.
 * Both halves of the sum of at most 64 KiB fit a u64 many times over.
 *
 * @param end address of the message's end; a multiple of 8 bytes from its start
 */
export function checksum(frame: usize, end: usize): u32 {
  let sum: u64 = <u64>load<u16>(frame, PAYLOAD_LENGTH) + NEXT_HEADER_WORD;
  let word = frame + SOURCE;
  do {
    sum += <u64>load<u32>(word) + <u64>load<u32>(word, 4);
    word += 8;
  } while (word < end);
  // Adding a number to itself with its halves swapped leaves their end-around sum in the upper half.
  const half = <u32>((sum + rotl<u64>(sum, 32)) >>> 32);
  return (half + rotl<u32>(half, 16)) >>> 16;
}
