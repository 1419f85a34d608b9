// Every build against the oracle, case by case.
import fc from "fast-check";
import type { CoreExports } from "sixplane";
import type { Build } from "../support/builds.ts";
import { type Case, caseOf, type Draw, listed, recorded, seeded } from "./frames.ts";
import { judge } from "./oracle.ts";

const GUARD = 0xa5;
const PAGE = 0x10000;
const RECORD = 16;
const REPLY = 86;

/** What a build said that the oracle did not. */
export class Difference extends Error {}

/** A build with its memory: a guard byte everywhere but where a case is. */
export class Subject {
  readonly build: Build;
  /** How often each verdict was given, by its number, and each kind of reply, by its name. */
  readonly counts = new Map<number | string, number>();
  readonly #respond: CoreExports["respond"];
  readonly #bytes: Uint8Array;
  readonly #whole: Buffer;
  #turn = 0;

  constructor(build: Build) {
    const { respond, memory } = new WebAssembly.Instance(build.module).exports as unknown as CoreExports;
    this.build = build;
    this.#respond = respond;
    this.#bytes = new Uint8Array(memory.buffer).fill(GUARD);
    this.#whole = Buffer.from(memory.buffer);
  }

  /** Throws where the build does not do what the oracle says, which is asked here, or by the caller. */
  check(one: Case, said = this.expects(one)): void {
    const { frame, behind } = one;
    const room = frame.length + behind.length;
    // By turns at the two ends of memory, where a byte read before or behind them traps, and in between.
    const turn = this.#turn++ % 4;
    const at = turn === 0 ? PAGE - room : turn === 1 ? 0 : 0x4000 + (this.#turn & 7);
    const config = turn === 0 ? 0 : turn === 1 ? PAGE - RECORD : 0x3001 + (this.#turn & 7);
    const bytes = this.#bytes;
    bytes.set(one.network, config);
    bytes.set(one.node, config + 8);
    bytes[config + 13] = one.modes;
    bytes.fill(0, config + 14, config + RECORD);
    bytes.set(frame, at);
    bytes.set(behind, at + frame.length);

    const does = this.#respond(config, at, frame.length);
    const fail = (what: string) => {
      throw new Difference(describe(this.build, one, said, does, bytes.slice(at, at + REPLY), what));
    };
    const reply = typeof said === "number" ? undefined : said;
    if (does !== (reply ? REPLY : said)) fail("another verdict");
    for (let i = 0; i < room; i++) {
      const was = i < frame.length ? frame[i] : behind[i - frame.length];
      if (bytes[at + i] !== (reply && i < REPLY ? reply[i] : was)) fail(`another byte ${i}`);
    }
    for (let i = 0; i < RECORD; i++) {
      const was = i < 8 ? one.network[i] : i < 13 ? one.node[i - 8] : i === 13 ? one.modes : 0;
      if (bytes[config + i] !== was) fail("another record");
    }
    bytes.fill(GUARD, config, config + RECORD).fill(GUARD, at, at + room);
    this.#count(does);
    if (reply) for (const kind of kindsOf(one)) this.#count(kind);
  }

  #count(what: number | string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Whether every byte of memory holds what it held before the first case. */
  untouched(): boolean {
    return this.#whole.equals(Buffer.alloc(PAGE, GUARD));
  }

  expects({ network, node, modes, frame }: Case): number | Uint8Array {
    const { modes: known, rules, reasons } = this.build;
    const said = judge({ network, node, modes: modes & (known | 4) }, frame, !rules);
    if (reasons || typeof said !== "number") return said;
    return said <= -16 ? -16 : 0;
  }
}

/** What is answered, in ways that a reply alone does not tell. */
function kindsOf({ network, modes, frame }: Case): string[] {
  const kinds = [frame[62] === 0xfc ? "6plane" : "rfc4193"];
  if (frame.subarray(22, 38).every((byte) => byte === 0)) kinds.push("duplicate address detection");
  if (((frame[0] ?? 0) & 1) === 0) kinds.push("probe");
  if (((frame[18] ?? 0) << 8) + (frame[19] ?? 0) > 32) kinds.push("two options");
  if ((frame[18] ?? 0) === 0 && frame[19] === 24) kinds.push("no option");
  if (54 + ((frame[18] ?? 0) << 8) + (frame[19] ?? 0) < frame.length) kinds.push("padding");
  if (((network[7] ?? 0) | 3) === 0x53) kinds.push("MAC of 32");
  if (frame[56] === frame[57] && (frame[56] === 0 || frame[56] === 0xff)) kinds.push("checksum of zero");
  if (modes > 7) kinds.push("modes that there are not");
  return kinds;
}

/** Runs the cases from one number to another of a seed; where one fails, says which, and what is left of it. */
export function run(subject: Subject, seed: number, first: number, cases: number): void {
  for (let index = first; index < first + cases; index++) {
    try {
      subject.check(caseOf(seeded(seed, index)));
    } catch (error) {
      const from = `seed ${seed}, case ${index}`;
      const again = (draw: Draw) => new Subject(subject.build).check(caseOf(draw));
      throw new Difference(`${from}: ${text(error)}\n\n${shrunk(seeded(seed, index), again)}`);
    }
  }
}

/**
 * The plainest case that fails as well: fast-check makes the list of its draws shorter and smaller.
 *
 * @param draw the draws of a case that failed
 * @param check makes a case of draws, and throws where it fails
 */
export function shrunk(draw: Draw, check: (draw: Draw) => void): string {
  const { draw: recording, list } = recorded(draw);
  let last = "it does not fail again";
  try {
    check(recording);
    return `shrunk: ${last}`;
  } catch {}
  const draws = fc.array(fc.nat({ max: 0xffff_ffff }), { maxLength: list.length, size: "max" });
  const property = fc.property(draws, (list) => {
    try {
      check(listed(list));
    } catch (error) {
      last = text(error);
      throw error;
    }
  });
  fc.check(property, { examples: [[list]], numRuns: 1 });
  return `shrunk: ${last}`;
}

function describe(
  build: Build,
  { network, node, modes, frame, behind }: Case,
  said: number | Uint8Array,
  does: number,
  after: Uint8Array,
  what: string,
): string {
  const print = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return [
    `the ${build.name} build gives ${what}`,
    `network  ${print(network)}, node ${print(node)}, modes ${modes}`,
    `frame    ${print(frame)}`,
    `behind   ${print(behind)}`,
    `oracle   ${typeof said === "number" ? said : print(said)}`,
    `core     ${does > 0 ? `${does}: ${print(after)}` : does}`,
  ].join("\n  ");
}

/** What a difference says, or what else went wrong. */
export function text(error: unknown): string {
  return error instanceof Difference ? error.message : String(error);
}
