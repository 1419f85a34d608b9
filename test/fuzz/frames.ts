// Cases for the fuzzer: a record and a frame that is a solicitation, or one or a few steps from one. A case is a
// function of numbers drawn, by whom does not matter: from a seed, fast, or from a list that fast-check shrinks.
import { macOf, setChecksum } from "./oracle.ts";

/** A number from 0 to one below the limit; 0 is always the plainest choice. */
export type Draw = (limit: number) => number;

export interface Case {
  network: Uint8Array;
  node: Uint8Array;
  modes: number;
  frame: Uint8Array;
  /** What lies in memory behind the frame: what was cut off, which must never decide. */
  behind: Uint8Array;
}

/** Whose addresses are to be asked for, where not just anybody's. */
export interface Aim {
  /** 8 bytes. */
  network: Uint8Array;
  /** 5 bytes. */
  owner: Uint8Array;
  /** The low 48 bits of its 6PLANE addresses, 6 bytes each. */
  suffixes: Uint8Array[];
  /** Whether it forwards, as a host of containers does. */
  forwards: boolean;
}

/** The draws of one case (sfc32, by Chris Doty-Humphrey). */
export function seeded(seed: number, index: number): Draw {
  let a = seed | 0;
  let b = index | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return (limit) => next() % limit;
}

/** The draws of a list; 0 behind its end. */
export function listed(list: readonly number[]): Draw {
  let at = 0;
  return (limit) => (list[at++] ?? 0) % limit;
}

/** The same draws, and their list. */
export function recorded(draw: Draw): { draw: Draw; list: number[] } {
  const list: number[] = [];
  const recording = (limit: number) => {
    const value = draw(limit);
    list.push(value);
    return value;
  };
  return { draw: recording, list };
}

/** What may be wrong with a frame; most have one of them, or none. */
const WRONG = {
  foreign: 1 << 0,
  own: 1 << 1,
  reserved: 1 << 2,
  source: 1 << 3,
  sourceIsTarget: 1 << 4,
  destination: 1 << 5,
  broadcast: 1 << 6,
  unicast: 1 << 7,
  ethernetSource: 1 << 8,
  ethertype: 1 << 9,
  version: 1 << 10,
  payloadLength: 1 << 11,
  nextHeader: 1 << 12,
  hopLimit: 1 << 13,
  type: 1 << 14,
  code: 1 << 15,
  checksum: 1 << 16,
  option: 1 << 17,
  linkLayerLength: 1 << 18,
  unspecifiedWithLinkLayer: 1 << 19,
  trailing: 1 << 20,
  length: 1 << 21,
  tag: 1 << 22,
  bit: 1 << 23,
  bytes: 1 << 24,
  moved: 1 << 25,
  extension: 1 << 26,
};
const WRONGS = Object.values(WRONG);
/** How many things are wrong, by a draw. */
const HOW_MANY = [0, 1, 1, 0, 1, 1, 1, 2, 2, 3];

const SIXPLANE = 1;
const RFC4193 = 2;
const PROBES = 4;

const SOURCE_LINK_LAYER_ADDRESS = 1;
const OPTION_TYPES = [14, 5, 2, 0, 3, 4, 11, 12, 13, 25, 253, 255];
const ETHERTYPES = [0x0800, 0x0806, 0x88cc, 0x86de, 0x86dc, 0x87dd, 0xdd86];
const TAGS = [0x8100, 0x88a8, 0x9100];
const NEXT_HEADERS = [0, 6, 17, 43, 44, 50, 51, 59, 60, 1, 57];
const EXTENSIONS = [0, 60, 43, 44];
const TYPES = [136, 133, 134, 137, 134, 128, 1];
const GROUPS = ["333300000001", "3333ff000001", "01005e000001", "010000000000", "fffffffffffe"].map(hex);
const SOURCES = [
  "2001:db8:0:0:0:0:0:1",
  "fe80:0:0:0:0:89ff:fe30:c27",
  "0:0:0:0:0:0:0:2",
  "1:0:0:0:0:0:0:1",
  "0:0:0:0:0:ffff:7f00:1",
].map(address);
const NO_SOURCES = ["0:0:0:0:0:0:0:1", "ff02:0:0:0:0:0:0:1", "ff02:0:0:0:0:1:ff00:1"].map(address);
const ALL_NODES = address("ff02:0:0:0:0:0:0:1");
const NO_DESTINATIONS = ["ff02:0:0:0:0:0:0:2", "ff05:0:0:0:0:1:ff00:1", "0:0:0:0:0:0:0:0"].map(address);
const FOREIGN = ["fe80:0:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:1", "0:0:0:0:0:0:0:0", "ff02:0:0:0:0:0:0:1"].map(
  address,
);

