// A process that sets an interface up, and puts it back when its parent ends, however that ends: the kernel then closes the
// pipe between them.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SixplaneError } from "sixplane";
import type { Device, Libc, Setup } from "sixplane/tap";
import { addClsact, removeFilter } from "../../ebpf/kernel/clsact.ts";
import { BpfError } from "../../ebpf/kernel/error.ts";
import { Failure } from "../io/failure.ts";

/** The name of the hidden command that the process runs. */
export const GUARD_COMMAND = "guard-interface";

/** What the process is to take care of. */
export interface Guarded {
  /** The interface's name. */
  name: string;
  /** What it is given, and loses again. */
  setup?: Setup | undefined;
  /** Whether the program is to become a filter of clsact, which does not go by itself. */
  clsact: boolean;
}

const READY = "ready\n";
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** The process, as its parent sees it. */
export class Guard {
  /** Rejects when it has ended by itself. */
  readonly ended: Promise<never>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown[]>;
  #isClosing = false;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#exited = once(child, "exit");
    this.ended = this.#exited.then(() => {
      if (this.#isClosing) return new Promise<never>(() => {});
      throw new Failure("the process that puts the interface back has ended");
    });
    this.ended.catch(() => {}); // whoever waits for it is told
  }

  /** Starts it, and waits until the interface is set up. @throws Failure where it could not be */
  static async start(guarded: Guarded): Promise<Guard> {
    const words = [fileURLToPath(import.meta.url), GUARD_COMMAND];
    // Of a session of its own, so that a terminal's signals end the parent alone.
    const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"], detached: true });
    const guard = new Guard(child);
    child.stdin.on("error", () => {}); // it has ended, as `ended` tells
    child.stdin.write(`${JSON.stringify(guarded)}\n`);
    const [said] = await Promise.race([once(child.stdout, "data"), guard.#exited.then(() => [""])]);
    if (`${said}` === READY) return guard;
    guard.#isClosing = true;
    throw new Failure(`${said}`.trim() || "the interface could not be set up");
  }

  /** Lets it put the interface back, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#child.stdin.end();
    await this.#exited;
  }
}

/** What the process does: one line of JSON says what to guard, and the end of stdin that it is over. */
export async function guardInterface(): Promise<void> {
  for (const signal of SIGNALS) process.on(signal, () => {});
  process.stdout.on("error", () => {});
  const [line] = await once(process.stdin.setEncoding("utf8"), "data");
  const guarded: Guarded = JSON.parse(line);
  const { Device, loadLibc, setUp } = await import("sixplane/tap");
  const libc = await loadLibc();
  const device = new Device(libc, guarded.name);
  let putBack: () => void;
  try {
    putBack = prepare(libc, device, guarded, setUp);
  } catch (error) {
    if (!(error instanceof SixplaneError || error instanceof BpfError)) throw error;
    process.stdout.write(error.message);
    process.exitCode = 1;
    process.stdin.destroy();
    return;
  }
  process.stdout.write(READY);
  await text(process.stdin);
  putBack();
  device.close();
}

/** Does to the interface what is to be undone, and gives what undoes it. */
function prepare(
  libc: Libc,
  device: Device,
  { setup, clsact }: Guarded,
  setUp: (device: Device, setup: Setup) => () => void,
): () => void {
  const { index } = device;
  const isOwn = clsact && addClsact(libc, index);
  const putBack = setup ? setUp(device, setup) : () => {};
  return () => {
    if (clsact) removeFilter(libc, index, isOwn);
    putBack();
  };
}
