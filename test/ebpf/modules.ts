// Modules for the translator, from WebAssembly's text format.
import wabt from "wabt";

const tools = await wabt();

/** The module's bytes. */
export function wat(text: string): Uint8Array<ArrayBuffer> {
  const parsed = tools.parseWat("test.wat", `(module ${text})`, { mutable_globals: true, bulk_memory: true });
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** A module that exports one function of this type and body. */
export function functionModule(signature: string, body: string, more = ""): Uint8Array<ArrayBuffer> {
  return wat(`(memory (export "memory") 1) ${more} (func (export "f") ${signature} ${body})`);
}
