// An ICMPv6 echo request in an Ethernet frame, and what answers it.

import { formatAddress, parseAddress, parseMac } from "sixplane";

//  Offsets from the Ethernet destination (RFC 8200 §3, RFC 4443 §4.1)
//
//   0             6        12     14           18       20     21    22       38            54     55     56         58
//  ┌─────────────┬────────┬──────┬────────────┬────────┬──────┬─────┬────────┬─────────────┬──────┬──────┬──────────┬────────
//  │ destination │ source │ type │ 6, …       │ length │ next │ hop │ source │ destination │ type │ code │ checksum │ body …
//  └─────────────┴────────┴──────┴────────────┴────────┴──────┴─────┴────────┴─────────────┴──────┴──────┴──────────┴────────
const SOURCE_MAC = 6;
const ETHERTYPE = 12;
const IPV6 = 14;
const PAYLOAD_LENGTH = 18;
const NEXT_HEADER = 20;
const HOP_LIMIT = 21;
const SOURCE = 22;
const DESTINATION = 38;
const ICMPV6 = 54;
const CHECKSUM = 56;
const BODY = 58;

/** Identifier and sequence number (RFC 4443 §4.1), by which the answer is known; nothing follows them. */
const BODY_LENGTH = 4;
/** An error's body starts with 4 bytes, then the packet that it is about (RFC 4443 §3.1). */
const QUOTED = BODY + 4;

const IS_ICMPV6 = 58;
const UNREACHABLE = 1;
const TIME_EXCEEDED = 3;
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;

/** Who asks whom. MACs and addresses are in their usual notation. */
export interface Ends {
  sourceMac: string;
  destinationMac: string;
  source: string;
  destination: string;
}

/** What became of an echo request. `from` is the address of who refused it. */
export type Outcome = { kind: "reply" | "silence" } | { kind: "refusal"; from: string; reason: Refusal };

export type Refusal = "no route" | "prohibited" | "address unreachable" | "hop limit" | "other";

/** The frame of an echo request. @param identifier 0 to 0xffffffff, what the answer has to repeat */
export function echoRequest(ends: Ends, identifier: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(BODY + BODY_LENGTH);
  const view = new DataView(frame.buffer);
  frame.set(parseMac(ends.destinationMac));
  frame.set(parseMac(ends.sourceMac), SOURCE_MAC);
  view.setUint16(ETHERTYPE, 0x86dd);
  frame[IPV6] = 6 << 4;
  view.setUint16(PAYLOAD_LENGTH, frame.length - ICMPV6);
  frame[NEXT_HEADER] = IS_ICMPV6;
  frame[HOP_LIMIT] = 64;
  frame.set(parseAddress(ends.source), SOURCE);
  frame.set(parseAddress(ends.destination), DESTINATION);
  frame[ICMPV6] = ECHO_REQUEST;
  view.setUint32(BODY, identifier);
  view.setUint16(CHECKSUM, checksum(view));
  return frame;
}

/** The Internet checksum over addresses, length, next header and the message (RFC 4443 §2.3). */
function checksum(view: DataView): number {
  let sum = view.byteLength - ICMPV6 + IS_ICMPV6;
  for (let at = SOURCE; at < view.byteLength; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** What a frame says of the request; undefined where it is about something else. */
export function outcomeIn(frame: Uint8Array, request: Uint8Array): Outcome | undefined {
  if (frame.length < BODY + BODY_LENGTH || frame[NEXT_HEADER] !== IS_ICMPV6) return undefined;
  const type = frame[ICMPV6];
  if (type === ECHO_REPLY) return isReply(frame, request) ? { kind: "reply" } : undefined;
  if ((type !== UNREACHABLE && type !== TIME_EXCEEDED) || !quotes(frame, request)) return undefined;
  const from = formatAddress(frame.slice(SOURCE, DESTINATION));
  return { kind: "refusal", from, reason: reasonOf(type, frame[ICMPV6 + 1]) };
}

function isReply(frame: Uint8Array, request: Uint8Array): boolean {
  const parts: [at: number, in_: number, length: number][] = [
    [SOURCE, DESTINATION, 16],
    [DESTINATION, SOURCE, 16],
    [BODY, BODY, BODY_LENGTH],
  ];
  return parts.every(([at, in_, length]) => isSame(frame, at, request, in_, length));
}

/** Whether an error quotes the request. Addresses and identifier are enough: routers change the hop limit. */
function quotes(frame: Uint8Array, request: Uint8Array): boolean {
  const from = SOURCE - IPV6;
  return (
    isSame(frame, QUOTED + from, request, SOURCE, 32) && isSame(frame, QUOTED + BODY - IPV6, request, BODY, 4)
  );
}

function isSame(one: Uint8Array, at: number, other: Uint8Array, in_: number, length: number): boolean {
  if (one.length < at + length) return false;
  return Buffer.compare(one.subarray(at, at + length), other.subarray(in_, in_ + length)) === 0;
}

/** The codes of RFC 4443 §3.1. */
function reasonOf(type: number, code: number | undefined): Refusal {
  if (type === TIME_EXCEEDED) return "hop limit";
  if (code === 0 || code === 6) return "no route";
  if (code === 1 || code === 5) return "prohibited";
  return code === 3 ? "address unreachable" : "other";
}
