// Frames written out field by field, in plain code that shares nothing with the core.

export function hex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/[\s:]/g, "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += PAIRS[byte];
  return text;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export const NETWORK = "8056c2e21c000001";
export const SELF = "89e92ceee5";
export const OWNER = "deadbeef01";
export const SELF_MAC = "0289e9300c27";
export const OWNER_MAC = "02deada20dc3";
export const SELF_ADDRESS = "fc9c56c2e389e92ceee5000000000001";
export const SELF_RFC4193 = "fd8056c2e21c000001999389e92ceee5";
export const TARGET = "fc9c56c2e3deadbeef01000000000001";
export const TARGET_RFC4193 = "fd8056c2e21c0000019993deadbeef01";
export const UNSPECIFIED = "00000000000000000000000000000000";
export const ALL_NODES = "ff020000000000000000000000000001";
export const LINK_LOCAL = "fe80000000000000008909fffe300c27";

/** Every field of a solicitation as hex, in the order of the wire. Lengths and checksum come by themselves. */
export interface Fields {
  ethernetDestination: string;
  ethernetSource: string;
  ethertype: string;
  versionClassFlow: string;
  payloadLength: string;
  nextHeader: string;
  hopLimit: string;
  source: string;
  destination: string;
  type: string;
  code: string;
  checksum: string;
  reserved: string;
  target: string;
  options: string;
  /** Bytes behind the IPv6 payload. */
  padding: string;
}

/** A source link-layer address option with this MAC. */
export function sllao(mac: string): string {
  return `0101${mac}`;
}

export function solicitedNode(target: string): string {
  return `ff0200000000000000000001ff${target.slice(26)}`;
}

/** This node's solicitation for the owner's ::1, but for the fields given. */
export function solicitation(given: Partial<Fields> = {}): Uint8Array {
  const target = given.target ?? TARGET;
  const source = given.source ?? SELF_ADDRESS;
  const options = given.options ?? (source === UNSPECIFIED ? "" : sllao(SELF_MAC));
  const destination = given.destination ?? solicitedNode(target);
  const length = 24 + options.length / 2;
  const fields: Fields = {
    ethernetDestination: `3333${destination.slice(24)}`,
    ethernetSource: SELF_MAC,
    ethertype: "86dd",
    versionClassFlow: "60000000",
    payloadLength: length.toString(16).padStart(4, "0"),
    nextHeader: "3a",
    hopLimit: "ff",
    source,
    destination,
    type: "87",
    code: "00",
    checksum: "0000",
    reserved: "00000000",
    target,
    options,
    padding: "",
    ...given,
  };
  if (given.checksum === undefined) {
    const { type, code, reserved } = fields;
    const message = `${type}${code}0000${reserved}${target}${options}`;
    const pseudo = `${fields.source}${fields.destination}${length.toString(16).padStart(8, "0")}0000003a`;
    fields.checksum = (~sum(pseudo + message) & 0xffff).toString(16).padStart(4, "0");
  }
  return hex(Object.values(fields).join(""));
}

/** The one's-complement sum of 16-bit words (RFC 1071), one by one; an odd byte counts as its word's first. */
export function sum(text: string): number {
  let total = 0;
  for (let at = 0; at < text.length; at += 4)
    total += Number.parseInt(text.slice(at, at + 4).padEnd(4, "0"), 16);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

/** The advertisement that RFC 4861 §7.2.4 prescribes, written out. */
export function advertisement(
  given: { to?: string; mac?: string; target?: string; source?: string } = {},
): string {
  const { to = SELF_MAC, mac = OWNER_MAC, target = TARGET, source = SELF_ADDRESS } = given;
  const dad = source === UNSPECIFIED;
  const destination = dad ? ALL_NODES : source;
  const message = (checksum: string) => `8800${checksum}${dad ? "20" : "60"}000000${target}0201${mac}`;
  const pseudo = `${target}${destination}000000200000003a`;
  const checksum = (~sum(pseudo + message("0000")) & 0xffff).toString(16).padStart(4, "0");
  const ethernet = `${dad ? "333300000001" : to}${mac}86dd`;
  return `${ethernet}6000000000203aff${target}${destination}${message(checksum)}`;
}

/** What RFC 4861 §7.1.2 demands of an advertisement, and what a node then does not discard; throws why not. */
export function checkAdvertisement(frame: Uint8Array): void {
  const text = toHex(frame);
  const at = (start: number, end: number) => text.slice(2 * start, 2 * end);
  const length = Number.parseInt(at(18, 20), 16);
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`${what}: ${text}`);
  };
  demand(at(12, 14) === "86dd" && at(14, 15)[0] === "6", "it is not IPv6");
  demand(at(20, 21) === "3a" && at(54, 55) === "88", "it is not an advertisement");
  demand(at(21, 22) === "ff", "the hop limit is not 255");
  demand(length >= 24 && 54 + length === frame.length, "the length is wrong");
  demand(
    sum(`${at(22, 54)}${length.toString(16).padStart(8, "0")}0000003a${at(54, 54 + length)}`) === 0xffff,
    "the checksum is wrong",
  );
  demand(at(55, 56) === "00", "the code is not 0");
  demand(at(62, 63) !== "ff", "the target is multicast");
  const multicast = at(38, 39) === "ff";
  const solicited = (Number.parseInt(at(58, 59), 16) & 0x40) !== 0;
  demand(!(multicast && solicited), "it is solicited, but goes to a group");
  for (let option = 78; option < frame.length; ) {
    const units = Number.parseInt(at(option + 1, option + 2), 16);
    demand(units > 0 && option + 8 * units <= frame.length, "an option's length is wrong");
    option += 8 * units;
  }
}
