/** The one's-complement sum (RFC 1071) of `length` bytes, an even number, in the order of the network. */
export function sum(bytes: Uint8Array, at: number, length: number, start: number): number {
  let total = start;
  for (let i = at; i < at + length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
