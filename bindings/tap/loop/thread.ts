// The loop as the thread that opened the TAP sees it.

import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { systemError, TapError } from "../error.ts";
import { type Libc, O_CLOEXEC } from "../kernel/libc.ts";
import type { CheckedOptions } from "../options.ts";
import { FORWARDED, sharedCounts } from "./counters.ts";
import type { LoopMessage, LoopOptions } from "./loop.ts";
import { type Forward, QueueReader, sharedQueue } from "./queue.ts";

const EBADFD = 77; // what a file of /dev/net/tun says when its interface has gone

/** A TAP as the loop sees it. */
export type LoopFiles = Pick<LoopOptions, "file" | "changes" | "index"> & { name: string };

export class LoopThread {
  /** What the loop has counted, by the numbers in counters.ts. */
  readonly counts = new Float64Array(sharedCounts());
  /** Resolves when the loop reads frames; never, where it does not come to that. */
  readonly started: Promise<void>;
  /** Resolves when the thread has ended after `stop`; rejects where it ended for another reason. */
  readonly ended: Promise<void>;

  readonly #libc: Libc;
  readonly #name: string;
  readonly #wake: number;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #forward: Forward | undefined;
  readonly #changed: () => void;
  readonly #queue: QueueReader | undefined;
  #hasStarted = () => {};
  #isRunning = true;
  #failure: { error: unknown } | undefined;

  /**
   * @param tap the files to read and write, and the name and the index of its interface
   * @param changed hears when the interface may have been changed
   * @throws TapError where the kernel gives no eventfd
   */
  constructor(libc: Libc, tap: LoopFiles, options: CheckedOptions, changed: () => void) {
    this.#libc = libc;
    this.#name = tap.name;
    this.#forward = options.forward;
    this.#changed = changed;
    this.#wake = libc.eventfd(0, O_CLOEXEC);
    if (this.#wake < 0) throw systemError("make an eventfd", libc.errno());
    const queue = options.forward && sharedQueue();
    this.#queue = queue && new QueueReader(queue);
    this.started = new Promise((resolve) => {
      this.#hasStarted = resolve;
    });
    this.ended = this.#run({
      network: options.network,
      responder: { node: options.node, modes: options.modes, probes: options.probes },
      file: tap.file,
      wake: this.#wake,
      changes: tap.changes,
      index: tap.index,
      multicast: options.multicast === "forward",
      repliesPerSecond: options.repliesPerSecond,
      queue,
      counts: this.counts.buffer as SharedArrayBuffer,
      stop: this.#stop.buffer as SharedArrayBuffer,
    });
  }

  /** Tells the loop to end, if it still runs: the eventfd goes with it. */
  stop(): void {
    if (!this.#isRunning) return;
    Atomics.store(this.#stop, 0, 1);
    this.#libc.writeBytes(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer), 8);
  }

  async #run(options: LoopOptions): Promise<void> {
    try {
      const worker = new Worker(new URL("./tap-loop.js", import.meta.url), { workerData: options });
      worker.on("message", (message: LoopMessage) => this.#hear(message));
      worker.on("error", (error) => this.fail(error));
      await new Promise((resolve) => worker.on("exit", resolve));
    } finally {
      this.#isRunning = false;
      this.#libc.close(this.#wake);
    }
    if (this.#failure) throw this.#failure.error;
  }

  #hear(message: LoopMessage): void {
    if (message === "started") this.#hasStarted();
    else if (message === "changed") this.#changed();
    else if (message === "frames") this.#forwardAll().catch((error) => this.fail(error));
    else this.fail(this.#endedBy(message.errno));
  }

  #endedBy(errno: number): TapError {
    if (errno === EBADFD) return new TapError(`the interface ${this.#name} has been removed`, "ENODEV");
    return systemError(`read frames of ${this.#name}`, errno);
  }

  /** Hands over what is in the queue, until there is nothing more. */
  async #forwardAll(): Promise<void> {
    if (!this.#queue || !this.#forward) return;
    do {
      for (let frames = this.#queue.take(); frames; frames = this.#queue.take()) {
        if (this.#stopped) return;
        await this.#forward(frames);
        this.#queue.release();
        await turn(); // or a flood of frames would keep everything else in this thread waiting
      }
    } while (!this.#queue.rest());
  }

  /** Frames that were in the queue when the thread ended, and stay there. */
  get undelivered(): number {
    return this.#isRunning || !this.#queue ? 0 : (this.counts[FORWARDED] ?? 0) - this.#queue.taken;
  }

  get #stopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** Ends the loop for that reason, unless there was another one before. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.stop();
  }
}
