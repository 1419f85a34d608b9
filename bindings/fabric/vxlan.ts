//  The VXLAN header, RFC 7348 §5, which comes before the Ethernet frame in a datagram
//
//   0         1             4                  7          8
//  ┌─────────┬─────────────┬──────────────────┬──────────┐
//  │ flags   │ reserved 0  │ network          │ reserved │   flags: 08, a network identifier is given
//  └─────────┴─────────────┴──────────────────┴──────────┘

/** The port that RFC 7348 gives VXLAN. */
export const VXLAN_PORT = 4789;

export const VXLAN_HEADER = 8;

const FLAGS = 0x08;

/**
 * The header of a network's frames. Its identifier is the last 24 bits of the network ID: the number that
 * the network has among those of its controller.
 *
 * @param id the network ID, 16 hex digits
 */
export function vxlanHeader(id: string): Uint8Array {
  return Uint8Array.from([FLAGS, 0, 0, 0, ...Buffer.from(id.slice(-6), "hex"), 0]);
}

/** The frame in a datagram of the network with this header; undefined where it is none. */
export function vxlanFrame(datagram: Buffer, header: Uint8Array): Buffer | undefined {
  const matches = datagram.length >= VXLAN_HEADER && header.every((byte, at) => datagram[at] === byte);
  return matches ? datagram.subarray(VXLAN_HEADER) : undefined;
}
