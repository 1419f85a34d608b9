// A file that is there already, of a program that keeps all of its settings in one file: ours go in, the others stay.

import type { InputError } from "sixplane";

/** A file with its old settings and ours. */
export interface Merged {
  /** Not signed yet. */
  text: string;
  /** A line for each setting that differs from the old file, behind `+` or `-`; none where nothing does. */
  changes: string[];
  /** The settings that somebody else gave another value. */
  conflicts: string[];
}

/**
 * Puts our settings into a file.
 *
 * @param old the file that is there
 * @param made the file as it would be without the old one, not signed yet
 * @param refuse makes the error for an old file that cannot be merged: what was expected, and what is wrong
 */
export type Merge = (
  old: Buffer,
  made: string,
  refuse: (expected: string, why?: string) => InputError,
) => Merged;
