// One round in the runtime at hand, for `engines.ts`, which puts this into Node, Deno, Bun and a browser.
import embedded from "../../dist/sixplane.wasm";
import { laps } from "./core.ts";
import { medians } from "./laps.ts";
import { senderLaps } from "./sender-laps.ts";

/** The medians of what is named, in nanoseconds. */
export async function round(names: string[]): Promise<Record<string, number>> {
  const module = new WebAssembly.Module(
    Uint8Array.from(atob(embedded as string), (character) => character.charCodeAt(0)),
  );
  const all = { ...laps(module), ...senderLaps(module) };
  return medians(Object.fromEntries(names.map((name) => [name, all[name] ?? unknown(name)])));
}

function unknown(name: string): never {
  throw new Error(`nothing is called ${name}`);
}
