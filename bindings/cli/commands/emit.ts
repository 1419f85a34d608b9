import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, mismatch, quote } from "sixplane";
import { linked } from "../../ebpf/code/encode.ts";
import { TranslationError } from "../../ebpf/error.ts";
import { listing } from "../../ebpf/listing.ts";
import { objectOf } from "../../ebpf/object/elf.ts";
import { MAPS } from "../../ebpf/program/memory.ts";
import { type Program, translate } from "../../ebpf/translate.ts";
import { Place, writeAll } from "../io/atomic-file.ts";
import { makeFolders } from "../io/folder.ts";
import type { Output } from "../io/output.ts";
import { printable } from "../io/text.ts";

export interface EmitOptions {
  format: string;
  for?: string;
  output?: string;
  force?: boolean;
  json?: boolean;
}

/** Where the build put everything: beside this program. */
const DIST = fileURLToPath(new URL(".", import.meta.url));

interface Emitted {
  name: string;
  bytes: Uint8Array;
}

/** The files of a variant in each format: of what the build made, or made now. */
const FORMATS = new Map<string, (variant: string) => Emitted[]>([
  ["wasm", (variant) => shipped(`${variant}.wasm`)],
  ["header", (variant) => shipped(`c/${variant}.wasm.h`, "c/sixplane.h")],
  ["c", (variant) => code(`${variant}-wasm2c.c`, `${variant}-wasm2c.h`, "wasm-rt.h", "sixplane.h")],
  ["c-flat", (variant) => code(`${variant}-flat.c`, `${variant}-flat.h`, "wasm-rt.h", "sixplane.h")],
  [
    "ebpf",
    (variant) => {
      const program = translated(variant);
      const raw = linked(program, (map) => Object.keys(MAPS).indexOf(map));
      return [
        { name: `${variant}.bpf.o`, bytes: objectOf(program.name, program) },
        { name: `${variant}.bpf.bin`, bytes: raw },
      ];
    },
  ],
  [
    "ebpf-listing",
    (variant) => {
      const lines = JSON.parse(readFileSync(join(DIST, `${variant}.lines.json`), "utf8"));
      return [{ name: `${variant}.bpf.txt`, bytes: Buffer.from(listing(translated(variant), lines)) }];
    },
  ],
]);

export const FORMAT_NAMES = [...FORMATS.keys()];

/** The same for WAMR, which takes modules alone, with two exports more. */
const WAMR_FORMATS = new Map<string, (variant: string) => Emitted[]>([
  ["wasm", (variant) => shipped(`wamr/${variant}.wasm`)],
  ["header", (variant) => shipped(`c/wamr/${variant}.wasm.h`, "c/sixplane.h")],
]);

/** The runtimes that need a module of their own. */
export const RUNTIMES = ["wamr"];

/** `sixplane emit VARIANT -o FOLDER` */
export async function emit(output: Output, variant: string, options: EmitOptions): Promise<void> {
  const known = variants();
  if (!known.includes(variant)) throw mismatch("variant", oneOf(known), variant);
  const made = maker(options);
  const folder = options.output;
  if (folder === undefined) throw new InputError("give a folder to write to: -o FOLDER");
  const emitted = made(variant);
  if (folder === "-") {
    if (options.json) throw new InputError("give either --json or -o -, not both");
    return print(output, emitted);
  }

  const files = emitted.map(({ name, bytes }) => ({ path: join(folder, name), bytes }));
  makeFolders(folder);
  // A file that is there already keeps its time, for make.
  writeAll(files.flatMap(({ path, bytes }) => changeOf(path, bytes, options.force === true)));
  await output.result(
    options.json,
    files.map(({ path, bytes }) => ({ file: path, bytes: bytes.length })),
    files.map(({ path }) => printable(path)),
  );
}

/** @throws InputError where the format is unknown, the runtime is, or it has no such format */
function maker({ format, for: runtime }: EmitOptions): (variant: string) => Emitted[] {
  const made = FORMATS.get(format);
  if (!made) throw mismatch("format", oneOf(FORMAT_NAMES), format);
  if (runtime === undefined) return made;
  if (!RUNTIMES.includes(runtime)) throw mismatch("runtime", oneOf(RUNTIMES), runtime);
  const forWamr = WAMR_FORMATS.get(format);
  if (!forWamr) throw mismatch("format for WAMR", oneOf([...WAMR_FORMATS.keys()]), format);
  return forWamr;
}

function shipped(...names: string[]): Emitted[] {
  return names.map((name) => ({ name: basename(name), bytes: readFileSync(join(DIST, name)) }));
}

/** C, and the licence, which must go with copies: of a name that does not meet the reader's own. */
function code(...names: string[]): Emitted[] {
  const licence = { name: "LICENSE-sixplane.txt", bytes: readFileSync(join(DIST, "../LICENSE")) };
  return [...shipped(...names.map((name) => `c/${name}`)), licence];
}

/** @throws InputError where the variant has neither a responder nor the check of a frame's sender */
function translated(variant: string): Program {
  try {
    return translate(new Uint8Array(readFileSync(join(DIST, `${variant}.wasm`))));
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error;
    throw mismatch("variant", "one that can be translated to eBPF", variant, error.message);
  }
}

/** Writes to stdout: a single file as it is, several texts each behind its name in a comment of C. */
async function print(output: Output, files: Emitted[]): Promise<void> {
  const binary = files.find(({ bytes }) => bytes.includes(0));
  if (binary) output.refuseTerminal("folder");
  const [single, ...more] = files;
  if (single && more.length === 0) return output.bytes(single.bytes);
  const names = files.map(({ name }) => name).join(" and ");
  if (binary) throw mismatch("folder", "one", "-", `${names} cannot both go to stdout`);
  for (const { name, bytes } of files) await output.line(`// ${name}\n${Buffer.from(bytes).toString()}`);
}

/** The names of the builds. */
export function variants(): string[] {
  return readdirSync(DIST)
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => basename(name, ".wasm"))
    .sort();
}

function oneOf(names: string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " or $1");
}

/** What there is to write: nothing where the same file is there. @throws InputError where another is in the way */
function changeOf(path: string, bytes: Uint8Array, force: boolean): Parameters<typeof writeAll>[0] {
  const place = new Place("file", path);
  const old = place.read((file, stats) => ({ stats, bytes: readFileSync(file) }));
  if (old && Buffer.compare(old.bytes, bytes) === 0) {
    place.close();
    return [];
  }
  if (old && !force)
    throw new InputError(`${quote(path)} is there already, with other contents: --force replaces it`);
  return [{ place, old: old?.stats, bytes }];
}
