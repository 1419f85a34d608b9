import { readFileSync } from "node:fs";

let known: number | undefined;

/** How many processors the kernel has room for: a map with a value for each has as many. */
export function processors(): number {
  known ??= countOf(readFileSync("/sys/devices/system/cpu/possible", "utf8"));
  return known;
}

/** How many numbers are in a list such as "0-3,8". */
export function countOf(list: string): number {
  return list
    .trim()
    .split(",")
    .map((range) => range.split("-").map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}
