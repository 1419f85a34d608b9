// Where the owner's kernel is known not to do what the core does, each with its reason. An exception takes out of a
// question what it is about; the core is then asked about what is left, and what it says is what the kernel must have
// done with the whole. So no exception excuses more than it names.
import type { Case } from "./frames.ts";
import { byte, ownerOf, same, setChecksum, sum } from "./oracle.ts";

/** A case as the kernel is asked. */
export interface Question extends Case {
  /** Whether the kernel has never heard of the asker, instead of having its Ethernet source as a permanent neighbour. */
  stranger: boolean;
}

/** Whom the question reaches. */
export interface Station {
  mac: Uint8Array;
  addresses: Uint8Array[];
  /** Whether it is a router. */
  forwards: boolean;
}

/** Turns the advertisement for what is left into the one for the whole. */
export type Restore = (reply: Uint8Array) => Uint8Array;

export interface Exception {
  name: string;
  /** The rule's number in the table of assembly/README.md. */
  rule: string;
  because: string;
  /** Takes it out; undefined where there is none, and "silent" where the kernel does not answer then. */
  remove(question: Question, station: Station): Restore | "silent" | undefined;
}

const PLAIN_MAC = [2, 0, 0, 0, 0, 1];
const ALL_ROUTERS = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const OTHER_NODE = [0, 0, 0, 0, 1];
const ROUTER = 0x80;
const OVERRIDE = 0x20;
const UNKNOWN_OPTION = 253;
const HOP_BY_HOP_OPTIONS = 0;
const ROUTING = 43;
const DESTINATION_OPTIONS = 60;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const asItIs: Restore = (reply) => reply;

