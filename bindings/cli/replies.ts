import { closeSync, openSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs";
import type { CapturedFrame } from "../capture/frame.ts";
import { pcapHeader, pcapRecord } from "../capture/pcap.ts";
import { InputError, mismatch } from "../errors.ts";
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
   * @param capture the file that is read, which it must not be
   * @throws InputError where it cannot be written there
   */
  constructor(path: string, capture: string) {
    try {
      this.#path = checkTarget(path, capture);
      this.#partial = `${this.#path}.${process.pid}.partial`;
      this.#file = openSync(this.#partial, "wx");
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
    closeSync(this.#file);
    renameSync(this.#partial, this.#path);
  }

  /** Leaves nothing behind. */
  discard(): void {
    closeSync(this.#file);
    unlinkSync(this.#partial);
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      throw new Failure(`cannot write ${this.#path}: ${systemReason(error)}`);
    }
  }
}

/** The path itself, links resolved, where it is free or a file other than the capture. */
function checkTarget(path: string, capture: string): string {
  const target = statSync(path, { throwIfNoEntry: false });
  if (!target) return path;
  const source = statSync(capture, { throwIfNoEntry: false });
  if (!target.isFile())
    throw mismatch("replies file", "a file", path, "there is something else of that name");
  if (source && source.dev === target.dev && source.ino === target.ino) {
    throw mismatch("replies file", "another file than the capture", path);
  }
  return realpathSync(path);
}
