import { modeOf, NO_OWNER, ownerOf } from "./address";
import { macOf } from "./mac";
import { self, storeNode } from "./record";

export { storeRfc4193 as rfc4193, storeSixplane as sixplane } from "./address";

/** Writes the six-byte MAC of the record's own node. */
export function mac(config: usize, out: usize): void {
  const own = macOf(config, self(config));
  store<u32>(out, <u32>(own >>> 16));
  store<u16>(out, <u16>(own >>> 48), 4);
}

/**
 * The owner of the 16-byte IPv6 address at `address`, under the record's network and modes; the
 * record's own node plays no part.
 *
 * @returns the mode, 1 for 6PLANE or 2 for RFC 4193, and five bytes of node address at `out`;
 *   0, and nothing written, where the address embeds no node of the network
 */
export function owner(config: usize, address: usize, out: usize): i32 {
  const node = ownerOf(config, address);
  if (node == NO_OWNER) return 0;
  storeNode(out, node);
  return modeOf(address);
}

/**
 * The owner of the six-byte MAC at `address` under the record's network.
 *
 * @returns 1, and five bytes of node address at `out`; 0, and nothing written, where the MAC's
 *   first byte is not the network's
 */
export function macOwner(config: usize, address: usize, out: usize): i32 {
  // The XOR that makes a MAC undoes itself: the MAC of a MAC's last five bytes holds the node.
  const tail = <u64>load<u32>(address, 1) | ((<u64>load<u8>(address, 5)) << 32);
  const undone = macOf(config, tail);
  if (<u8>(undone >>> 16) != load<u8>(address)) return 0;
  storeNode(out, undone >>> 24);
  return 1;
}
