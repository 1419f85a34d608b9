// Gives each virtual register one of the machine's: two that hold values at the same time get different ones (graph
// colouring, after Chaitin). A copy's two registers get the same one where that is possible. Where the machine has too
// few, a value goes to the stack, and comes back for each instruction that takes it.

import {
  copiedBy,
  FIRST_VIRTUAL,
  FRAME_POINTER,
  type Instruction,
  type Register,
  renamed,
  setsOf,
  usesOf,
} from "./instruction.ts";
import { liveAfter } from "./liveness.ts";

const SLOT = 8;

export interface Allocation {
  code: Instruction[];
  /** Bytes of the stack that are used, below those that were used before. */
  stack: number;
}

/**
 * @param free the machine's registers that may be used
 * @param stack bytes below the frame pointer that are in use
 */
export function allocate(code: Instruction[], free: readonly Register[], stack = 0): Allocation {
  const spilled = new Set<Register>();
  for (let used = stack; ; ) {
    const graph = new Graph(code);
    const { placed, left } = graph.colour(free);
    if (left === undefined)
      return {
        code: code.map((one) => renamed(one, (register) => placed.get(register) ?? register)),
        stack: used,
      };
    const victim = graph.longest(left, (register) => !spilled.has(register));
    if (victim === undefined) throw new Error(`${free.length} registers are too few`);
    used += SLOT;
    code = spill(code, victim, -used, spilled);
  }
}

/** Which registers must differ, and which should be the same. */
class Graph {
  readonly #neighbours = new Map<Register, Set<Register>>();
  readonly #copies = new Map<Register, Set<Register>>();
  readonly #lengths = new Map<Register, number>();

  constructor(code: Instruction[]) {
    const live = liveAfter(code);
    for (const [at, one] of code.entries()) {
      const copied = copiedBy(one);
      for (const register of [...setsOf(one), ...usesOf(one)]) this.#of(this.#neighbours, register);
      for (const register of live[at] ?? [])
        this.#lengths.set(register, (this.#lengths.get(register) ?? 0) + 1);
      for (const set of setsOf(one)) {
        if (copied !== undefined) this.#join(this.#copies, set, copied);
        for (const other of live[at] ?? []) if (other !== copied) this.#join(this.#neighbours, set, other);
      }
    }
  }

  /** Places the virtual registers; `left` is the first for which there was no place. */
  colour(free: readonly Register[]): { placed: Map<Register, Register>; left: Register | undefined } {
    const placed = new Map<Register, Register>();
    const placeOf = (register: Register) => (register < FIRST_VIRTUAL ? register : placed.get(register));
    for (const register of this.#order()) {
      const taken = new Set([...this.#of(this.#neighbours, register)].map(placeOf));
      const wished = [...this.#of(this.#copies, register)].map(placeOf);
      const choice = free.filter((one) => !taken.has(one));
      const place = choice.find((one) => wished.includes(one)) ?? choice[0];
      if (place === undefined) return { placed, left: register };
      placed.set(register, place);
    }
    return { placed, left: undefined };
  }

  /** Of a register and its neighbours, the one that holds a value for the most instructions. */
  longest(register: Register, may: (register: Register) => boolean): Register | undefined {
    const candidates = [register, ...this.#of(this.#neighbours, register)];
    return candidates
      .filter((one) => one >= FIRST_VIRTUAL && may(one))
      .sort((a, b) => (this.#lengths.get(b) ?? 0) - (this.#lengths.get(a) ?? 0))[0];
  }

  /** The virtual registers, those with the most neighbours first. */
  #order(): Register[] {
    const degree = (register: Register) => this.#of(this.#neighbours, register).size;
    return [...this.#neighbours.keys()]
      .filter((register) => register >= FIRST_VIRTUAL)
      .sort((a, b) => degree(b) - degree(a) || a - b);
  }

  #join(map: Map<Register, Set<Register>>, one: Register, other: Register): void {
    if (one === other) return;
    this.#of(map, one).add(other);
    this.#of(map, other).add(one);
  }

  #of(map: Map<Register, Set<Register>>, register: Register): Set<Register> {
    const known = map.get(register);
    if (known) return known;
    const made = new Set<Register>();
    map.set(register, made);
    return made;
  }
}

/** Keeps a register's value on the stack: each instruction that takes or makes it gets a register of its own. */
function spill(code: Instruction[], victim: Register, offset: number, spilled: Set<Register>): Instruction[] {
  let next = 1 + Math.max(...code.flatMap((one) => [...setsOf(one), ...usesOf(one)]));
  return code.flatMap((one): Instruction[] => {
    const takes = usesOf(one).includes(victim);
    const makes = setsOf(one).includes(victim);
    if (!takes && !makes) return [one];
    const register = next++;
    spilled.add(register);
    const base = FRAME_POINTER;
    const { from } = one;
    return [
      ...(takes ? [{ kind: "load" as const, bytes: 8 as const, target: register, base, offset, from }] : []),
      renamed(one, (other) => (other === victim ? register : other)),
      ...(makes
        ? [{ kind: "store" as const, bytes: 8 as const, base, offset, source: { register }, from }]
        : []),
    ];
  });
}
