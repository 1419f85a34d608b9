import { firstOctet, maskNode, storeMacOf } from "./mac";
import { modeOf, nodeIn } from "./mode";
import { NODE } from "./record";

export { storeRfc4193 as rfc4193, storeSixplane as sixplane } from "./mode";

/** Writes the six-byte MAC of the record's own node. */
export function mac(config: usize, out: usize): void {
  storeMacOf(config, config + NODE, out);
}

/**
 * The owner of the 16-byte IPv6 address at `address`, under the record's network and modes; the
 * record's own node plays no part.
 *
 * @returns the mode, 1 for 6PLANE or 2 for RFC 4193, and five bytes of node address at `out`;
 *   0, and nothing written, where the address embeds no node of the network
 */
export function owner(config: usize, address: usize, out: usize): i32 {
  const mode = modeOf(config, address);
  if (mode) {
    const node = nodeIn(address, mode);
    store<u32>(out, load<u32>(node));
    store<u8>(out, load<u8>(node, 4), 4);
  }
  return mode;
}

/**
 * The owner of the six-byte MAC at `address` under the record's network.
 *
 * @returns 1, and five bytes of node address at `out`; 0, and nothing written, where the MAC's
 *   first byte is not the network's
 */
export function macOwner(config: usize, address: usize, out: usize): i32 {
  if (load<u8>(address) != firstOctet(config)) return 0;
  maskNode(config, address, out);
  return 1;
}
