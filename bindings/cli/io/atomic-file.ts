// The one way in which this program writes files.
//
// A file is written under a name that nobody can guess, through a descriptor that nobody can swap, and takes its place by one
// rename. The folder is opened once; on Linux every step then goes through its descriptor (/proc/self/fd), so the folder cannot be
// swapped either. Elsewhere a path names the folder each time, as Node has no openat(2).

import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type InputError, mismatch } from "sixplane";
import { Failure, systemReason } from "./failure.ts";

const { O_CREAT, O_DIRECTORY = 0, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants;

/** Links that are followed to a file at most, as the kernel does. */
const MOST_LINKS = 40;

/** A place for a file: a name in a folder that is open. */
export class Place {
  /** The path as it was given. */
  readonly path: string;
  /** What the file is, for errors, as in "replies file". */
  readonly what: string;
  readonly #folder: string;
  readonly #descriptor: number;
  readonly #name: string;

  /**
   * The place that a path names. A link is followed if root or this user made it.
   *
   * @throws InputError where no file can be there
   */
  constructor(what: string, path: string) {
    if (path === "") throw mismatch(what, "the name of a file", path);
    this.what = what;
    this.path = path;
    let place = resolve(path);
    for (let links = 0; ; links++) {
      this.#name = basename(place);
      this.#folder = dirname(place);
      this.#descriptor = this.#openFolder();
      const target = this.#linkedTo(links);
      if (target === undefined) return;
      this.close();
      place = resolve(this.#folder, target);
    }
  }

  /**
   * The file that is there, as `act` reads it from its descriptor; undefined where there is none.
   *
   * @throws InputError where it is no file, or cannot be read
   */
  read<Result>(act: (file: number, stats: Stats) => Result): Result | undefined {
    let file: number;
    try {
      file = openSync(this.at(this.#name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw this.refusal("one that can be read and written", systemReason(error));
    }
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw this.refusal("a file", "there is something else of that name");
      return act(file, stats);
    } finally {
      closeSync(file);
    }
  }

  /** The path of a name in the folder. */
  at(name: string): string {
    return this.#descriptor < 0 ? resolve(this.#folder, name) : `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  /** Gives the place's name to a file of the folder, and waits until the folder is on the disk. */
  rename(name: string): void {
    renameSync(this.at(name), this.at(this.#name));
    if (this.#descriptor >= 0) fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
  }

  /** The error for a place where no file can be. */
  refusal(expected: string, why?: string): InputError {
    return mismatch(this.what, expected, this.path, why);
  }

  #openFolder(): number {
    if (!existsSync("/proc/self/fd")) return -1;
    try {
      return openSync(this.#folder, O_RDONLY | O_DIRECTORY);
    } catch (error) {
      throw this.refusal("one that can be written", systemReason(error));
    }
  }

  /** What the place is a link to; undefined where it is no link. */
  #linkedTo(links: number): string | undefined {
    const link = lstatSync(this.at(this.#name), { throwIfNoEntry: false });
    if (!link && links > 0) throw this.refusal("a file", "it is a link to nothing");
    if (!link?.isSymbolicLink()) return undefined;
    if (links === MOST_LINKS) throw this.refusal("a file", "it is a link to itself");
    if (link.uid !== 0 && link.uid !== process.geteuid?.()) {
      throw this.refusal("a file", "it is a link that another user made");
    }
    return readlinkSync(this.at(this.#name));
  }
}

/** A file that is being written, and is not under its name yet. */
export class AtomicFile {
  readonly #place: Place;
  readonly #name = `.sixplane-${randomBytes(12).toString("hex")}.partial`;
  readonly #file: number;
  #isOpen = true;

  /**
   * @param old the file in whose place it comes, which gives it mode, owner and group
   * @throws InputError where it cannot be made
   * @throws Failure where the owner cannot be kept
   */
  constructor(place: Place, old?: Stats) {
    this.#place = place;
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    try {
      this.#file = openSync(place.at(this.#name), flags, old ? 0o600 : 0o666);
    } catch (error) {
      throw place.refusal("one that can be written", systemReason(error));
    }
    if (old) this.#orDiscard(() => this.#keepAccess(old));
  }

  /** Adds bytes. @throws Failure where that fails; nothing is left then */
  write(bytes: Uint8Array): void {
    this.#orDiscard(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  /** Puts the file, as it is by now, in its place. @throws Failure where that fails; nothing is left then */
  commit(): void {
    this.#orDiscard(() => {
      fsyncSync(this.#file);
      this.#place.rename(this.#name);
    });
    this.#close();
  }

  /** Leaves nothing behind. Does nothing once the file is in its place. */
  discard(): void {
    if (!this.#isOpen) return;
    rmSync(this.#place.at(this.#name), { force: true });
    this.#close();
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#file);
    this.#place.close();
  }

  /** Lets those have the file, and only those, who had the old one. */
  #keepAccess({ mode, uid, gid }: Stats): void {
    const made = fstatSync(this.#file);
    try {
      if (made.uid !== uid || made.gid !== gid) fchownSync(this.#file, uid, gid);
    } catch (error) {
      throw new Failure(`its owner cannot be kept: ${systemReason(error)}`);
    }
    fchmodSync(this.#file, mode & 0o777);
  }

  #orDiscard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.discard();
      throw new Failure(`cannot write ${this.#place.path}: ${systemReason(error)}`);
    }
  }
}

/**
 * Writes several files: each takes its place only when all are whole.
 *
 * @throws Failure where one cannot be written
 */
export function writeAll(files: { place: Place; old: Stats | undefined; bytes: Uint8Array }[]): void {
  const written: AtomicFile[] = [];
  try {
    for (const { place, old, bytes } of files) {
      const file = new AtomicFile(place, old);
      written.push(file);
      file.write(bytes);
    }
    for (const file of written) file.commit();
  } catch (error) {
    for (const file of written) file.discard();
    throw error;
  }
}
