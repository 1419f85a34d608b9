import type { Spread } from "../spread.js";

export interface Row {
  /** What was measured, and in which runtime. */
  name: string;
  unit: "ns" | "ms" | "bytes" | "frames" | "a second";
  value: Spread;
  /** What it is compared with. */
  base: string;
  ratio: Spread;
  /** What the ratio's median must not be above. */
  bar?: number;
}

export function print(title: string, rows: Row[]): void {
  console.log(`\n${title}`);
  for (const row of rows) console.log(line(row));
}

function line({ name, unit, value, base, ratio, bar }: Row): string {
  const decimals = unit === "ns" || unit === "ms" ? 1 : 0;
  const numbers = between(value, (number) =>
    number.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
  );
  const ratios = between(ratio, (number) => (Number.isFinite(number) ? number.toFixed(2) : "-"));
  const limit = bar === undefined ? "" : `  at most ${bar.toFixed(2)}`;
  return `  ${name.padEnd(38)} ${numbers.padStart(38)} ${unit.padEnd(8)} ${ratios.padStart(22)} of ${base}${limit}`;
}

/** The median, and the least and the most where these are others. */
function between({ median, least, most }: Spread, text: (number: number) => string): string {
  const [middle, low, high] = [text(median), text(least), text(most)];
  return low === high ? middle : `${middle} (${low} to ${high})`;
}
