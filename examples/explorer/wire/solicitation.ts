import { type Host, parseAddress, parseMac } from "sixplane";
import { multicastMac, solicitedNode } from "../address/rows.ts";
import { checksum } from "./checksum.ts";

const SOLICITATION = 135;
const SOURCE_LINK_LAYER_ADDRESS = 1;

/** The Ethernet frame in which a host's kernel asks for the target (RFC 4861 §4.3). */
export function solicitation(host: Host, target: string): Uint8Array {
  const group = solicitedNode(target);
  const addresses = Uint8Array.of(...parseAddress(host.sixplane.address), ...parseAddress(group));
  const mac = parseMac(host.mac);
  const message = Uint8Array.of(
    ...[SOLICITATION, 0, 0, 0, 0, 0, 0, 0],
    ...parseAddress(target),
    ...[SOURCE_LINK_LAYER_ADDRESS, 1, ...mac],
  );
  new DataView(message.buffer).setUint16(2, checksum(addresses, message));
  return Uint8Array.of(
    ...[...parseMac(multicastMac(group)), ...mac, 0x86, 0xdd],
    ...[0x60, 0, 0, 0, 0, message.length, 58, 255],
    ...addresses,
    ...message,
  );
}
