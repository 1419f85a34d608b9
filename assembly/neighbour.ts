import { storeMacOf } from "./mac";
import { isReserved, modeOf, nodeIn } from "./mode";
import { nodeAt, self } from "./record";

/**
 * The MAC of the neighbour that has the 16-byte IPv6 address at `address`: what a host sends to without asking. A
 * host's IP stack calls this once for each packet that it sends.
 *
 * @returns the mode, 1 for 6PLANE or 2 for RFC 4193, and six bytes of MAC at `out`; 0, and nothing written, where
 *   the address is the record's own node's, a reserved node's, or no node's of the network in a mode that is on
 */
export function neighbour(config: usize, address: usize, out: usize): i32 {
  const mode = modeOf(config, address);
  if (!mode) return 0;
  const place = nodeIn(address, mode);
  const node = nodeAt(place);
  if (node == self(config) || isReserved(node)) return 0;
  storeMacOf(config, place, out);
  return mode;
}