/** Room for the longest frame, whose options are of 2,040 bytes at most; the same for every case. */
const room = new Uint8Array(16_384);

/** An owner to aim at, whose node address is none that ZeroTier reserves. */
export function aimOf(draw: Draw): Aim {
  const { network, node: owner } = caseOf(draw);
  if (owner[0] === 0xff) owner[0] = 0xfe;
  const suffix = () => Uint8Array.from({ length: 6 }, () => draw(256));
  const suffixes = [Uint8Array.of(0, 0, 0, 0, 0, 1), suffix(), suffix()];
  return { network, owner, suffixes, forwards: draw(3) === 2 };
}

/** @param aim whose addresses most targets are to be */
export function caseOf(draw: Draw, aim?: Aim): Case {
  const seldom = (times: number) => draw(times) === times - 1;
  const random = (count: number, into = new Uint8Array(count), at = 0) => {
    for (let i = 0; i < count; i += 4) {
      const word = draw(2 ** 32);
      for (let j = i; j < i + 4 && j < count; j++) into[at + j] = word >>> (8 * (j - i));
    }
    return into;
  };
  const pick = <Value>(list: readonly Value[]): Value => list[draw(list.length)] as Value;
  const flip = (bytes: Uint8Array, from: number, to: number) => {
    const bit = 8 * from + draw(8 * (to - from));
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  };

  let wrong = 0;
  for (let left = pick(HOW_MANY); left > 0; left--) wrong |= pick(WRONGS);
  const is = (what: number) => (wrong & what) !== 0;

  const network = random(8);
  if (seldom(4)) network[7] = 0x50 + draw(4); // of which three make 52, and so 32
  if (seldom(16)) network.copyWithin(4, 0, 4); // folds to nothing
  if (aim) network.set(aim.network);
  const node = random(5);
  if (seldom(32)) node[0] = 0xff;
  const mode = 1 + draw(2);
  const modes = seldom(16) ? draw(256) : seldom(8) ? pick([SIXPLANE, RFC4193]) : pick([3, 7]);

  const frame = room.fill(0);
  const target = frame.subarray(62, 78);
  const owner = random(5);
  if (seldom(8)) for (const i of owner.keys()) owner[i] = node[i] ?? 0; // but for a bit, its own
  if (seldom(8) || owner.every((byte, i) => byte === node[i])) flip(owner, 0, 5);
  if (seldom(16)) owner.set([0xfe], 0);
  if (seldom(16)) owner.fill(0, 0, 4);
  if (aim && !seldom(16)) owner.set(aim.owner);
  if (is(WRONG.own)) node.set(owner);
  if (is(WRONG.reserved)) owner.fill(seldom(2) ? 0xff : 0, 0, seldom(2) ? 1 : 5);
  const mac = macOf(network, owner);
  random(16, target);
  if (mode === SIXPLANE) {
    for (let i = 0; i < 4; i++) target[1 + i] = (network[i] ?? 0) ^ (network[4 + i] ?? 0);
    target[0] = 0xfc;
    target.set(owner, 5);
    if (aim && !seldom(16)) target.set(pick(aim.suffixes), 10);
    else if (draw(2) === 0) target.set([0, 0, 0, 0, 0, 1], 10);
  } else {
    target[0] = 0xfd;
    target.set(network, 1);
    target.set([0x99, 0x93], 9);
    target.set(owner, 11);
  }
  if (is(WRONG.foreign)) {
    const how = draw(8);
    if (how < 4) flip(target, 0, mode === SIXPLANE ? 5 : 11);
    else if (how === 4) target[0] = pick([0xfc, 0xfd, 0xfe, 0xfb, 0xff]);
    else target.set(pick(FOREIGN));
  }

  const source = frame.subarray(22, 38);
  const from = draw(8);
  if (from === 0) source.set(pick(SOURCES));
  else if (from < 3) source.fill(0);
  else if (from === 3) random(16, source)[0] = 0x20;
  else if (from === 4)
    source.set(target); // but for a bit, the target
  else {
    source.set(target);
    source.set(node, mode === SIXPLANE ? 5 : 11);
  }
  if (from === 4) flip(source, 1, 16);
  if (from === 3 && draw(2) === 0) carryRound(source, target, mac, draw(4));
  if (is(WRONG.source)) source.set(pick(NO_SOURCES));
  if (is(WRONG.source) && seldom(4)) random(15, source, 1)[0] = 0xff;
  if (is(WRONG.sourceIsTarget)) source.set(target);
  const unspecified = source.every((byte) => byte === 0);

  const destination = frame.subarray(38, 54);
  const probe = (modes & PROBES) !== 0 && draw(2) !== 0;
  destination.set(ALL_NODES);
  if (unspecified || seldom(4)) {
    destination.set([1, 0xff], 11);
    destination.set(target.subarray(13), 13);
  }
  if (probe && (!unspecified || seldom(8))) destination.set(target);
  if (is(WRONG.destination)) {
    const how = draw(6);
    if (how < 3) flip(destination, 0, 16);
    else if (how === 3) destination.set(target);
    else if (how === 4) destination.set(ALL_NODES);
    else destination.set(pick(NO_DESTINATIONS));
  }

  frame.set([0x33, 0x33]);
  frame.set(destination.subarray(12), 2);
  if (seldom(4)) frame.set(pick(GROUPS));
  if (probe && !seldom(4)) frame.set(mac);
  if (is(WRONG.unicast)) {
    const how = draw(3);
    if (how === 0) random(6, frame);
    else frame.set(mac);
    if (how === 1) flip(frame, 0, 6);
    frame[0] = (frame[0] ?? 0) & 0xfe;
  }
  if (is(WRONG.broadcast)) frame.fill(0xff, 0, 6);

  frame.set(macOf(network, node), 6);
  if (seldom(8)) frame.set(mac, 6);
  if (is(WRONG.ethernetSource)) {
    const how = draw(4);
    if (how === 0) frame.fill(0, 6, 12);
    else if (how === 1) frame.set(mac, 6);
    else if (how === 2) frame.set(pick(GROUPS), 6);
    else random(6, frame, 6)[6] = (frame[6] ?? 0) | 1;
  } else if (frame.subarray(6, 12).every((byte, i) => byte === mac[i])) flip(frame, 8, 12);

  const ethertype = is(WRONG.ethertype) ? pick(ETHERTYPES) : 0x86dd;
  frame.set([ethertype >> 8, ethertype & 0xff], 12);
  random(4, frame, 14)[14] = is(WRONG.version) ? draw(256) : 0x60 | ((frame[14] ?? 0) & 0x0f);
  frame[20] = is(WRONG.nextHeader) ? pick(NEXT_HEADERS) : 58;
  frame[21] = is(WRONG.hopLimit) ? pick([64, 254, 0, 1, 127, 128]) : 255;
  frame[54] = is(WRONG.type) ? pick(TYPES) : 135;
  frame[55] = is(WRONG.code) ? 1 << draw(8) : 0;
  frame.fill(0, 58, 62);
  if (seldom(4)) random(4, frame, 58);

  let end = 78;
  const option = (type: number, units: number, bytes = units * 8) => {
    if (bytes > 16) frame.fill(draw(256), end, end + bytes);
    else random(bytes, frame, end);
    if (bytes > 0) frame[end] = type;
    if (bytes > 1) frame[end + 1] = units;
    end += bytes;
  };
  const options = draw(4);
  const place = wrong & (WRONG.option | WRONG.linkLayerLength | WRONG.unspecifiedWithLinkLayer) ? draw(4) : 4;
  for (let i = 0; i < 4; i++) {
    if (i === place) {
      if (is(WRONG.unspecifiedWithLinkLayer)) {
        option(SOURCE_LINK_LAYER_ADDRESS, 1);
        if (!is(WRONG.source | WRONG.sourceIsTarget)) {
          source.fill(0);
          destination.set([...ALL_NODES.subarray(0, 11), 1, 0xff, ...target.subarray(13)]);
        }
      }
      if (is(WRONG.linkLayerLength)) option(SOURCE_LINK_LAYER_ADDRESS, seldom(4) ? 255 : 2 + draw(3));
      if (is(WRONG.option)) {
        const type = seldom(4) ? SOURCE_LINK_LAYER_ADDRESS : pick(OPTION_TYPES);
        const units = draw(4);
        if (units === 0) option(type, 0, 8);
        else option(type, seldom(4) ? 255 : units + 1, units * 8);
      }
    }
    if (i >= options) continue;
    const type = draw(3) === 0 ? SOURCE_LINK_LAYER_ADDRESS : pick(OPTION_TYPES);
    if (type !== SOURCE_LINK_LAYER_ADDRESS) option(type, seldom(1024) ? 255 : 1 + draw(3));
    else if (!unspecified) {
      option(type, 1);
      if (!seldom(4)) frame.copyWithin(end - 6, 6, 12);
    }
  }
  if (is(WRONG.trailing)) option(pick([SOURCE_LINK_LAYER_ADDRESS, 14]), draw(3), 1 + draw(7));

  let payload = end - 54;
  if (is(WRONG.payloadLength)) {
    const how = draw(8);
    if (how === 0) payload = draw(24);
    else if (how === 1) payload = draw(2 ** 16);
    else if (how === 2) payload = pick([0, 8, 16, 23, 0xffff, 0xfff8]);
    else payload += pick([8, -8, 1, -1, 16]);
  }
  frame.set([(payload >> 8) & 0xff, payload & 0xff], 18);
  let length = end;
  if (seldom(3)) {
    const padding = pick([1, 4, 6, 8, 16, 60]);
    random(padding, frame, end);
    length += padding;
  }

  // The checksum is right for what the length says, or else for what is there.
  const message = payload >= 8 && 54 + payload <= length ? payload : end - 54;
  if (seldom(16)) {
    // A sum of zero without a checksum, which makes both 0000 and ffff right (C3, C4).
    frame.fill(0, 58, 62);
    setChecksum(frame, message);
    frame.copyWithin(58, 56, 58);
    frame.fill(seldom(2) ? 0xff : 0, 56, 58);
  } else if (!is(WRONG.checksum) || !seldom(4)) setChecksum(frame, message);
  if (is(WRONG.checksum)) flip(frame, 56, 58);

  // From here on the checksum follows only now and then.
  if (is(WRONG.bit)) flip(frame, 0, length);
  if (is(WRONG.bytes)) random(1 + draw(4), frame, draw(length));
  if (is(WRONG.moved)) {
    const at = draw(length);
    const by = 1 + draw(8);
    if (seldom(2)) frame.copyWithin(at, at + by, length);
    else {
      frame.copyWithin(at + by, at, length);
      length += by;
    }
  }
  if (wrong & (WRONG.bit | WRONG.bytes | WRONG.moved) && seldom(2)) setChecksum(frame, message);
  if (is(WRONG.extension)) {
    // An extension header that is 8 bytes of zeros but for what comes next: padding, no segments left, an atomic fragment.
    frame.copyWithin(62, 54, length);
    frame.fill(0, 54, 62)[54] = frame[20] ?? 0;
    frame[20] = pick(EXTENSIONS);
    frame.set([((payload + 8) >> 8) & 0xff, (payload + 8) & 0xff], 18);
    length += 8;
  }
  if (is(WRONG.tag)) {
    for (let tags = 1 + draw(2); tags > 0; tags--) {
      frame.copyWithin(16, 12, length);
      const tag = pick(TAGS);
      frame.set([tag >> 8, tag & 0xff, 0, seldom(2) ? draw(256) : 0], 12);
      length += 4;
    }
  }
  const whole = Math.max(length, 86);
  if (is(WRONG.length)) length = seldom(2) ? draw(length) : Math.max(0, length - 1 - draw(16));
  const copy = frame.slice(0, whole);
  return { network, node, modes, frame: copy.subarray(0, length), behind: copy.subarray(length) };
}

