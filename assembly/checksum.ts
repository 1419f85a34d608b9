import { PAYLOAD_LENGTH, SOURCE } from "./frame";

// 16-bit words of the pseudo-header, in the order that loads have here.
/** An advertisement's length, 32. */
const ADVERTISEMENT_WORD: u64 = 0x2000;
/** Next header 58. */
const NEXT_HEADER_WORD: u64 = 0x3a00;

/**
 * The checksum (RFC 4443 §2.3) over the IPv6 pseudo-header and the ICMPv6 message that ends at
 * `end`: what belongs into its checksum field where that holds 0, and 0 where it holds the right one.
 *
 * Source, destination and message lie in one piece, and the sum does not care in which order or
 * how wide its words are read (RFC 1071 §2), so it takes two 32-bit words a step and folds once.
 * Both halves of the sum of at most 64 KiB fit a u64 many times over.
 *
 * @param end address of the message's end; a multiple of 8 bytes from its start
 */
export function checksum(frame: usize, end: usize): u32 {
  // Without rules, which check a solicitation's, every checksum is an advertisement's.
  let sum: u64 = (RULES ? <u64>load<u16>(frame, PAYLOAD_LENGTH) : ADVERTISEMENT_WORD) + NEXT_HEADER_WORD;
  do {
    sum += <u64>load<u32>(frame, SOURCE) + <u64>load<u32>(frame, SOURCE + 4);
    frame += 8;
  } while (frame + SOURCE < end);
  // Adding a number to itself with its halves swapped leaves their end-around sum in the upper half.
  const half = <u32>((sum + rotl<u64>(sum, 32)) >>> 32);
  return ~(half + rotl<u32>(half, 16)) >>> 16;
}
