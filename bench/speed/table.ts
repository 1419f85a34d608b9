import { ratio, type Spread, spread } from "../spread.js";

export interface Row {
  /** What was measured, and in which runtime. */
  name: string;
  unit: "ns" | "ms" | "bytes" | "frames" | "a second";
  value: Spread;
  /** What it is compared with. */
  base: string;
  ratio: Spread;
  /** The ratio of the least value to the least base. Other load on the machine only adds to both. */
  best: number;
  /** What `best` must not be above. */
  bar?: number | undefined;
}

type Compared = Pick<Row, "name" | "unit" | "base" | "bar"> & { values: number[]; bases: number[] };

export function row({ values, bases, ...rest }: Compared): Row {
  const [value, base] = [spread(values), spread(bases)];
  return { ...rest, value, ratio: ratio(values, bases), best: value.least / base.least };
}

/** Whether the row is above its bar. What was not measured is NaN, which is above every bar. */
export function misses({ bar, best }: Row): boolean {
  return bar !== undefined && !(best <= bar);
}

export function print(title: string, rows: Row[]): void {
  console.log(`\n${title}`);
  for (const row of rows) console.log(line(row));
}

function line({ name, unit, value, base, ratio, best, bar }: Row): string {
  const decimals = unit === "ns" || unit === "ms" ? 1 : 0;
  const numbers = between(value, (number) =>
    number.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
  );
  const short = (number: number) => (Number.isFinite(number) ? number.toFixed(2) : "-");
  const ratios = between(ratio, short);
  const atBest = short(best) === short(ratio.median) ? "" : `, ${short(best)} at best`;
  const limit = bar === undefined ? "" : `${atBest}, at most ${bar.toFixed(2)}`;
  return `  ${name.padEnd(38)} ${numbers.padStart(38)} ${unit.padEnd(8)} ${ratios.padStart(22)} of ${base}${limit}`;
}

/** The median, and the least and the most where these are others. */
function between({ median, least, most }: Spread, text: (number: number) => string): string {
  const [middle, low, high] = [text(median), text(least), text(most)];
  return low === high ? middle : `${middle} (${low} to ${high})`;
}