/** In the order in which they are taken out. */
export const EXCEPTIONS: Exception[] = [
  {
    name: "priority tag",
    rule: "A1",
    because: "the kernel takes priority tags off",
    remove(question) {
      if (!isPriorityTag(question.frame)) return undefined;
      question.frame = withoutTags(question.frame);
      return asItIs;
    },
  },
  {
    name: "extension header",
    rule: "B4",
    because: "the kernel parses extension headers",
    remove(question) {
      const { frame } = question;
      if (!isIpv6(frame) || frame.length < 62) return undefined;
      const next = byte(frame, 20);
      const parsed = next === HOP_BY_HOP_OPTIONS || next === DESTINATION_OPTIONS;
      // No segments left, and to one address: the destination is the last.
      const routed = next === ROUTING && byte(frame, 0) % 2 === 0 && byte(frame, 38) !== 0xff;
      // Without a payload length, for which there is an option of that header, it takes all that there is.
      const jumbo = next === HOP_BY_HOP_OPTIONS && payloadOf(frame) === 0;
      const payload = (jumbo ? frame.length - 54 : payloadOf(frame)) - 8;
      if (!(parsed || routed) || payload < 0 || frame.subarray(55, 62).some((one) => one !== 0))
        return undefined;
      frame[20] = byte(frame, 54);
      frame.set([payload >> 8, payload & 0xff], 18);
      question.frame = cut(frame, 54, 62);
      return asItIs;
    },
  },
  {
    name: "another address",
    rule: "E1",
    because: "the kernel has some addresses, not all that the prefix has room for",
    remove({ frame }, { addresses }) {
      return isQuestion(frame) && !has(addresses, frame.subarray(62, 78)) ? "silent" : undefined;
    },
  },
  {
    name: "mode that is off",
    rule: "E3",
    because: "the kernel knows of no modes",
    remove(question) {
      if (!isQuestion(question.frame) || ownerOf(question, question.frame.subarray(62, 78))) return undefined;
      question.modes |= 3;
      return asItIs;
    },
  },
  {
    name: "the node's own address",
    rule: "E4",
    because: "the kernel answers for its own addresses, whoever else has them",
    remove(question) {
      const { frame, node } = question;
      if (!isQuestion(frame)) return undefined;
      const owner = ownerOf(question, frame.subarray(62, 78));
      if (!owner || !same(owner, node)) return undefined;
      question.node = Uint8Array.from(OTHER_NODE);
      return asItIs;
    },
  },
  {
    name: "to one MAC",
    rule: "A3",
    because: "the kernel answers what comes to its MAC",
    remove({ frame }, { mac }) {
      if (!isQuestion(frame) || !same(frame.subarray(0, 6), mac)) return undefined;
      frame.set([0x33, 0x33, ...solicitedNode(frame).slice(12)]);
      return asItIs;
    },
  },
  {
    name: "broadcast",
    rule: "A4",
    because: "the kernel answers broadcast",
    remove({ frame }) {
      if (!isQuestion(frame) || frame.subarray(0, 6).some((one) => one !== 0xff)) return undefined;
      frame.set([0x33, 0x33, ...solicitedNode(frame).slice(12)]);
      return asItIs;
    },
  },
  {
    name: "from a group",
    rule: "A5",
    because: "the kernel answers to any MAC, and so to a group",
    remove: (question) => otherEthernetSource(question, (mac) => byte(mac, 0) % 2 === 1),
  },
  {
    name: "from no station",
    rule: "A5",
    because: "the kernel answers to any MAC, and so to zero",
    remove: (question) => otherEthernetSource(question, (mac) => mac.every((one) => one === 0)),
  },
  {
    name: "from its own MAC",
    rule: "A5",
    because: "the kernel answers to any MAC, and so to its own",
    remove: (question, station) => otherEthernetSource(question, (mac) => same(mac, station.mac)),
  },
  {
    name: "to one address",
    rule: "B7",
    because: "the kernel answers what goes to its address, without option and Override flag",
    remove(question, { addresses }) {
      const { frame } = question;
      if (!isQuestion(frame) || isUnspecified(frame)) return undefined;
      if (!has(addresses, frame.subarray(38, 54))) return undefined;
      change(frame, 38, solicitedNode(frame));
      return (reply) => {
        const short = reply.slice(0, 78);
        short[19] = 24;
        short[58] = byte(reply, 58) & ~OVERRIDE;
        setChecksum(short, 24);
        return short;
      };
    },
  },
  {
    name: "to all routers",
    rule: "B7",
    because: "the kernel listens to that group, too, where it forwards",
    remove({ frame }, { forwards }) {
      if (!forwards || !isQuestion(frame) || !same(frame.subarray(38, 54), ALL_ROUTERS)) return undefined;
      if (isUnspecified(frame)) return undefined;
      change(frame, 38, solicitedNode(frame));
      return asItIs;
    },
  },
  {
    name: "from the target",
    rule: "B6",
    because: "the kernel answers itself, or who pretends to be it",
    remove({ frame }) {
      const target = frame.slice(62, 78);
      if (!isQuestion(frame) || !same(frame.subarray(22, 38), target)) return undefined;
      const other = target.slice();
      other[15] = byte(other, 15) ^ 1;
      change(frame, 22, other);
      return (reply) => change(reply, 38, target);
    },
  },
  {
    name: "second link-layer address",
    rule: "D3",
    because: "the kernel looks at the first source link-layer address only",
    remove({ frame }) {
      const [first, ...rest] = linkLayerAddresses(frame);
      const others = rest.filter((at) => byte(frame, at + 1) !== 1);
      if (first === undefined || byte(frame, first + 1) !== 1 || others.length === 0) return undefined;
      for (const at of others) change(frame, at, [UNKNOWN_OPTION]);
      return asItIs;
    },
  },
  {
    name: "unknown asker",
    rule: "D4",
    because: "the kernel has a neighbour cache to ask for first",
    remove({ frame, stranger }) {
      if (!stranger || !isQuestion(frame) || isUnspecified(frame)) return undefined;
      return linkLayerAddresses(frame).length === 0 ? "silent" : undefined;
    },
  },
  {
    name: "link-layer address of a stranger",
    rule: "D5",
    because: "the kernel sends to the MAC in the option",
    remove({ frame, stranger }) {
      const [first] = linkLayerAddresses(frame);
      if (!stranger || first === undefined) return undefined;
      const mac = frame.slice(first + 2, first + 8);
      if (same(mac, frame.subarray(6, 12))) return undefined;
      return (reply) => change(reply, 0, mac);
    },
  },
  {
    name: "router",
    rule: "F2",
    because: "the kernel sets the Router flag where it forwards",
    remove({ frame }, { forwards }) {
      if (!forwards || !isQuestion(frame)) return undefined;
      return (reply) => change(reply, 58, [byte(reply, 58) | ROUTER]);
    },
  },
];

