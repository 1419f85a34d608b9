// What tests read of the project. Where no files can be read, test/runtimes has the same from memory.
import { readFileSync } from "node:fs";

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

/** A file as text, by its path in the project. */
export function readText(path: string): string {
  return readFileSync(at(path), "utf8");
}

/** The bytes of a file, by its path in the project. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(at(path)));
}

/** A build of the core, by its name. */
export function compiled(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readBytes(`dist/${name}.wasm`));
}

/** Whether this runtime makes a module of bytes. */
export const COMPILES = true;
