// WebAssembly beside eBPF: each instruction of the core with what was made of it.

import { format } from "./code/assembly.ts";
import { sizeOf } from "./code/encode.ts";
import type { Instruction } from "./code/instruction.ts";
import type { Label } from "./form/form.ts";
import type { Program } from "./translate.ts";
import { textOf } from "./wasm/decode.ts";

const WIDTH = 44;

/**
 * The program as text, in its own order. On the left is the WebAssembly instruction, by its place in the module; on the right
 * are the eBPF instructions that do it, by their numbers. Calls are in the places from which they are called.
 */
export function listing({ code, module, bytes }: Program): string {
  const names = labelNames(code);
  const lines: string[] = [];
  let place = 0;
  let before: number | undefined;
  for (const one of code) {
    const text = format(one, (label) => names.get(label) ?? label.name);
    const from = one.kind === "label" ? undefined : one.from;
    const left = from !== undefined && from !== before ? instructionAt(module, from) : "";
    const number = one.kind === "label" ? "" : `${place}`;
    lines.push(
      `${left.padEnd(WIDTH)}${number.padStart(4)}  ${one.kind === "label" ? "" : "  "}${text}`.trimEnd(),
    );
    if (one.kind !== "label") before = from;
    place += sizeOf(one);
  }
  const head = `${"WebAssembly".padEnd(WIDTH)}${"".padStart(4)}  eBPF: ${bytes.length / 8} instructions`;
  return `${[head, "", ...lines].join("\n")}\n`;
}

/** Labels by number, as several may have the same name. */
function labelNames(code: readonly Instruction[]): Map<Label, string> {
  const labels = code.flatMap((one) => (one.kind === "label" && one.from === undefined ? [one.label] : []));
  return new Map(labels.map((label, n) => [label, `L${n + 1}_${label.name.replace(/\W+/g, "_")}`]));
}

function instructionAt(module: Program["module"], at: number): string {
  return `0x${at.toString(16).padStart(3, "0")}  ${textOf(module.instructionAt(at))}`;
}
