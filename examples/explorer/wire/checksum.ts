//  The ICMPv6 checksum (RFC 4443 §2.3): over the message, and the pseudo-header of RFC 8200 §8.1

const ICMPV6 = 58;

/**
 * The checksum that a message must carry.
 *
 * @param addresses source and destination, 32 bytes, as they stand in the IPv6 header
 * @param message the ICMPv6 message, whose own checksum is taken as 0
 */
export function checksum(addresses: Uint8Array, message: Uint8Array): number {
  let sum = sumOfWords(addresses) + (message.length >> 16) + (message.length & 0xffff) + ICMPV6;
  sum += sumOfWords(message.subarray(0, 2)) + sumOfWords(message.subarray(4));
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function sumOfWords(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return sum;
}
