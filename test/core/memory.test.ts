// Every access of every build to memory: where it may be, and how many there may be.
import binaryen from "binaryen";
import fc from "fast-check";
import type { CoreExports } from "sixplane";
import { describe, expect, test } from "vitest";
import { seeded } from "../fuzz/frames.ts";
import { type PeerCase, peerCase } from "../fuzz/peer-frames.ts";
import { anyFrame, nearSolicitation } from "../support/arbitraries.ts";
import {
  BUILDS,
  type Build,
  CHECKERS,
  Host,
  type Judged,
  NEIGHBOURS,
  RESPONDERS,
  record,
} from "../support/builds.ts";
import {
  ALL_NODES,
  type Fields,
  hex,
  NETWORK,
  OWNER_MAC,
  SELF,
  SELF_ADDRESS,
  SELF_MAC,
  sllao,
  solicitation,
  TARGET,
  TARGET_RFC4193,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";
import { MemoryGuard, type Range } from "../support/memory-guard.ts";
import { ADDRESSES, OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";

// The most that a frame may cost in loads, stores, calls and turns of loops.
/** What is passed on, however long: measured 28. */
const PASS_WORK = 32;
/** A solicitation without options, the reply included: measured 115. */
const SOLICITATION_WORK = 120;
/** An address, a MAC or an owner: measured 26. */
const DERIVATION_WORK = 28;
/** A neighbour, which is an owner, and its MAC: measured 39. */
const NEIGHBOUR_WORK = 41;
/** 8 bytes of options: a turn with two loads for the checksum, and one for the walk. */
const OPTION_WORK = 6;

interface Question {
  record: string;
  frame: Uint8Array;
}

type Place = { config: number; frame: number };

const END = 0x10000;
const PEER_FRAMES = Array.from({ length: 500 }, (_, index) => peerCase(seeded(1, index)));

/** The longest solicitation, all options, that fits into memory beside a record. */
const LONGEST = 65_518;
const ADVERTISEMENT = 86;

/** Places of record and frame: at either end of memory, apart, side by side, at even and odd addresses. */
const PLACES: ((room: number) => Place)[] = [
  (room) => ({ config: 0, frame: END - room }),
  () => ({ config: END - 16, frame: 0 }),
  () => ({ config: 0x7ff1, frame: 0x9003 }),
  () => ({ config: 256, frame: 1024 }),
  (room) => ({ config: 1 + room, frame: 1 }),
  () => ({ config: 17, frame: 33 }),
];

/** One frame for each way a rule can go, in both modes. */
const RULES: Partial<Fields>[] = [
  {},
  { options: "" },
  { source: UNSPECIFIED },
  { destination: ALL_NODES },
  { ethertype: "0806" },
  { ethertype: "8100000586dd" },
  { ethernetDestination: OWNER_MAC },
  { ethernetDestination: "ffffffffffff" },
  { ethernetSource: "333300000001" },
  { ethernetSource: "000000000000" },
  { ethernetSource: OWNER_MAC },
  { padding: "5a".repeat(1000) },
  { versionClassFlow: "40000000" },
  { hopLimit: "40" },
  ...["0000", "0017", "0018", "0020", "0021", "0028", "ffff"].map((payloadLength) => ({ payloadLength })),
  { nextHeader: "00" },
  { source: ALL_NODES },
  { source: "00000000000000000000000000000001" },
  { source: TARGET },
  { source: TARGET_RFC4193 },
  { destination: SELF_ADDRESS },
  { source: UNSPECIFIED, destination: ALL_NODES },
  { type: "88" },
  { code: "01" },
  { checksum: "0000" },
  { options: "0100000000000000" },
  { options: `0102${SELF_MAC}`, padding: "00".repeat(8) },
  { options: `${sllao(SELF_MAC)}0e03000000000000` },
  { options: `${sllao(SELF_MAC)}01` },
  { source: UNSPECIFIED, options: sllao(SELF_MAC) },
  { options: `0102${SELF_MAC}0000000000000000` },
  { options: `fdff${"00".repeat(255 * 8 - 2)}${sllao(SELF_MAC)}` },
];
const TARGETS = [
  TARGET,
  TARGET_RFC4193,
  SELF_ADDRESS,
  "fc9c56c2e3ff00000000000000000001",
  "fd8056c2e21c00000199930000000000",
  "fe800000000000000000000000000001",
];

const ask = (given: Partial<Fields> = {}, modes = 3): Question => ({
  record: record(NETWORK, SELF, modes),
  frame: solicitation(given),
});

const RULED: Question[] = TARGETS.flatMap((target) => [
  ...RULES.map((given) => ask({ target, ...given })),
  ...RULES.map((given) => ask({ target, destination: target, ethernetDestination: OWNER_MAC, ...given }, 7)),
]);

const GOOD: Question[] = [TARGET, TARGET_RFC4193].flatMap((target) => [
  ask({ target }),
  ask({ target, options: "" }),
  ask({ target, source: UNSPECIFIED }),
  ask({ target, options: `0e0112b04b505012${sllao(SELF_MAC)}`, padding: "deadbeef" }),
]);

/** Every length that a good frame can be cut to. */
const TRUNCATED = GOOD.flatMap(({ record, frame }) =>
  Array.from({ length: frame.length }, (_, length) => ({ record, frame: frame.subarray(0, length) })),
);

/** Options of every length that they can name, first and second, in packets with 8 to 24 bytes of options. */
const OVERLONG = [TARGET, TARGET_RFC4193].flatMap((target) =>
  Array.from({ length: 256 }, (_, units) => `0e${units.toString(16).padStart(2, "0")}`).flatMap((option) =>
    ["", sllao(SELF_MAC)].flatMap((before) =>
      ["", "0e01000000000000"].map((behind) =>
        ask({ target, options: `${before}${option}000000000000${behind}`, padding: "0101" }),
      ),
    ),
  ),
);

const VECTORS: Question[] = [
  ...REPLIES.flatMap(({ network, self, ns, na }) =>
    [ns, na].map((text) => ({ record: record(network, self), frame: hex(text) })),
  ),
  ...[3, 7].flatMap((modes) => [
    ...OWNER_KERNEL.cases.map(({ in_hex }) => ({
      record: record(OWNER_KERNEL.network, OWNER_KERNEL.self, modes),
      frame: hex(in_hex),
    })),
    ...TAP.frames.map((one) => ({ record: record(TAP.network, TAP.self, modes), frame: hex(one.hex) })),
  ]),
];

/** Two good frames with each of their bytes replaced by every other. */
function* replaced(): Generator<Question> {
  for (const { record, frame } of [TARGET, TARGET_RFC4193].map((target) => ask({ target }))) {
    for (let at = 0; at < frame.length; at++) {
      for (let value = 0; value < 256; value++) {
        const other = frame.slice();
        other[at] = value;
        yield { record, frame: other };
      }
    }
  }
}

/** Frames with as many options as memory holds, all of them good but, in one, the last. */
const LONG: Question[] = [TARGET, TARGET_RFC4193].flatMap((target) => {
  const options = (LONGEST - 78) / 8;
  return [
    ask({ target, options: sllao(SELF_MAC).repeat(options) }),
    ask({ target, options: "0e01112233445566".repeat(options) }),
    ask({ target, options: `${"0e01112233445566".repeat(options - 1)}0e02112233445566` }),
    ask({ target, padding: "5a".repeat(LONGEST - 86) }),
    ask({ target, padding: "5a".repeat(LONGEST - 86), ethernetDestination: OWNER_MAC }),
  ];
});

const CHANCE: Question[] = [...fc.sample(nearSolicitation, 40_000), ...fc.sample(anyFrame, 10_000)];

/** Bytes of the frame that say anything: up to the end of its packet, where a solicitation names one. */
function told(frame: Uint8Array): number {
  const packet = 54 + (((frame[18] ?? 0) << 8) | (frame[19] ?? 0));
  return Math.min(frame.length, Math.max(packet, 78));
}

/** Runs a frame through the guarded build; throws where it does what it may not. */
function judge(build: Build, guard: MemoryGuard, { record, frame }: Question, at: Place): Judged {
  const reads = [
    { start: at.config, length: 16 },
    { start: at.frame, length: told(frame) },
  ];
  // Without reasons, A1 comes before A2: of a frame too short for one, the ethertype is read, and decides nothing.
  if (!build.reasons) reads.push({ start: at.frame + 12, length: 2 });
  const options = build.rules ? Math.max(0, told(frame) - 78) : 0;
  const most = SOLICITATION_WORK + OPTION_WORK * Math.floor(options / 8);
  const judged = guard.permit(reads, [{ start: at.frame, length: ADVERTISEMENT }], most, () =>
    guard.host.judge(record, frame, at),
  );
  const { code } = judged;
  if (guard.wrote !== code > 0) throw new Error("writes, and does not reply");
  if (code > -16 && code <= 0 && guard.steps > PASS_WORK) throw new Error(`passes in ${guard.steps} steps`);
  return judged;
}

describe.each(RESPONDERS)("the $name build", (build) => {
  const plain = new Host(build);
  const guard = new MemoryGuard(build);
  const codes = new Set<number>();

  /** Judges the frame at each of the places, and holds what it says against the build's own word. */
  function check({ record, frame }: Question, places = PLACES): void {
    for (const place of places) {
      const at = place(Math.max(frame.length, ADVERTISEMENT));
      try {
        const { code, frame: after } = judge(build, guard, { record, frame }, at);
        const expected = plain.judge(record, frame, at);
        if (code !== expected.code || Buffer.compare(after, expected.frame) !== 0)
          throw new Error(`returns ${code}, and unwatched ${expected.code}`);
        codes.add(code);
      } catch (cause) {
        throw new Error(`${cause}: ${JSON.stringify({ record, frame: toHex(frame), at })}`, { cause });
      }
    }
  }

  /** Each question at one place, the places in turn. */
  function checkInTurn(questions: Iterable<Question>): void {
    let i = 0;
    for (const question of questions) check(question, PLACES.slice(i++ % PLACES.length).slice(0, 1));
  }

  test.each([
    ["vectors", VECTORS],
    ["frames for every rule", RULED],
    ["good frames, cut anywhere", TRUNCATED],
    ["options of every length", OVERLONG],
  ])("touches what it may, and no more often: %s", (_, questions) => {
    for (const question of questions) check(question);
  });

  test("touches what it may, and no more often: good frames, any byte another", () =>
    checkInTurn(replaced()));

  test("touches what it may, and no more often: frames by chance", () => checkInTurn(CHANCE));

  test("touches what it may, and no more often: 65,518 bytes", () => {
    for (const question of LONG) {
      expect(question.frame).toHaveLength(LONGEST);
      check(question, PLACES.slice(0, 2));
    }
  });

  test("touches no frame of no length, or of less", () => {
    const [{ record }] = GOOD as [Question];
    const [config, frame] = [0, 16];
    guard.host.bytes.set(hex(record), config);
    const ethertype = build.reasons ? [] : [{ start: frame + 12, length: 2 }];
    for (const length of [0, -1, -0x80000000])
      guard.permit(ethertype, [], PASS_WORK, () => guard.host.exports.respond(config, frame, length));
    guard.host.bytes.fill(Host.GUARD, config, config + 16);
  });

  test("every verdict and reason was among them", () => {
    const reasons = [...Array(10).keys()]
      .map((i) => -1 - i)
      .concat([...Array(11).keys()].map((i) => -17 - i));
    const expected = build.reasons ? reasons : build.rules ? [0, -16] : [0];
    expect([...codes].sort((a, b) => b - a)).toEqual([ADVERTISEMENT, ...expected]);
  });

  test("nothing beside record and frame was ever written", () =>
    expect([guard.host.untouched(), plain.untouched()]).toEqual([true, true]));
});

type Derivation = { config: number; at: number; out: number };

/** Places of record, address and what is written. */
const DERIVATIONS: ((length: number) => Derivation)[] = [
  () => ({ config: 0, at: END - 16, out: 0x3003 }),
  () => ({ config: END - 16, at: 0, out: 0x3000 }),
  (length) => ({ config: 0x1001, at: 0x2003, out: END - length }),
  () => ({ config: 0x1008, at: 0x2000, out: 0 }),
  () => ({ config: 7, at: 23, out: 39 }),
];

interface Derived {
  name: "sixplane" | "rfc4193" | "mac" | "owner" | "macOwner" | "neighbour";
  /** Bytes of the address that it asks about. */
  takes: number;
  /** Bytes that it writes at most, and does where it returns nothing, or a mode. */
  writes: number;
  /** The addresses of a row, or one of no length. */
  of(row: Row): string[];
  results: (number | undefined)[];
}

type Row = (typeof ADDRESSES)[number];

const DERIVED: Derived[] = [
  { name: "sixplane", takes: 0, writes: 16, of: () => [""], results: [undefined] },
  { name: "rfc4193", takes: 0, writes: 16, of: () => [""], results: [undefined] },
  { name: "mac", takes: 0, writes: 6, of: () => [""], results: [undefined] },
  { name: "owner", takes: 16, writes: 5, of: (row) => [row.sixplane, row.rfc4193], results: [0, 1, 2] },
  { name: "macOwner", takes: 6, writes: 5, of: (row) => [row.mac], results: [0, 1] },
  { name: "neighbour", takes: 16, writes: 6, of: (row) => [row.sixplane, row.rfc4193], results: [0, 1, 2] },
];

/** Those of these functions that a build has. */
const derivedOf = (build: Build) =>
  DERIVED.filter(({ name }) => WebAssembly.Module.exports(build.module).some((one) => one.name === name));

/** Calls the function, with an address where it takes one. */
function call(exports: CoreExports, { name, takes }: Derived, { config, at, out }: Derivation) {
  const given = takes > 0 ? [config, at, out] : [config, out];
  return (exports[name] as (...given: number[]) => number | undefined)(...given);
}

/** Judges a peer's frame on a guarded build, record and frame apart; throws where it touches what it may not. */
function permit(guard: MemoryGuard, one: PeerCase): number {
  const { exports, bytes } = guard.host;
  const { length } = one.frame;
  const [config, frame] = [0x7ff1, 0x9003];
  bytes.set(hex(record(toHex(one.network), toHex(one.node), one.modes)), config);
  bytes.set(one.frame, frame);
  const reads = [
    { start: config, length: 16 },
    { start: frame, length },
  ];
  return guard.permit(reads, [], 1_000, () => exports.permits(config, frame, length));
}

/** Runs the function on a guarded build; throws where it does what it may not. */
function derive(guard: MemoryGuard, derived: Derived, record: string, taken: string, place: Derivation) {
  const { host } = guard;
  host.bytes.set(hex(record), place.config);
  host.bytes.set(hex(taken), place.at);
  const reads = [
    { start: place.config, length: 16 },
    { start: place.at, length: derived.takes },
  ];
  const writes = [{ start: place.out, length: derived.writes }];
  const most = derived.name === "neighbour" ? NEIGHBOUR_WORK : DERIVATION_WORK;
  const result = guard.permit(reads, writes, most, () => call(host.exports, derived, place));
  if (guard.wrote !== (result !== 0)) throw new Error("writes, and finds no owner");
  return result;
}

describe.each(NEIGHBOURS)("the $name build", (build) => {
  const guard = new MemoryGuard(build);
  const plain = new Host(build);
  const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex);

  test.each(derivedOf(build))("touches what it may, and no more often: $name", (derived) => {
    const [other] = ADDRESSES as [Row];
    const questions = [
      ...ADDRESSES.flatMap((row, i) =>
        [...derived.of(row), ...derived.of(other)].map((taken) => [
          // Every other row's question is asked by another node, whose neighbour this is.
          record(row.network, i % 2 === 0 ? row.node : other.node, i % 8 === 0 ? i % 4 : 3),
          taken,
        ]),
      ),
      ...fc.sample(fc.tuple(hexOf(16), hexOf(derived.takes)), 2_000),
    ] as [string, string][];
    const results = new Set<number | undefined>();
    for (const [record, taken] of questions) {
      for (const place of DERIVATIONS) {
        const at = place(derived.writes);
        const result = derive(guard, derived, record, taken, at);
        plain.bytes.set(hex(record), at.config);
        plain.bytes.set(hex(taken), at.at);
        expect(result).toBe(call(plain.exports, derived, at));
        if (Buffer.compare(guard.host.bytes, plain.bytes) !== 0)
          throw new Error(`another result: ${JSON.stringify({ record, taken, at })}`);
        results.add(result);
      }
    }
    expect([...results].sort()).toEqual(derived.results);
  });
});

/** Every load and store of the build, in turn, at an address that is higher by so much. */
function moved(build: Build, by: number): { access: string; bytes: Uint8Array }[] {
  const text = binaryen.readBinary(build.bytes).emitText();
  return [...text.matchAll(/\b(i(?:32|64)\.(?:load|store)\w*)(?: offset=(\d+))?/g)].map((match) => {
    const access = `${match[1]} offset=${Number(match[2] ?? 0) + by}`;
    const mutant = text.slice(0, match.index) + access + text.slice(match.index + match[0].length);
    return { access, bytes: binaryen.parseText(mutant).emitBinary() };
  });
}

describe.each(BUILDS)("the $name build", (build) => {
  test("is caught at any one of its loads and stores that is moved out of record and frame", () => {
    const [, , apart] = PLACES as [unknown, unknown, (typeof PLACES)[number]];
    const [, beside] = DERIVATIONS as [unknown, (typeof DERIVATIONS)[number]];
    const [row] = ADDRESSES as [Row];
    const mutants = moved(build, ADVERTISEMENT);
    expect(mutants.length).toBeGreaterThan(10);
    for (const { access, bytes } of mutants) {
      const guard = new MemoryGuard({ bytes });
      const run = () => {
        if (RESPONDERS.includes(build))
          for (const question of [...RULED, ...GOOD]) judge(build, guard, question, apart(0));
        for (const derived of derivedOf(build))
          for (const taken of derived.of(row))
            for (const node of [row.node, "0123456789"])
              derive(guard, derived, record(row.network, node), taken, beside(0));
        if (CHECKERS.includes(build)) for (const one of PEER_FRAMES) permit(guard, one);
      };
      expect(run, access).toThrow(/^(reads|writes) \d bytes at \d+, and may not at/);
    }
  });
});

describe("the watch", () => {
  const AT = 1001;
  const OFFSET = 3;

  interface Functions {
    access(address: number): void;
    value(address: number): bigint;
    turn(times: number): void;
  }

  /** A module with this body of `access`, which takes an address. */
  function watch(body: string) {
    const module = binaryen.parseText(`(module
      (memory (export "memory") 1 1)
      (func (export "access") (param i32) ${body})
      (func (export "value") (param i32) (result i64)
        (i64.store offset=${OFFSET} (local.get 0) (i64.const 0x8877665544332211))
        (i64.load offset=${OFFSET} (local.get 0)))
      (func (export "turn") (param i32)
        (loop $again
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`);
    const guard = new MemoryGuard({ bytes: module.emitBinary() });
    return { guard, functions: guard.host.exports as unknown as Functions };
  }

  const loads = ["i32", "i64"].flatMap((type) =>
    ["8_s", "8_u", "16_s", "16_u", ...(type === "i64" ? ["32_s", "32_u"] : [])].map((width) => ({
      body: `(drop (${type}.load${width} offset=${OFFSET} (local.get 0)))`,
      length: Number.parseInt(width, 10) / 8,
    })),
  );
  const stores = ["i32.store8", "i32.store16", "i64.store8", "i64.store16", "i64.store32"].map((store) => ({
    body: `(${store} offset=${OFFSET} (local.get 0) (${store.slice(0, 3)}.const -1))`,
    length: Number.parseInt(store.slice(9), 10) / 8,
  }));
  const whole = ["i32", "i64", "f32", "f64"].flatMap((type) => [
    {
      body: `(drop (${type}.load offset=${OFFSET} (local.get 0)))`,
      length: Number.parseInt(type.slice(1), 10) / 8,
    },
    {
      body: `(${type}.store offset=${OFFSET} (local.get 0) (${type}.const 1))`,
      length: Number.parseInt(type.slice(1), 10) / 8,
    },
  ]);

  test.each([...loads, ...stores, ...whole])("sees every byte of $body", ({ body, length }) => {
    const { guard, functions } = watch(body);
    const start = AT + OFFSET;
    const [reads, writes]: [Range[], Range[]] = [[], []];
    const permit = (start: number, length: number) => {
      (body.includes("load") ? reads : writes).splice(0, 1, { start, length });
      guard.permit(reads, writes, 9, () => functions.access(AT));
    };
    permit(start, length);
    expect(guard.accesses).toBe(1);
    expect(() => permit(start + 1, length)).toThrow(`${length} bytes at ${start}, and may not at ${start}`);
    expect(() => permit(start - 1, length)).toThrow(`and may not at ${start + length - 1}`);
  });

  test("lets nothing be read for being writable, or written for being readable", () => {
    const range = { start: AT, length: 4 };
    const load = watch("(drop (i32.load (local.get 0)))");
    expect(() => load.guard.permit([], [range], 9, () => load.functions.access(AT))).toThrow("reads");
    const store = watch("(i32.store (local.get 0) (i32.const 1))");
    expect(() => store.guard.permit([range], [], 9, () => store.functions.access(AT))).toThrow("writes");
  });

  test("lets what was written be read, but not before, and not after the call", () => {
    const range = { start: AT, length: 4 };
    const itself = watch("(i32.store (local.get 0) (i32.load (local.get 0)))");
    expect(() => itself.guard.permit([], [range], 9, () => itself.functions.access(AT))).toThrow("reads");
    const { guard, functions } = watch(
      "(i32.store (local.get 0) (i32.const 1)) (drop (i32.load (local.get 0)))",
    );
    guard.permit([], [range], 9, () => functions.access(AT));
    expect(() => guard.permit([], [], 9, () => functions.access(AT))).toThrow("writes");
  });

  test("leaves values alone", () => {
    const { guard, functions } = watch("");
    const range = { start: AT + OFFSET, length: 8 };
    const value = guard.permit([], [range], 9, () => functions.value(AT));
    expect(BigInt.asUintN(64, value)).toBe(0x8877665544332211n);
  });

  test("counts every turn of a loop, and stops it", () => {
    const { guard, functions } = watch("");
    guard.permit([], [], 1001, () => functions.turn(1000));
    expect(guard.steps).toBe(1001);
    expect(() => guard.permit([], [], 1000, () => functions.turn(1000))).toThrow(
      "takes more than 1000 steps",
    );
    expect(() => guard.permit([], [], 1000, () => functions.turn(0))).toThrow("takes more than 1000 steps");
  });
});
