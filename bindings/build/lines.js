// Which line of the core each instruction of a build comes from, for the listing of its translation to eBPF.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import asc from "assemblyscript/asc";
import { BUILDS, moduleOf, ROOT } from "./files.js";

/**
 * The lines of the core that a build is made of, and for each place in the module, in bytes and in order, the number of the
 * line that the instructions from there on come from.
 *
 * @typedef {object} Lines
 * @property {[file: string, line: number, text: string][]} lines
 * @property {[at: number, line: number][]} places
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SOURCES = "assembly/";

/** Writes them for every build. @param {string} out */
export async function writeLines(out) {
  const folder = mkdtempSync(join(tmpdir(), "sixplane-lines-"));
  try {
    for (const build of BUILDS) {
      const file = join(folder, `${build}.wasm`);
      const words = [`assembly/builds/${build}.ts`, "--target", build, "--sourceMap", "--outFile", file];
      const { error, stderr } = await asc.main([...words, "--baseDir", ROOT]);
      if (error) throw new Error(`${stderr}the build ${build} of the core was not made`);
      const module = readFileSync(moduleOf(build));
      // The map's name is in a section behind the others: the places before it are those of the module.
      if (!readFileSync(file).subarray(0, module.length).equals(module))
        throw new Error(`the build ${build} differs from the one with a source map`);
      const map = JSON.parse(readFileSync(`${file}.map`, "utf8"));
      writeFileSync(join(out, `${build}.lines.json`), JSON.stringify(linesOf(map)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {{ sources: string[], sourcesContent: string[], mappings: string }} map a source map of one long line
 * @returns {Lines}
 */
function linesOf({ sources, sourcesContent, mappings }) {
  /** @type {Lines} */
  const found = { lines: [], places: [] };
  const known = new Map();
  const at = [0, 0, 0]; // place, source, line: each number is a difference
  for (const segment of mappings.split(",")) {
    for (const [n, difference] of numbersOf(segment).slice(0, 3).entries()) at[n] = (at[n] ?? 0) + difference;
    const [place = 0, source = 0, line = 0] = at;
    const path = sources[source] ?? "";
    if (!path.startsWith(SOURCES)) continue;
    const key = `${path}:${line}`;
    if (!known.has(key)) {
      known.set(key, found.lines.length);
      const text = sourcesContent[source]?.split("\n")[line]?.trim() ?? "";
      found.lines.push([basename(path), line + 1, text]);
    }
    if (found.places.at(-1)?.[1] !== known.get(key)) found.places.push([place, known.get(key)]);
  }
  return found;
}

/** The numbers of a segment: base 64, 5 bits a digit, the lowest first, and of those the sign. @param {string} segment */
function numbersOf(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) * 2 ** shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
