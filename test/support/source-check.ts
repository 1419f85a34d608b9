// What a node may send, once more, byte by byte, as the page of the core and the RFCs have it: for tests to compare the
// core with, so nothing in here comes from the core or its bindings.
import { byte, type Config, macOf, ownerOf, same } from "../fuzz/oracle.ts";

/** Bits of the modes byte beside those of the modes. */
export const OWN_SOURCES = 8;
export const ROUTERS = 16;

const REFUSED = 0;
const BY_HEADERS = 1;
const WHOLE = 2;

const TAGS = [0x8100, 0x88a8, 0x9100];
const EXTENSIONS = [0, 43, 44, 51, 60];
/** Bytes before the options, by type (RFC 4861 §4.1 to §4.5). */
const FIXED = new Map([
  [133, 8],
  [134, 16],
  [135, 24],
  [136, 24],
  [137, 40],
]);

/** What `permits` is to return for the frame. */
export function expectedPermit(config: Config, frame: Uint8Array): number {
  if (frame.length < 14 || !same(frame.subarray(6, 12), macOf(config.network, config.node))) return REFUSED;
  let type = 12;
  while (TAGS.includes(word(frame, type))) {
    type += 4;
    if (type > 24 || type + 2 > frame.length) return REFUSED;
  }
  if (word(frame, type) !== 0x86dd) return BY_HEADERS;
  const packet = frame.subarray(type + 2);
  if (packet.length < 40 || byte(packet, 0) >> 4 !== 6) return REFUSED;
  const source = packet.subarray(8, 24);
  if (!isUnspecified(source) && !isOwn(config, source)) return REFUSED;
  const end = 40 + word(packet, 4);
  return end > packet.length ? REFUSED : permitPayload(config, packet.subarray(0, end));
}

/** Goes through the extension headers of a packet (RFC 8200 §4). */
function permitPayload(config: Config, packet: Uint8Array): number {
  let next = byte(packet, 6);
  let rest = packet.subarray(40);
  let isFragment = false;
  for (; EXTENSIONS.includes(next); ) {
    if (rest.length < 8) return REFUSED;
    if (next === 44 && word(rest, 2) >= 8) return BY_HEADERS; // not the first fragment
    isFragment ||= next === 44;
    const more = byte(rest, 1);
    const size = next === 44 ? 8 : next === 51 ? 4 * more + 8 : 8 * more + 8;
    if (size > rest.length) return REFUSED;
    next = byte(rest, 0);
    rest = rest.subarray(size);
  }
  if (next !== 58) return BY_HEADERS;
  if (rest.length === 0) return REFUSED;
  const type = byte(rest, 0);
  if (!FIXED.has(type)) return BY_HEADERS;
  const mayCome = !isFragment && type !== 137 && (type !== 134 || (config.modes & ROUTERS) !== 0);
  return mayCome && isOfSender(config, packet.subarray(8, 24), rest) ? WHOLE : REFUSED;
}

/** Whether a message of Neighbor Discovery speaks for its sender alone. */
function isOfSender(config: Config, source: Uint8Array, message: Uint8Array): boolean {
  const type = byte(message, 0);
  const fixed = FIXED.get(type) ?? 0;
  if (message.length < fixed) return false;
  const claims = type === 136 || (type === 135 && isUnspecified(source)); // RFC 4862 §5.4.3
  if (claims && !isOwn(config, message.subarray(8, 24))) return false;
  const mac = macOf(config.network, config.node);
  for (let rest = message.subarray(fixed); rest.length > 0; ) {
    const size = 8 * (rest[1] ?? 0);
    if (size === 0 || size > rest.length) return false;
    const isLinkLayer = byte(rest, 0) === 1 || byte(rest, 0) === 2;
    if (isLinkLayer && !same(rest.subarray(2, size), mac)) return false;
    rest = rest.subarray(size);
  }
  return true;
}

/** Whether an address may be the node's. */
function isOwn(config: Config, address: Uint8Array): boolean {
  const owner = ownerOf(config, address);
  if (owner) return same(owner, config.node);
  if (byte(address, 0) === 0xff || isUnspecified(address)) return false;
  if (address.subarray(0, 15).every((one) => one === 0) && byte(address, 15) === 1) return false;
  if (byte(address, 0) === 0xfe && byte(address, 1) >> 6 === 2) return same(address, linkLocal(config));
  return (config.modes & OWN_SOURCES) === 0;
}

/** RFC 4291 appendix A. */
export function linkLocal({ network, node }: Config): Uint8Array {
  const mac = macOf(network, node);
  const eui = [byte(mac, 0) ^ 2, ...mac.subarray(1, 3), 0xff, 0xfe, ...mac.subarray(3)];
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...eui);
}

function isUnspecified(address: Uint8Array): boolean {
  return address.every((one) => one === 0);
}

function word(bytes: Uint8Array, at: number): number {
  return byte(bytes, at) * 256 + byte(bytes, at + 1);
}
