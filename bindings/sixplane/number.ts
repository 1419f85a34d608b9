import { mismatch } from "./errors.ts";

/**
 * Checks that a value is a whole number in a range, both ends included.
 *
 * @param what its name in the error, as in "prefix length"
 * @returns the value
 * @throws InputError for anything else
 */
export function checkWhole(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw mismatch(what, `a whole number from ${least} to ${most}`, value);
}
