// A build against the Linux kernel of the target's owner, case by case.
import { type Build, Host, record } from "../support/builds.ts";
import {
  EXCEPTIONS,
  type Exception,
  isUnspecified,
  type Question,
  type Restore,
  withoutTags,
} from "./exceptions.ts";
import { type Aim, aimOf, caseOf, type Draw, seeded } from "./frames.ts";
import { Difference, shrunk, text } from "./fuzz.ts";
import { type Asker, Owner } from "./linux-owner.ts";
import { REASONS } from "./oracle.ts";

/** As many cases in a row ask the same owner. */
const CASES_OF_OWNER = 2_000;

const NAMES = new Map(Object.entries(REASONS).map(([name, number]) => [number, name]));

/** A build that has a reason for every rule, and what became of it beside the kernel. */
export class Trial {
  /**
   * How often both answered, to the asker or to all nodes; both were silent, by the build's reason; and they differed,
   * by the name of each exception without which that would have been a failure.
   */
  readonly counts = new Map<string, number>();
  readonly #host: Host;

  constructor(build: Build) {
    this.#host = new Host(build);
  }

  /** Runs the cases from one number to another of a seed; where one fails, says which, and what is left of it. */
  run(seed: number, first: number, cases: number): void {
    for (let index = first; index < first + cases; ) {
      const owner = Math.floor(index / CASES_OF_OWNER);
      const end = Math.min(first + cases, (owner + 1) * CASES_OF_OWNER);
      const aim = aimOf(seeded(seed, -1 - owner));
      using kernel = new Owner(aim);
      for (; index < end; index++) {
        try {
          for (const what of this.#check(questionOf(seeded(seed, index), aim), kernel))
            this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
        } catch (error) {
          const from = `seed ${seed}, case ${index}`;
          if (!(error instanceof Difference)) throw new Error(`${from}: ${text(error)}`);
          const again = (draw: Draw) => this.#check(questionOf(draw, aim), kernel);
          throw new Difference(`${from}: ${error.message}\n\n${shrunk(seeded(seed, index), again)}`);
        }
      }
    }
  }

  /** What became of a case; throws where the kernel does not do what the core does, exceptions apart. */
  #check(question: Question, kernel: Owner): string[] {
    const core = this.#respond(question);
    const { excepted, reply } = this.#expected(question, kernel, EXCEPTIONS);
    const did = kernel.ask(question.frame, askerOf(question));
    if (!isAnswer(did, reply)) throw new Difference(describe(question, core, excepted, reply, did));

    if (!isAnswer(did, typeof core === "number" ? undefined : core)) {
      const needed = excepted.filter((one) => {
        const others = excepted.filter((other) => other !== one);
        return !isAnswer(did, this.#expected(question, kernel, others).reply);
      });
      return needed.map(({ name }) => `exception: ${name}`);
    }
    if (typeof core === "number") return [`both silent: ${NAMES.get(core)}`];
    return [`both answered: ${isUnspecified(question.frame) ? "all nodes" : "the asker"}`];
  }

  /** The core's reply, or why there is none. */
  #respond({ network, node, modes, frame, behind }: Question): number | Uint8Array {
    const { bytes } = this.#host;
    const at = { config: 256, frame: 1024 };
    bytes.set(behind, at.frame + frame.length);
    const { code, frame: reply } = this.#host.judge(record(hex(network), hex(node), modes), frame, at);
    bytes.fill(Host.GUARD, at.frame + frame.length, at.frame + frame.length + behind.length);
    return code > 0 ? reply : code;
  }

  /** What the kernel should answer, if anything, and the exceptions that apply. */
  #expected(
    question: Question,
    kernel: Owner,
    exceptions: Exception[],
  ): { excepted: Exception[]; reply?: Uint8Array } {
    const rest = { ...question, frame: question.frame.slice() };
    const excepted: Exception[] = [];
    const restores: Restore[] = [];
    for (const exception of exceptions) {
      const removed = exception.remove(rest, kernel);
      if (removed === undefined) continue;
      excepted.push(exception);
      if (removed === "silent") return { excepted };
      restores.push(removed);
    }
    const core = this.#respond(rest);
    if (typeof core === "number") return { excepted };
    return { excepted, reply: restores.reduceRight((reply, restore) => restore(reply), core) };
  }
}

/** Of which a quarter are asked by somebody whom the kernel does not know. */
function questionOf(draw: Draw, aim: Aim): Question {
  const one = caseOf(draw, aim);
  return { ...one, stranger: draw(4) === 3 };
}

/** Who asks, where that is somebody of whom the kernel's neighbour cache can have an entry. */
function askerOf({ frame: tagged, stranger }: Question): Asker | undefined {
  const frame = withoutTags(tagged);
  const address = frame.slice(22, 38);
  if (address.length < 16 || address[0] === 0xff || isUnspecified(frame)) return undefined;
  return { address, mac: stranger ? undefined : frame.slice(6, 12) };
}

/** Whether this one frame is all that was answered, or nothing. */
function isAnswer(did: Uint8Array[], frame: Uint8Array | undefined): boolean {
  return did.map(hex).join() === (frame ? hex(frame) : "");
}

function describe(
  { network, node, modes, frame, stranger }: Question,
  core: number | Uint8Array,
  excepted: Exception[],
  should: Uint8Array | undefined,
  did: Uint8Array[],
): string {
  return [
    "the owner's kernel does something else",
    `network  ${hex(network)}, node ${hex(node)}, modes ${modes}`,
    `frame    ${hex(frame)}`,
    `asker    ${stranger ? "unknown to the kernel" : "the kernel's permanent neighbour"}`,
    `core     ${typeof core === "number" ? `${core} ${NAMES.get(core)}` : hex(core)}`,
    `excepted ${excepted.map(({ rule, because }) => `${rule}, ${because}`).join("; ") || "nothing"}`,
    `should   ${should ? hex(should) : "silent"}`,
    `kernel   ${did.map(hex).join(", ") || "silent"}`,
  ].join("\n  ");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
