// A frame, field by field, as far as its bytes go.
import { formatAddress, formatMac } from "sixplane";
import { hexOf } from "../address/fields.ts";
import { checksum } from "./checksum.ts";

export interface Field {
  name: string;
  /** Bytes from the frame's start. */
  start: number;
  end: number;
  value: string;
  /** Whether the value is one that cannot be right. */
  wrong?: boolean;
}

/** The fields of one header, or of what is behind the last. */
export interface Layer {
  name: string;
  fields: Field[];
}

const ETHERTYPES: Record<number, string> = {
  2048: "IPv4",
  2054: "ARP",
  33024: "VLAN tag",
  34525: "IPv6",
  34984: "VLAN service tag",
  35020: "LLDP",
  37120: "VLAN tag",
};

const VLAN_TAGS = [0x8100, 0x88a8, 0x9100];

const NEXT_HEADERS: Record<number, string> = {
  0: "Hop-by-Hop Options",
  6: "TCP",
  17: "UDP",
  43: "Routing",
  44: "Fragment",
  58: "ICMPv6",
  59: "nothing",
  60: "Destination Options",
};

/** Extension headers that say their length in units of 8 bytes behind the first 8 (RFC 6564). */
const EXTENSIONS = [0, 43, 60];

const ICMPV6 = 58;

const TYPES: Record<number, string> = {
  1: "Destination Unreachable",
  2: "Packet Too Big",
  3: "Time Exceeded",
  4: "Parameter Problem",
  128: "Echo Request",
  129: "Echo Reply",
  130: "Multicast Listener Query",
  131: "Multicast Listener Report",
  132: "Multicast Listener Done",
  133: "Router Solicitation",
  134: "Router Advertisement",
  135: "Neighbor Solicitation",
  136: "Neighbor Advertisement",
  137: "Redirect",
  143: "Multicast Listener Report v2",
};

/** How many bytes of a neighbour discovery message lie between its checksum and its options. */
const FIXED_PARTS: Record<number, number> = { 133: 4, 134: 12, 135: 20, 136: 20, 137: 36 };

const OPTIONS: Record<number, string> = {
  1: "source link-layer address",
  2: "target link-layer address",
  3: "prefix information",
  4: "redirected header",
  5: "MTU",
  11: "CGA",
  12: "RSA signature",
  13: "timestamp",
  14: "nonce",
};

/** @param frame an Ethernet frame from its destination MAC on */
export function decode(frame: Uint8Array): Layer[] {
  const walk = new Walk(frame);
  const ethertype = ethernet(walk);
  if (ethertype === 0x86dd) ipv6(walk);
  walk.rest("Payload");
  return walk.layers;
}

/** Takes fields from a frame one after another, as far as it goes. */
class Walk {
  readonly layers: Layer[] = [];
  readonly frame: Uint8Array;
  at = 0;

  constructor(frame: Uint8Array) {
    this.frame = frame;
  }

  get left(): number {
    return this.frame.length - this.at;
  }

  layer(name: string): void {
    this.layers.push({ name, fields: [] });
  }

  /** The next bytes, under a name; none, where the frame ends before or among them. */
  take(name: string, length: number, text: (bytes: Uint8Array) => string = hexText): Uint8Array {
    const bytes = this.frame.subarray(this.at, this.at + length);
    if (bytes.length === length) this.add(name, this.at, this.at + length, text(bytes));
    else if (bytes.length > 0) {
      const value = `cut short, ${bytes.length} of ${length} bytes: ${hexText(bytes)}`;
      this.add(name, this.at, this.at + bytes.length, value, true);
    }
    this.at += bytes.length;
    return bytes.length === length ? bytes : new Uint8Array(0);
  }

  /** A field that has been looked at already. */
  add(name: string, start: number, end: number, value: string, wrong = false): void {
    this.layers.at(-1)?.fields.push({ name, start, end, value, ...(wrong ? { wrong } : {}) });
  }

  rest(name: string): void {
    if (this.left === 0) return;
    this.layer(name);
    this.take(counted(this.left), this.left);
  }
}

/** The header and its tags; gives the ethertype behind them. */
function ethernet(walk: Walk): number {
  walk.layer("Ethernet");
  walk.take("destination", 6, formatMac);
  walk.take("source", 6, formatMac);
  let ethertype = number(walk.take("ethertype", 2, ethertypeText));
  while (VLAN_TAGS.includes(ethertype)) {
    walk.layer("VLAN tag");
    walk.take("priority, VLAN", 2, (bytes) => `${number(bytes) >> 13}, ${number(bytes) & 0xfff}`);
    ethertype = number(walk.take("ethertype", 2, ethertypeText));
  }
  return ethertype;
}

