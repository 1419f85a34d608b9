import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, mismatch, quote } from "../errors.ts";
import { Failure, systemReason } from "./failure.ts";
import type { Output } from "./output.ts";

export interface EmitOptions {
  format: string;
  output: string;
  force: boolean;
  json: boolean;
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
  if (options.output === "") throw mismatch("folder", "the name of one", options.output);

  const files = sources(variant).map((name) => ({
    path: join(options.output, basename(name)),
    bytes: readFileSync(join(DIST, name)),
  }));
  const old = options.force ? undefined : files.find(({ path, bytes }) => isOther(path, bytes));
  if (old)
    throw new InputError(`${quote(old.path)} is there already, with other contents: --force replaces it`);
  makeFolder(options.output);
  write(files);
  const written = files.map(({ path, bytes }) => ({ file: path, bytes: bytes.length }));
  await output.result(
    options.json,
    written,
    written.map(({ file }) => file),
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

/** Whether there is something of that name which is not what would be written. */
function isOther(path: string, bytes: Uint8Array): boolean {
  if (!existsSync(path)) return false;
  try {
    return !readFileSync(path).equals(bytes);
  } catch {
    return true;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw mismatch(
      "folder",
      "one that can be written",
      folder,
      isFile ? "it is a file" : systemReason(error),
    );
  }
}

/** Writes all of them, each under its name only when all are whole. */
function write(files: { path: string; bytes: Uint8Array }[]): void {
  const partial = (path: string) => `${path}.${process.pid}.partial`;
  try {
    for (const { path, bytes } of files) writeFileSync(partial(path), bytes, { flag: "wx" });
    for (const { path } of files) renameSync(partial(path), path);
  } catch (error) {
    for (const { path } of files) rmSync(partial(path), { force: true });
    throw new Failure(`cannot write ${files[0]?.path}: ${systemReason(error)}`);
  }
}
