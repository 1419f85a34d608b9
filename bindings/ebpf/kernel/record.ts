// The config record, as assembly/record.ts has it.

import { RECORD_BYTES } from "../program/memory.ts";

const NODE = 8;
const MODES = 13;
const MODE_BITS = { "6plane": 1, rfc4193: 2 } as const;

/** Bits of its modes that are no mode. */
export const PROBES = 4;
export const ROUTERS = 16;

/**
 * @param network the network ID, 16 hex digits
 * @param node the node address, 10 hex digits
 * @param modes by name
 * @param bits further bits of the modes, as `PROBES`
 */
export function recordOf(
  network: string,
  node: string,
  modes: readonly (keyof typeof MODE_BITS)[],
  bits: number,
): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  record.set(Buffer.from(network, "hex"));
  record.set(Buffer.from(node, "hex"), NODE);
  record[MODES] = modes.reduce((all, mode) => all | MODE_BITS[mode], bits);
  return record;
}