function otherEthernetSource(
  { frame, stranger }: Question,
  isIt: (mac: Uint8Array) => boolean,
): Restore | undefined {
  const asker = frame.slice(6, 12);
  if (!isQuestion(frame) || !isIt(asker)) return undefined;
  frame.set(PLAIN_MAC, 6);
  // A stranger is answered at the MAC in the option, if at all.
  return stranger || isUnspecified(frame) ? asItIs : (reply) => change(reply, 0, asker);
}

/** Whether it is a solicitation as far as those can tell that act on its fixed fields. */
function isQuestion(frame: Uint8Array): boolean {
  return isIpv6(frame) && frame.length >= 78 && frame[20] === 58 && frame[54] === 135;
}

function isIpv6(frame: Uint8Array): boolean {
  return frame[12] === 0x86 && frame[13] === 0xdd;
}

export function isUnspecified(frame: Uint8Array): boolean {
  return frame.subarray(22, 38).every((one) => one === 0);
}

/** Tagged for no VLAN (IEEE 802.1Q), by a tag that is not the obsolete 9100. */
function isPriorityTag(frame: Uint8Array): boolean {
  const tag = (frame[12] ?? 0) * 256 + (frame[13] ?? 0);
  if ((tag !== 0x8100 && tag !== 0x88a8) || frame.length < 18) return false;
  return (byte(frame, 14) & 0x0f) === 0 && frame[15] === 0;
}

/** The frame without the tags that the kernel takes off. */
export function withoutTags(frame: Uint8Array): Uint8Array {
  let rest = frame;
  while (isPriorityTag(rest)) rest = cut(rest, 12, 16);
  return rest;
}

/** Where the source link-layer address options begin, up to the first option that is none. */
function linkLayerAddresses(frame: Uint8Array): number[] {
  const found: number[] = [];
  if (!isQuestion(frame)) return found;
  const end = Math.min(54 + payloadOf(frame), frame.length);
  for (let at = 78; at + 8 <= end; ) {
    const length = byte(frame, at + 1) * 8;
    if (length === 0) break;
    if (frame[at] === SOURCE_LINK_LAYER_ADDRESS) found.push(at);
    at += length;
  }
  return found;
}

function solicitedNode(frame: Uint8Array): number[] {
  return [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...frame.subarray(75, 78)];
}

function payloadOf(frame: Uint8Array): number {
  return byte(frame, 18) * 256 + byte(frame, 19);
}

/** The frame without some of its bytes. */
function cut(frame: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, start), ...frame.subarray(end));
}

/** Writes bytes, after which the checksum is as right or wrong as before. */
function change(frame: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const payload = payloadOf(frame);
  const counts = payload >= 24 && 54 + payload <= frame.length;
  const wasRight = counts && sum(frame, payload) === 0xffff;
  frame.set(bytes, at);
  if (!counts) return frame; // it is never looked at
  setChecksum(frame, payload);
  if (!wasRight) frame[57] = byte(frame, 57) ^ 1;
  return frame;
}

function has(addresses: Uint8Array[], address: Uint8Array): boolean {
  return addresses.some((one) => same(one, address));
}
