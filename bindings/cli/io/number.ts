import { mismatch } from "sixplane";

/**
 * The whole number that a text is, in decimal digits.
 *
 * @param what its name in the error, as in "MTU"
 * @throws InputError for anything but digits, and out of the range
 */
export function parseWhole(what: string, text: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw mismatch(what, `a whole number from ${least} to ${most}`, text);
}
