import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, mismatch, quote } from "sixplane";
import { Place, writeAll } from "../io/atomic-file.ts";
import { makeFolders } from "../io/folder.ts";
import type { Output } from "../io/output.ts";
import { printable } from "../io/text.ts";

export interface EmitOptions {
  format: string;
  output?: string;
  force?: boolean;
  json?: boolean;
}

/** Where the build put everything: beside this program. */
const DIST = fileURLToPath(new URL(".", import.meta.url));

/** The files of a variant in each format, below `DIST`. */
const FORMATS = new Map([
  ["wasm", (variant: string) => [`${variant}.wasm`]],
  ["header", (variant: string) => [`c/${variant}.wasm.h`, "c/sixplane.h"]],
  [
    "c",
    (variant: string) => [`c/${variant}-wasm2c.c`, `c/${variant}-wasm2c.h`, "c/wasm-rt.h", "c/sixplane.h"],
  ],
]);

/** `sixplane emit VARIANT -o FOLDER` */
export async function emit(output: Output, variant: string, options: EmitOptions): Promise<void> {
  const known = variants();
  if (!known.includes(variant)) throw mismatch("variant", oneOf(known), variant);
  const sources = FORMATS.get(options.format);
  if (!sources) throw mismatch("format", oneOf([...FORMATS.keys()]), options.format);
  const folder = options.output;
  if (folder === undefined) throw new InputError("give a folder to write to: -o FOLDER");

  makeFolders(folder);
  const files = sources(variant).map((name) => ({
    path: join(folder, basename(name)),
    bytes: readFileSync(join(DIST, name)),
  }));
  // A file that is there already keeps its time, for make.
  writeAll(files.flatMap(({ path, bytes }) => changeOf(path, bytes, options.force === true)));
  await output.result(
    options.json,
    files.map(({ path, bytes }) => ({ file: path, bytes: bytes.length })),
    files.map(({ path }) => printable(path)),
  );
}

function variants(): string[] {
  return readdirSync(DIST)
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => basename(name, ".wasm"))
    .sort();
}

function oneOf(names: string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " or $1");
}

/** What there is to write: nothing where the same file is there. @throws InputError where another is in the way */
function changeOf(path: string, bytes: Buffer, force: boolean): Parameters<typeof writeAll>[0] {
  const place = new Place("file", path);
  const old = place.read((file, stats) => ({ stats, bytes: readFileSync(file) }));
  if (old?.bytes.equals(bytes)) {
    place.close();
    return [];
  }
  if (old && !force)
    throw new InputError(`${quote(path)} is there already, with other contents: --force replaces it`);
  return [{ place, old: old?.stats, bytes }];
}
