// A build both ways: as WebAssembly, and translated, in the kernel.

import { Bpf, type TestRun } from "../../bindings/ebpf/kernel/bpf.ts";
import { BpfError } from "../../bindings/ebpf/kernel/error.ts";
import { Loaded } from "../../bindings/ebpf/kernel/loaded.ts";
import { LONGEST } from "../../bindings/ebpf/program/memory.ts";
import { COUNTER } from "../../bindings/ebpf/program/respond.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import { loadLibc } from "../../bindings/tap/kernel/load-libc.ts";
import type { Case } from "../fuzz/frames.ts";
import { type Build, Host, record } from "../support/builds.ts";
import { toHex } from "../support/frames.ts";

// Numbers of linux/pkt_cls.h, written down once more.
const PASS = -1;
const DROP = 2;
const REDIRECT = 7;
const INVALID = -16;
/** Lengths that the kernel's test run takes, of whatever frame: both headers, and what fits into a page beside its own. */
const LEAST = 54;
const MOST = 3_500;

/** bpf(2), and why it cannot be used here, or undefined where it can. */
export const { bpf, noBpf } = await open();

async function open(): Promise<{ bpf: Bpf; noBpf: string | undefined }> {
  const bpf = new Bpf(await loadLibc());
  try {
    bpf.close(bpf.createMap("probe", { kind: "array", bytes: 8, entries: 1 }));
    return { bpf, noBpf: undefined };
  } catch (error) {
    return { bpf, noBpf: (error as Error).message };
  }
}

export class Twin {
  readonly build: Build;
  readonly loaded: Loaded;
  /** How often each verdict was compared, by the number of its counter. */
  readonly compared = new Map<number, number>();
  /** Frames that the kernel's test run does not take. */
  refused = 0;
  readonly #host: Host;
  #record = "";
  #counters: number[];

  constructor(build: Build) {
    this.build = build;
    this.#host = new Host(build);
    this.loaded = new Loaded(bpf, build.name, translate(build.bytes), new Uint8Array(16));
    this.#counters = this.loaded.counters();
  }

  /** Throws where the program in the kernel does not do what the build says of the frame. */
  check(record: string, frame: Uint8Array): void {
    if (record !== this.#record) this.loaded.configure(Uint8Array.from(Buffer.from(record, "hex")));
    this.#record = record;
    const { counter, action, after } = this.#expected(record, frame);
    const run = this.#run(frame);
    if (!run) return;
    const { action: did, frame: got } = run;
    const counters = this.loaded.counters();
    const counted = counters.flatMap((one, n) =>
      one === this.#counters[n] ? [] : [`${n}: ${one - (this.#counters[n] ?? 0)}`],
    );
    this.#counters = counters;
    this.compared.set(counter, (this.compared.get(counter) ?? 0) + 1);
    if (did === action && `${counted}` === `${counter}: 1` && Buffer.compare(got, after) === 0) return;
    throw new Error(
      [
        `${this.build.name} with record ${record} and frame ${toHex(frame)}`,
        `expected action ${action}, counted ${counter}: 1, and ${toHex(after)}`,
        `got      action ${did}, counted ${counted}, and ${toHex(got)}`,
      ].join("\n"),
    );
  }

  /** The same for a case of the fuzzer. */
  checkCase({ network, node, modes, frame }: Case): void {
    this.check(record(toHex(network), toHex(node), modes), frame);
  }

  /** What the program does; undefined where the kernel's test run does not take the frame. */
  #run(frame: Uint8Array): TestRun | undefined {
    try {
      return this.loaded.run(frame);
    } catch (error) {
      const takes = frame.length >= LEAST && frame.length <= MOST;
      if (takes || !(error instanceof BpfError) || error.code !== "EINVAL") throw error;
      this.refused++;
      return undefined;
    }
  }

  #expected(record: string, frame: Uint8Array): { counter: number; action: number; after: Uint8Array } {
    const { code, frame: reply } = this.#host.judge(record, frame);
    if (frame.length > LONGEST) {
      // The build is asked about as much as there is room for: what it then calls invalid may be so for what is missing.
      const seen = this.#host.judge(record, frame.subarray(0, LONGEST)).code;
      if (seen <= INVALID) return { counter: COUNTER.tooLong, action: PASS, after: frame };
      if (seen !== code) throw new Error(`${toHex(frame)} is judged by what is behind byte ${LONGEST}`);
    }
    if (code > 0) return { counter: COUNTER.reply, action: REDIRECT, after: reply };
    return { counter: -code, action: code <= INVALID ? DROP : PASS, after: frame };
  }

  [Symbol.dispose](): void {
    this.loaded.close();
  }
}
