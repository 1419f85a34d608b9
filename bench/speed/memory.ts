import { execFileSync } from "node:child_process";
import { buildSync } from "esbuild";
import { IN_PLACE, KEPT } from "./core.ts";
import { type Row, row } from "./table.ts";

interface Bytes {
  /** Allocated per million frames, by name and round. */
  garbage: Record<string, number[]>;
  /** In use after a million replies, by name and round. */
  inUse: Record<string, number[]>;
}

/** With a gibibyte for new objects, Node collects none of them unless it is asked to. */
const FLAGS = ["--expose-gc", "--min-semi-space-size=1024", "--max-semi-space-size=1024"];

/** What `allocate.ts` found, in a process of its own. */
export function memory(folder: string): Bytes {
  const program = `${folder}/allocate.mjs`;
  buildSync({
    entryPoints: ["bench/speed/allocate.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    tsconfigRaw: {}, // the built package, as its users have it
  });
  return JSON.parse(
    execFileSync(process.execPath, [...FLAGS, program, "dist/sixplane.wasm"], { encoding: "utf8" }),
  );
}

export function garbageRows(garbage: Bytes["garbage"]): Row[] {
  const most = garbage[KEPT] ?? [];
  return Object.entries(garbage).map(([name, bytes]) => {
    const bar = name === IN_PLACE ? 0 : undefined;
    return row({ name, unit: "bytes", values: bytes, base: "copies", bases: most, bar });
  });
}

export function inUseRows(inUse: Bytes["inUse"]): Row[] {
  const [first = []] = Object.values(inUse);
  return Object.entries(inUse).map(([name, bytes], index) => {
    const bar = index === 0 ? undefined : 1.1;
    return row({ name, unit: "bytes", values: bytes, base: "1 owner", bases: first, bar });
  });
}
