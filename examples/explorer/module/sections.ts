// Where the bytes of a WebAssembly module go.
import { hexOf } from "../address/fields.ts";

export interface Section {
  name: string;
  /** Bytes, with the section's own header. */
  size: number;
}

const NAMES = [
  "custom",
  "types",
  "imports",
  "functions",
  "tables",
  "memory",
  "globals",
  "exports",
  "start",
  "elements",
  "code",
  "data",
];

const HEADER = 8;

/** The sections of a module, with its header as the first (WebAssembly 1.0, §5.5.2). */
export function sections(module: Uint8Array): Section[] {
  const found = [{ name: `header, ${hexOf(module.subarray(0, HEADER))}`, size: HEADER }];
  for (let at = HEADER; at < module.length; ) {
    const name = NAMES[module[at] ?? 0] ?? "unknown";
    const [length, start] = leb128(module, at + 1);
    found.push({ name, size: start + length - at });
    at = start + length;
  }
  return found;
}

/** An unsigned number of variable length, and where it ends. */
function leb128(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}
