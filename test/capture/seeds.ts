// Captures of all kinds, whole and broken, as files to start from, and what may become of them.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { join } from "../support/captures.ts";

export interface Seed {
  file: string;
  /** Why it is there. */
  why: string;
  /** How many frames are read. */
  frames: number;
  /** How many packets are skipped, because their link type is not read. */
  skipped: number;
  /** What `sixplane answer` ends with. */
  status: number;
  /** What it says then. */
  says: string;
  bytes: Uint8Array;
}

const FOLDER = new URL("seeds/", import.meta.url);

export const SEEDS: Seed[] = readFileSync(new URL("index.jsonl", FOLDER), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line))
  .map((seed) => ({ skipped: 0, ...seed, bytes: readFileSync(new URL(seed.file, FOLDER)) }));

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A pcap's frame with its header, or a pcapng's block. */
export interface Part {
  start: number;
  end: number;
  isFrame: boolean;
}

/** The parts of a capture, as far as it makes sense. */
export function partsOf(bytes: Uint8Array): Part[] {
  if (isGzip(bytes)) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isPcapng = bytes.length > 12 && view.getUint32(0) === 0x0a0d0d0a;
  const parts: Part[] = [];
  let littleEndian = !isPcapng && bytes.length > 24 && bytes[0] !== 0xa1;
  let start = isPcapng ? 0 : 24;
  while (start + 16 <= bytes.length) {
    if (isPcapng && view.getUint32(start) === 0x0a0d0d0a) littleEndian = bytes[start + 8] === 0x4d;
    const number = (at: number) => view.getUint32(start + at, littleEndian);
    const end = start + (isPcapng ? number(4) : 16 + number(8));
    if (end > bytes.length || end < start + 12) break;
    parts.push({ start, end, isFrame: !isPcapng || [2, 3, 6].includes(number(0)) });
    start = end;
  }
  return parts;
}

/** Where a capture has its numbers of four bytes: magics, types, lengths, interfaces, times, options. */
function numbersOf(bytes: Uint8Array): number[] {
  const heads = partsOf(bytes).flatMap(({ start, end }) => [
    ...[0, 4, 8, 12, 16, 20, 24].map((at) => start + at),
    end - 4,
  ]);
  return [0, 4, 16, 20, ...heads].filter((at) => at + 4 <= bytes.length);
}

/** Numbers at which lengths, interfaces and versions change their meaning. */
const NUMBERS = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 20, 28, 31, 32, 33, 60, 86, 87, 120, 0xffff, 0x1_0000],
  ...[262_143, 262_144, 262_145, 0xff_fffc, 0x100_0000, 0x100_0004, 0x7fff_ffff, 0x8000_0000],
  ...[0xffff_fff0, 0xffff_fffc, 0xffff_ffff, 0x0a0d_0d0a, 0x1a2b_3c4d, 0xa1b2_c3d4],
];

type Change = (bytes: Uint8Array) => Uint8Array;

const place = fc.nat({ max: 2000 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(([at, bit]) => written(at, (old) => old ^ (1 << bit))),
  fc.tuple(place, fc.nat(255)).map(([at, value]) => written(at, () => value)),
  { weight: 4, arbitrary: fc.tuple(place, fc.constantFrom(...NUMBERS), fc.boolean()).map(numbered) },
  place.map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, at % (bytes.length + 1)),
  ),
  fc.tuple(place, place, fc.nat(3)).map(([from, to, times]) => repeated(from, to, times)),
  fc.tuple(fc.constantFrom(...SEEDS), place, place).map(spliced),
);

function written(at: number, value: (old: number) => number): Change {
  return (bytes) => bytes.map((old, i) => (i === at % bytes.length ? value(old) : old));
}

function numbered([which, value, littleEndian]: [number, number, boolean]): Change {
  return (bytes) => {
    const changed = Uint8Array.from(bytes);
    const places = numbersOf(bytes);
    const at = places[which % places.length];
    if (at !== undefined) new DataView(changed.buffer).setUint32(at, value, littleEndian);
    return changed;
  };
}

/** What lies between two places, not at all or several times: whole parts, where there are any. */
function repeated(one: number, other: number, times: number): Change {
  return (bytes) => {
    const edges = edgesOf(bytes);
    const [from = 0, to = 0] = [one, other]
      .map((which) => edges[which % edges.length] ?? 0)
      .sort((a, b) => a - b);
    return join([
      bytes.subarray(0, from),
      ...Array(times).fill(bytes.subarray(from, to)),
      bytes.subarray(to),
    ]);
  };
}

/** The start of one capture and the end of another. */
function spliced([{ bytes: other }, one, two]: [Seed, number, number]): Change {
  return (bytes) => {
    const [head, tail] = [edgesOf(bytes), edgesOf(other)];
    return join([bytes.subarray(0, head[one % head.length]), other.subarray(tail[two % tail.length])]);
  };
}

function edgesOf(bytes: Uint8Array): number[] {
  return [0, ...partsOf(bytes).map(({ end }) => end), Math.floor(bytes.length / 2), bytes.length];
}

/** A seed with up to four changes. */
export const damaged = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([seed, changes]) => ({
    seed,
    bytes: changes.reduce((bytes, change) => change(bytes), seed.bytes),
  }));