function ipv6(walk: Walk): void {
  const start = walk.at;
  walk.layer("IPv6");
  walk.take("version", 1, ([first = 0]) => String(first >> 4));
  const first = number(walk.frame.subarray(start, start + 4));
  if (walk.left < 3) return;
  walk.add("traffic class", start, start + 2, String((first >>> 20) & 0xff));
  walk.add("flow label", start + 1, start + 4, `0x${(first & 0xfffff).toString(16).padStart(5, "0")}`);
  walk.at = start + 4;
  const length = number(walk.take("payload length", 2, decimal));
  markLength(walk, length, start + 40);
  let next = number(walk.take("next header", 1, nextHeaderText));
  walk.take("hop limit", 1, decimal);
  walk.take("source", 16, formatAddress);
  walk.take("destination", 16, formatAddress);
  if (walk.at < start + 40) return;
  const end = Math.min(walk.frame.length, start + 40 + length);
  while (EXTENSIONS.includes(next) && walk.at < end) next = extension(walk, next);
  if (next === ICMPV6 && walk.at < end) icmpv6(walk, start, end, start + 40 + length);
  if (walk.at < end) {
    walk.layer("Payload");
    walk.take(counted(end - walk.at), end - walk.at);
  }
  if (walk.left > 0) walk.rest("Behind the packet");
}

/** A payload length beyond the frame's end cannot be right, or the frame was cut. */
function markLength(walk: Walk, length: number, start: number): void {
  const field = walk.layers.at(-1)?.fields.at(-1);
  const there = Math.max(0, walk.frame.length - start);
  if (!field || length <= there) return;
  field.value += `, of which ${there} are there`;
  field.wrong = true;
}

function extension(walk: Walk, type: number): number {
  walk.layer(NEXT_HEADERS[type] ?? "Extension");
  const next = number(walk.take("next header", 1, nextHeaderText));
  const length = number(
    walk.take("length", 1, (bytes) => `${number(bytes)}: ${8 * (number(bytes) + 1)} bytes`),
  );
  walk.take("options", Math.max(0, 8 * length + 6));
  return next;
}

/**
 * @param header where the IPv6 header starts
 * @param end where the message ends in the frame
 * @param stated where it ends by the payload length
 */
function icmpv6(walk: Walk, header: number, end: number, stated: number): void {
  const start = walk.at;
  walk.layer("ICMPv6");
  const type = number(walk.take("type", 1, ([type = 0]) => named(type, TYPES)));
  walk.take("code", 1, decimal);
  const given = walk.take("checksum", 2);
  if (given.length > 0) judgeChecksum(walk, number(given), header, start, stated);
  const fixed = FIXED_PARTS[type];
  if (fixed === undefined || walk.at + fixed > end) return;
  if (type === 135) walk.take("reserved", 4);
  else if (type === 136) walk.take("flags", 4, flagsText);
  else walk.take("fixed part", fixed);
  if (type === 135 || type === 136) walk.take("target", 16, formatAddress);
  options(walk, end);
}

function judgeChecksum(walk: Walk, given: number, header: number, start: number, stated: number): void {
  const field = walk.layers.at(-1)?.fields.at(-1);
  if (!field) return;
  if (stated > walk.frame.length) {
    field.value = `0x${hex16(given)}, not all of what it covers is there`;
    return;
  }
  const computed = checksum(walk.frame.subarray(header + 8, header + 40), walk.frame.subarray(start, stated));
  // 0 and ffff are the same number in one's complement.
  field.wrong = given % 0xffff !== computed % 0xffff;
  field.value = `0x${hex16(given)}, computed 0x${hex16(computed)}: ${field.wrong ? "wrong" : "right"}`;
}

function options(walk: Walk, end: number): void {
  while (walk.at + 2 <= end) {
    const type = walk.frame[walk.at] ?? 0;
    const length = 8 * (walk.frame[walk.at + 1] ?? 0);
    const goesOn = length > 0 && walk.at + length <= end;
    walk.layer("Option");
    walk.take("type", 1, () => named(type, OPTIONS));
    walk.take("length", 1, () => lengthText(length, goesOn));
    if (!goesOn) {
      const field = walk.layers.at(-1)?.fields.at(-1);
      if (field) field.wrong = true;
      return;
    }
    const isMac = (type === 1 || type === 2) && length === 8;
    if (isMac) walk.take("link-layer address", 6, formatMac);
    else walk.take("content", length - 2);
  }
}

function lengthText(length: number, goesOn: boolean): string {
  if (length === 0) return "0, which no option has";
  return `${length / 8}: ${length} bytes${goesOn ? "" : ", past the end"}`;
}

function flagsText(bytes: Uint8Array): string {
  const names = ["Router", "Solicited", "Override"].filter((_, i) => (bytes[0] ?? 0) & (0x80 >> i));
  return `0x${hexOf(bytes)}: ${names.join(", ") || "none"}`;
}

/** The number that the bytes are, big-endian; -1 for none. */
function number(bytes: Uint8Array): number {
  return bytes.length === 0 ? -1 : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function named(value: number, names: Record<number, string>): string {
  return names[value] ? `${value}, ${names[value]}` : String(value);
}

function decimal(bytes: Uint8Array): string {
  return String(number(bytes));
}

function nextHeaderText(bytes: Uint8Array): string {
  return named(number(bytes), NEXT_HEADERS);
}

function ethertypeText(bytes: Uint8Array): string {
  const type = number(bytes);
  if (type < 0x600) return `${type}: a length (IEEE 802.3)`;
  return ETHERTYPES[type] ? `0x${hex16(type)}, ${ETHERTYPES[type]}` : `0x${hex16(type)}`;
}

function hexText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 64 ? `${shown} …` : shown;
}

function hex16(value: number): string {
  return value.toString(16).padStart(4, "0");
}

function counted(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}
