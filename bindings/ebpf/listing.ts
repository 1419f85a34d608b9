// WebAssembly beside eBPF: each instruction of the core with what was made of it.

import { format } from "./code/assembly.ts";
import { sizeOf } from "./code/encode.ts";
import type { Instruction } from "./code/instruction.ts";
import type { Label } from "./form/form.ts";
import type { Program } from "./translate.ts";
import { textOf } from "./wasm/decode.ts";

const WIDTH = 44;

/** Lines of the core's source, and for each place in the module from which a line it comes from there on; see build/lines.js. */
export interface Lines {
  lines: [file: string, line: number, text: string][];
  places: [at: number, line: number][];
}

/**
 * The program as text, in its own order. Above stands the line of the core, where that is another than before; on the left
 * the WebAssembly instruction, by its place in the module; on the right are the eBPF instructions that do it, by their
 * numbers. Calls are in the places from which they are called.
 */
export function listing({ code, module, bytes }: Program, source: Lines): string {
  const names = labelNames(code);
  const text: string[] = [`${"WebAssembly".padEnd(WIDTH + 4)}  eBPF: ${bytes.length / 8} instructions`];
  let place = 0;
  let before: number | undefined;
  let lineBefore = "";
  for (const one of code) {
    const right = format(one, (label) => names.get(label) ?? label.name);
    if (one.kind === "label") text.push(`${"".padEnd(WIDTH + 4)}  ${right}`);
    else {
      const { from } = one;
      const line = from === undefined ? "// the surrounding program" : lineAt(source, from);
      if (line !== lineBefore) text.push("", line);
      lineBefore = line;
      const left = from !== undefined && from !== before ? instructionAt(module, from) : "";
      text.push(`${left.padEnd(WIDTH)}${String(place).padStart(4)}    ${right}`);
      before = from;
    }
    place += sizeOf(one);
  }
  return `${text.join("\n")}\n`;
}

/** The line of the core that an instruction comes from. */
function lineAt({ lines, places }: Lines, at: number): string {
  const [, number = -1] = places.filter(([start]) => start <= at).at(-1) ?? [];
  const [file, line, text] = lines[number] ?? [];
  return file === undefined ? "// made by the compiler" : `// ${file}:${line}  ${text}`;
}

/** Labels by number, as several may have the same name. */
function labelNames(code: readonly Instruction[]): Map<Label, string> {
  const labels = code.flatMap((one) => (one.kind === "label" && one.from === undefined ? [one.label] : []));
  return new Map(labels.map((label, n) => [label, `L${n + 1}_${label.name.replace(/\W+/g, "_")}`]));
}

function instructionAt(module: Program["module"], at: number): string {
  return `0x${at.toString(16).padStart(3, "0")}  ${textOf(module.instructionAt(at))}`;
}
