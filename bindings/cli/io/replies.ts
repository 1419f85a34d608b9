import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { InputError, mismatch } from "sixplane";
import { type CapturedFrame, pcapHeader, pcapRecord } from "sixplane/capture";
import { Failure, systemReason } from "./failure.ts";

/**
 * A pcap of replies that appears under its name when it is whole, in the place of what was there,
 * and not at all when it could not be written.
 */
export class RepliesFile {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: number;

  /**
   * @param path the file to write
   * @param capture the file that is read, "-" for stdin, which it must not be
   * @throws InputError where it cannot be written there
   */
  constructor(path: string, capture: string) {
    try {
      const { target, mode } = checkTarget(path, capture);
      this.#path = target;
      this.#partial = `${target}.${process.pid}.partial`;
      this.#file = openSync(this.#partial, "wx", mode);
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw mismatch("replies file", "one that can be written", path, systemReason(error));
    }
    this.#write(pcapHeader());
  }

  /** Adds a frame. */
  add(frame: CapturedFrame): void {
    this.#write(pcapRecord(frame));
  }

  /** Puts the file, as it is by now, in its place. */
  commit(): void {
    this.#orDiscard(() => renameSync(this.#partial, this.#path));
    closeSync(this.#file);
  }

  /** Leaves nothing behind. */
  discard(): void {
    rmSync(this.#partial, { force: true });
  }

  #write(bytes: Uint8Array): void {
    this.#orDiscard(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  #orDiscard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.discard();
      throw new Failure(`cannot write ${this.#path}: ${systemReason(error)}`);
    }
  }
}

/** The path, links resolved, where it is free or a file of no other use, and the mode for what is made there. */
function checkTarget(path: string, capture: string): { target: string; mode: number } {
  const refuse = (expected: string, why?: string) => mismatch("replies file", expected, path, why);
  if (path === "" || path === "-") throw refuse("the name of a file");
  const old = statSync(path, { throwIfNoEntry: false });
  if (!old) {
    if (lstatSync(path, { throwIfNoEntry: false })) throw refuse("a file", "it is a link to nothing");
    return { target: path, mode: 0o666 };
  }
  if (!old.isFile()) throw refuse("a file", "there is something else of that name");
  const source = capture === "-" ? fstatSync(0) : statSync(capture, { throwIfNoEntry: false });
  if (isSame(old, source)) throw refuse("another file than the capture");
  if (isSame(old, fstatSync(1))) throw refuse("another file than the one that stdout goes to");
  return { target: realpathSync(path), mode: old.mode & 0o777 };
}

function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.dev === other?.dev && one.ino === other.ino;
}
