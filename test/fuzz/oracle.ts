// The rules once more, byte by byte, as the table in assembly/README.md and the RFCs have them. For the fuzzer to compare the
// core with, so nothing in here comes from the core, its bindings, or the other tests.

export interface Config {
  /** 8 bytes. */
  network: Uint8Array;
  /** 5 bytes. */
  node: Uint8Array;
  /** 1 6PLANE, 2 RFC 4193, 4 probes; other bits mean nothing. */
  modes: number;
}

/** Every verdict but the reply. */
export const REASONS = {
  "not-ipv6": -1,
  "too-short": -2,
  "unicast-probe": -3,
  broadcast: -4,
  "ip-version": -5,
  "next-header": -6,
  "not-solicitation": -7,
  "not-emulated": -8,
  "own-address": -9,
  "reserved-owner": -10,
  "ethernet-source": -17,
  "hop-limit": -18,
  "payload-length": -19,
  source: -20,
  "source-is-target": -21,
  destination: -22,
  code: -23,
  checksum: -24,
  "option-length": -25,
  "unspecified-with-link-layer": -26,
  "link-layer-length": -27,
};

const ALL_NODES = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/**
 * What is to be done with the frame: the reply's 86 bytes, or the reason why there is none.
 *
 * Where more than one rule is broken, what passes a frame on goes first, and among the invalid the table's order
 * decides; only a message that is not whole units of 8 bytes is told by that before its checksum is looked at.
 *
 * @param tiny whether to look at A1 to A4, B4, C1 and E1 to E5 alone, without probes, as the build `tiny` does
 */
export function judge(config: Config, frame: Uint8Array, tiny = false): number | Uint8Array {
  // A1, A2
  if (frame.length < 14) return REASONS["too-short"];
  if (byte(frame, 12) !== 0x86 || byte(frame, 13) !== 0xdd) return REASONS["not-ipv6"];
  if (frame.length < 14 + 40 + 24) return REASONS["too-short"];

  // B1, B4, C1
  if (!tiny && byte(frame, 14) >> 4 !== 6) return REASONS["ip-version"];
  if (byte(frame, 20) !== 58) return REASONS["next-header"];
  if (byte(frame, 54) !== 135) return REASONS["not-solicitation"];

  // E1 to E5
  const target = frame.subarray(62, 78);
  const owner = ownerOf(config, target);
  if (owner === undefined) return REASONS["not-emulated"];
  if (same(owner, config.node)) return REASONS["own-address"];
  if (byte(owner, 0) === 0xff || owner.every((one) => one === 0)) return REASONS["reserved-owner"];

  // A4, A3
  const to = frame.subarray(0, 6);
  const mac = macOf(config.network, owner);
  const destination = frame.subarray(38, 54);
  const asked = !tiny && (config.modes & 4) !== 0 && same(destination, target);
  if (to.every((one) => one === 0xff)) return REASONS.broadcast;
  if (byte(to, 0) % 2 === 0 && !(asked && same(to, mac))) return REASONS["unicast-probe"];

  if (!tiny) {
    const reason = flaw(frame, target, mac, asked);
    if (reason !== 0) return reason;
  }
  return advertisement(frame, target, mac);
}

