// bpf(2): what is loaded, what is refused and why, and that nothing stays. bpftool says what the kernel has.
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "../../bindings/ebpf/code/assembly.ts";
import { encode } from "../../bindings/ebpf/code/encode.ts";
import { BpfError } from "../../bindings/ebpf/kernel/error.ts";
import { Loaded } from "../../bindings/ebpf/kernel/loaded.ts";
import { countOf, processors } from "../../bindings/ebpf/kernel/processors.ts";
import { COUNTERS } from "../../bindings/ebpf/program/memory.ts";
import { COUNTER } from "../../bindings/ebpf/program/respond.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import { RESPONDERS, record } from "../support/builds.ts";
import { hex, NETWORK, SELF, solicitation } from "../support/frames.ts";
import { bpf, noBpf } from "./twin.ts";

const noBpftool = spawnSync("bpftool", ["version"]).status === 0 ? undefined : "no bpftool";
const OBSTACLE = noBpf ?? noBpftool;
const [build] = RESPONDERS as [(typeof RESPONDERS)[0]];
/** A name that no other test has at the same time. */
const NAME = `t${process.pid}`;

const shown = (what: "prog" | "map"): { name?: string; id: number; map_ids?: number[]; type: string }[] =>
  JSON.parse(execFileSync("bpftool", ["-j", what, "show"], { encoding: "utf8" }));
const programs = () => shown("prog").filter(({ name }) => name === NAME);

describe.skipIf(OBSTACLE)(`a program in the kernel${OBSTACLE === undefined ? "" : `: ${OBSTACLE}`}`, () => {
  test("is there with its two maps, and gone when it is closed", async () => {
    const loaded = new Loaded(bpf, NAME, translate(build.bytes), hex(record(NETWORK, SELF)));
    const [program, ...others] = programs();
    expect(others).toEqual([]);
    expect(program?.type).toBe("sched_cls");
    const maps = shown("map").filter(({ id }) => program?.map_ids?.includes(id));
    expect(maps).toMatchObject([
      { type: "percpu_array", name: "memory", bytes_key: 4, bytes_value: 264, max_entries: 1 },
      { type: "percpu_array", name: "counters", bytes_key: 4, bytes_value: 8, max_entries: COUNTERS },
    ]);
    loaded.close();
    expect(programs()).toEqual([]);
    await expect.poll(() => shown("map").filter(({ id }) => maps.some((one) => one.id === id))).toEqual([]);
  });

  test("counts the sum over all processors", () => {
    using loaded = new Loaded(bpf, NAME, translate(build.bytes), hex(record(NETWORK, SELF)));
    for (let n = 0; n < 5; n++) loaded.run(solicitation());
    loaded.run(solicitation({ hopLimit: "40" }));
    const expected = new Array(COUNTERS).fill(0);
    expected[COUNTER.reply] = 5;
    expected[18] = 1;
    expect(loaded.counters()).toEqual(expected);
  });

  test("answers by another record once it has one", () => {
    using loaded = new Loaded(bpf, NAME, translate(build.bytes), hex(record(NETWORK, SELF)));
    loaded.configure(hex(record(`00${NETWORK.slice(2)}`, SELF)));
    loaded.run(solicitation());
    expect(loaded.counters()[8]).toBe(1);
    expect(() => loaded.configure(new Uint8Array(15))).toThrow("a record has 16 bytes, got 15");
  });

  test("that the verifier refuses is an error with its words, and leaves nothing", () => {
    const loops = encode(parse("again:\n r0 = 0\n goto again\n exit"));
    const fails = (code: typeof loops) => {
      try {
        new Loaded(bpf, NAME, code, new Uint8Array(16));
      } catch (error) {
        return error as BpfError;
      }
      throw new Error("it was not refused");
    };
    const maps = shown("map").filter(({ name }) => name === "memory").length;
    const error = fails(encode(parse("r0 = *(u64 *)(r1 + 4096)\n exit")));
    expect(error).toBeInstanceOf(BpfError);
    expect(error.code).toBe("EACCES");
    expect(error.message).toMatch(
      /^cannot load the program: the verifier refuses it:\n(.*\n)*.*invalid bpf_context access off=4096 size=8$/,
    );
    expect(fails(loops).message).toContain("unreachable insn");
    expect(shown("map").filter(({ name }) => name === "memory").length).toBeLessThanOrEqual(maps);
    expect(programs()).toEqual([]);
  });
});

test.each([
  ["0", 1],
  ["0-3", 4],
  ["0-3,8", 5],
  ["0,2-3,8-15\n", 11],
])("%j is %i processors", (list, count) => expect(countOf(list)).toBe(count));

test("this machine has a processor at least", () => expect(processors()).toBeGreaterThan(0));
