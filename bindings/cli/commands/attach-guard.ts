// A process that sets an interface up, and puts it back when its parent ends, however that ends: the kernel then closes the
// pipe between them.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SixplaneError } from "sixplane";
import { Device } from "../../tap/kernel/device.ts";
import { loadLibc } from "../../tap/kernel/load-libc.ts";
import { type Setup, setUp } from "../../tap/setup.ts";
import { Failure } from "../io/failure.ts";

/** The name of the hidden command that the process runs. */
export const GUARD_COMMAND = "guard-interface";

export interface GuardedSetup extends Setup {
  name: string;
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
  static async start(setup: GuardedSetup): Promise<Guard> {
    const words = [fileURLToPath(import.meta.url), GUARD_COMMAND];
    // Of a session of its own, so that a terminal's signals end the parent alone.
    const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"], detached: true });
    const guard = new Guard(child);
    child.stdin.on("error", () => {}); // it has ended, as `ended` tells
    child.stdin.write(`${JSON.stringify(setup)}\n`);
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

/** What the process does: one line of JSON says the setup, and the end of stdin that it is over. */
export async function guardInterface(): Promise<void> {
  for (const signal of SIGNALS) process.on(signal, () => {});
  process.stdout.on("error", () => {});
  const [line] = await once(process.stdin.setEncoding("utf8"), "data");
  const setup: GuardedSetup = JSON.parse(line);
  const device = new Device(await loadLibc(), setup.name);
  let putBack: () => void;
  try {
    putBack = setUp(device, setup);
  } catch (error) {
    if (!(error instanceof SixplaneError)) throw error;
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
