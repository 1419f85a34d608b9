// The check of a frame's sender both ways: as WebAssembly, and translated, in the kernel.
import { Loaded } from "../../bindings/ebpf/kernel/loaded.ts";
import { PERMIT_COUNTER } from "../../bindings/ebpf/program/permits.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import type { Config } from "../fuzz/oracle.ts";
import { type Build, Host, record } from "../support/builds.ts";
import { hex, toHex } from "../support/frames.ts";
import { bpf } from "./twin.ts";

// Numbers of linux/pkt_cls.h, written down once more.
const PASS = -1;
const DROP = 2;

const PERMITTED: number[] = [PERMIT_COUNTER.permitted, PERMIT_COUNTER.permittedWhole];

export class PermitTwin {
  readonly loaded: Loaded;
  readonly #host: Host;
  #counters: number[];

  constructor(build: Build) {
    this.#host = new Host(build);
    this.loaded = new Loaded(bpf, build.name, translate(build.bytes, "permits"), new Uint8Array(16));
    this.#counters = this.loaded.counters();
  }

  /** Runs the program on the frame, and gives the one counter that went up. Throws where it does something else. */
  judge(config: Config, frame: Uint8Array): number {
    this.loaded.configure(hex(recordOf(config)));
    const { action, frame: after } = this.loaded.run(frame);
    const counters = this.loaded.counters();
    const [counter = -1, ...more] = counters.flatMap((count, n) => (count === this.#counters[n] ? [] : [n]));
    this.#counters = counters;
    const expected = PERMITTED.includes(counter) ? PASS : DROP;
    if (more.length === 0 && action === expected && toHex(after) === toHex(frame)) return counter;
    throw new Error(
      `counters ${[counter, ...more]}, action ${action} for ${recordOf(config)} ${toHex(frame)}: ${toHex(after)}`,
    );
  }

  /** What the build returns as WebAssembly. */
  permits(config: Config, frame: Uint8Array): number {
    this.#host.bytes.set(hex(recordOf(config)), 0);
    this.#host.bytes.set(frame, 16);
    return this.#host.exports.permits(0, 16, frame.length);
  }

  /** Compares both, of a frame that fits into the program's memory. */
  check(config: Config, frame: Uint8Array): number {
    const [counter, result] = [this.judge(config, frame), this.permits(config, frame)];
    if (counter === result) return counter;
    throw new Error(`counted ${counter}, not ${result}, for ${recordOf(config)} ${toHex(frame)}`);
  }

  [Symbol.dispose](): void {
    this.loaded.close();
  }
}

function recordOf({ network, node, modes }: Config): string {
  return record(toHex(network), toHex(node), modes);
}