/** Why a solicitation for another's address is invalid; 0 where it is not. */
function flaw(frame: Uint8Array, target: Uint8Array, mac: Uint8Array, asked: boolean): number {
  // A5
  const asker = frame.subarray(6, 12);
  if (byte(asker, 0) % 2 === 1 || asker.every((one) => one === 0) || same(asker, mac))
    return REASONS["ethernet-source"];

  // B2, B3
  if (byte(frame, 21) !== 255) return REASONS["hop-limit"];
  const payload = byte(frame, 18) * 256 + byte(frame, 19);
  if (payload < 24 || 54 + payload > frame.length) return REASONS["payload-length"];

  // B5, B6
  const source = frame.subarray(22, 38);
  const zeros = source.subarray(0, 15).every((one) => one === 0);
  const unspecified = zeros && byte(source, 15) === 0;
  if (byte(source, 0) === 0xff || (zeros && byte(source, 15) === 1)) return REASONS.source;
  if (same(source, target)) return REASONS["source-is-target"];

  // B7
  const destination = frame.subarray(38, 54);
  const solicitedNode = [...ALL_NODES.slice(0, 11), 1, 0xff, ...target.subarray(13)];
  const listens =
    same(destination, solicitedNode) || (!unspecified && (same(destination, ALL_NODES) || asked));
  if (!listens) return REASONS.destination;

  // C2, C3
  if (byte(frame, 55) !== 0) return REASONS.code;
  if (payload % 8 !== 0) return REASONS["option-length"];
  if (sum(frame, payload) !== 0xffff) return REASONS.checksum;

  // D1 to D3
  const end = 54 + payload;
  for (let at = 78; at < end; ) {
    const length = byte(frame, at + 1) * 8;
    if (length === 0 || at + length > end) return REASONS["option-length"];
    if (byte(frame, at) === 1 && unspecified) return REASONS["unspecified-with-link-layer"];
    if (byte(frame, at) === 1 && length !== 8) return REASONS["link-layer-length"];
    at += length;
  }
  return 0;
}

/** RFC 4861 §4.4 and §7.2.4, RFC 4862 §5.4.3. */
function advertisement(frame: Uint8Array, target: Uint8Array, mac: Uint8Array): Uint8Array {
  const asker = frame.subarray(6, 12);
  const source = frame.subarray(22, 38);
  const duplicate = source.every((one) => one === 0); // F1
  const reply = Uint8Array.of(
    ...(duplicate ? [0x33, 0x33, 0, 0, 0, 1] : asker),
    ...mac,
    ...[0x86, 0xdd],
    ...[0x60, 0, 0, 0, 0, 32, 58, 255],
    ...target,
    ...(duplicate ? ALL_NODES : source),
    ...[136, 0, 0, 0],
    ...[duplicate ? 0x20 : 0x60, 0, 0, 0], // F2
    ...target,
    ...[2, 1],
    ...mac,
  );
  setChecksum(reply, 32);
  return reply;
}

/** The node that the address embeds in a mode that is on. */
export function ownerOf({ network, modes }: Config, address: Uint8Array): Uint8Array | undefined {
  const sixplane = [0xfc, 0, 0, 0, 0];
  for (let i = 0; i < 4; i++) sixplane[1 + i] = byte(network, i) ^ byte(network, 4 + i);
  if (modes & 1 && same(address.subarray(0, 5), sixplane)) return address.subarray(5, 10);
  const rfc4193 = [0xfd, ...network, 0x99, 0x93];
  if (modes & 2 && same(address.subarray(0, 11), rfc4193)) return address.subarray(11, 16);
  return undefined;
}

/** The MAC of a node: local, unicast, never with the first byte 52, and the node address masked by the network's. */
export function macOf(network: Uint8Array, node: Uint8Array): Uint8Array {
  const mac = new Uint8Array(6);
  mac[0] = (byte(network, 7) & 0xfc) | 0x02;
  if (mac[0] === 0x52) mac[0] = 0x32;
  for (let i = 0; i < 5; i++) mac[1 + i] = byte(node, i) ^ byte(network, 6 - i);
  return mac;
}

/** Writes the checksum of a message of that many bytes; 0000 where it is zero (RFC 4443 §2.3). */
export function setChecksum(frame: Uint8Array, payload: number): void {
  frame[56] = 0;
  frame[57] = 0;
  const checksum = 0xffff - sum(frame, payload);
  frame[56] = checksum >> 8;
  frame[57] = checksum & 0xff;
}

/** The one's-complement sum over pseudo-header (RFC 8200 §8.1) and message: ffff where its checksum is right. */
export function sum(frame: Uint8Array, payload: number): number {
  let total = payload + 58;
  for (let at = 22; at < 54 + payload; at++) total += at % 2 ? byte(frame, at) : byte(frame, at) * 256;
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000);
  return total;
}

export function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

export function byte(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new RangeError(`there is no byte ${at} of ${bytes.length}`);
  return value;
}
