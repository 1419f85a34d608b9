/**
 * What several rounds gave: their median, and how far they lie apart.
 *
 * @typedef {{ median: number, least: number, most: number }} Spread
 */

/**
 * @param {number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [least = Number.NaN] = sorted; // NaN, which is above every bar, is what was not measured
  return { median: sorted[sorted.length >> 1] ?? Number.NaN, least, most: sorted.at(-1) ?? Number.NaN };
}

/**
 * Round by round, so that what else the machine did in a round falls on both.
 *
 * @param {number[]} values
 * @param {number[]} bases
 */
export function ratio(values, bases) {
  return spread(values.map((value, round) => value / (bases[round] ?? Number.NaN)));
}
