// A process that makes an interface or sets one up, and removes it or puts it back when its parent ends, however that ends: the
// kernel then closes the pipe between them.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SixplaneError } from "sixplane";
import type { Device, Libc, Route, Setup } from "sixplane/tap";
import { addClsact, removeFilter } from "../../ebpf/kernel/clsact.ts";
import { BpfError } from "../../ebpf/kernel/error.ts";
import { addVxlan, removeInterface } from "../../ebpf/kernel/vxlan.ts";
import { Failure } from "../io/failure.ts";

/** The name of the hidden command that the process runs. */
export const GUARD_COMMAND = "guard-interface";

/** What the process is to take care of. */
export interface Guarded {
  /** The interface's name; of one that is made, a %d in it becomes the first number that is free. */
  name: string;
  /** Where it listens, if it is to be made: one of VXLAN without peers. */
  port?: number;
  /** Routes over no interface, which do not go with it: they are removed, too. */
  routes?: readonly Route[];
  /** What it is given, and loses again. */
  setup?: Setup | undefined;
  /** Whether the program is to become a filter of clsact, which does not go by itself. */
  clsact?: boolean;
}

/** Comes before the interface's name. */
const READY = "ready ";
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** The process, as its parent sees it. */
export class Guard {
  /** The interface's name. */
  name = "";
  /** Rejects when it has ended by itself. */
  readonly ended: Promise<never>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown[]>;
  #isClosing = false;
  #hasFailed = false;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#exited = once(child, "exit");
    this.ended = this.#exited.then(() => {
      if (this.#isClosing) return new Promise<never>(() => {});
      this.#hasFailed = true;
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
    if (`${said}`.startsWith(READY)) {
      guard.name = `${said}`.slice(READY.length).trim();
      return guard;
    }
    guard.#isClosing = true;
    throw new Failure(`${said}`.trim() || "the interface could not be set up");
  }

  /** Whether it has ended by itself, and so does nothing more. */
  get hasFailed(): boolean {
    return this.#hasFailed;
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
  const { Device, loadLibc, putBack, setUp } = await import("sixplane/tap");
  const libc = await loadLibc();
  let undo: () => void;
  try {
    if (guarded.port !== undefined) guarded.name = addVxlan(libc, guarded.name, guarded.port);
    const device = new Device(libc, guarded.name);
    undo = prepare(libc, device, guarded, { putBack, setUp });
  } catch (error) {
    if (!(error instanceof SixplaneError || error instanceof BpfError)) throw error;
    process.stdout.write(error.message);
    process.exitCode = 1;
    process.stdin.destroy();
    return;
  }
  process.stdout.write(`${READY}${guarded.name}\n`);
  await text(process.stdin);
  undo();
}

/** Removes an interface that was made, and the routes that do not go with it. What is gone is no error. */
export function removeAll(libc: Libc, device: Device, index: number, routes: readonly Route[]): void {
  for (const route of routes) device.removeRoute(route);
  removeInterface(libc, index);
}

/** Does to the interface what is to be undone, and gives what undoes it. */
function prepare(
  libc: Libc,
  device: Device,
  { port, routes = [], setup, clsact = false }: Guarded,
  { putBack, setUp }: Pick<typeof import("sixplane/tap"), "putBack" | "setUp">,
): () => void {
  const { index } = device;
  if (port !== undefined) return () => removeAll(libc, device, index, routes);
  const isOwn = clsact && addClsact(libc, index);
  const changed = setup && setUp(device, setup);
  return () => {
    if (clsact) removeFilter(libc, index, isOwn);
    if (changed) putBack(device, changed);
    device.close();
  };
}