/**
 * Ends the asker's address such that the sum of the reply's little-endian words of 4 bytes, by which the core gets the
 * checksum, comes to the given number below a multiple of 2 to the power of 32: its carries then carry once more.
 */
function carryRound(source: Uint8Array, target: Uint8Array, mac: Uint8Array, below: number): void {
  const word = (bytes: Uint8Array, at: number) =>
    (bytes[at] ?? 0) +
    (bytes[at + 1] ?? 0) * 2 ** 8 +
    (bytes[at + 2] ?? 0) * 2 ** 16 +
    (bytes[at + 3] ?? 0) * 2 ** 24;
  const option = Uint8Array.of(2, 1, ...mac);
  let total = 0x2000 + 0x3a00 + 136 + 0x60 + word(option, 0) + word(option, 4);
  for (let at = 0; at < 16; at += 4) total += 2 * word(target, at);
  for (let at = 0; at < 12; at += 4) total += word(source, at);
  const last = (2 ** 33 - 1 - below - (total % 2 ** 32)) % 2 ** 32;
  for (let i = 0; i < 4; i++) source[12 + i] = Math.floor(last / 2 ** (8 * i));
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** An IPv6 address written with all of its eight groups. */
function address(text: string): Uint8Array {
  return hex(
    text
      .split(":")
      .map((group) => group.padStart(4, "0"))
      .join(""),
  );
}
