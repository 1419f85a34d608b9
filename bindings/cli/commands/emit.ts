import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, mismatch, quote } from "sixplane";
import { Failure, systemReason } from "../io/failure.ts";
import type { Output } from "../io/output.ts";

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
  makeFolder(options.output);
  for (const { path, bytes } of files) checkTarget(path, bytes, options.force);
  write(files.filter(({ path, bytes }) => !isThere(path, bytes))); // which keeps its time, for make
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

/** That nothing of that name is in the way, but the same or, with --force, another file. */
function checkTarget(path: string, bytes: Uint8Array, force: boolean): void {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old && !old.isFile()) throw new InputError(`${quote(path)} is there already, and is no file`);
  if (!old || force || isThere(path, bytes)) return;
  throw new InputError(`${quote(path)} is there already, with other contents: --force replaces it`);
}

/** Whether a file is what would be written. */
function isThere(path: string, bytes: Uint8Array): boolean {
  return existsSync(path) && readFileSync(path).equals(bytes);
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
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

/** What mkdirSync does with `recursive`, with which it never ends where there can be no folders, as in /proc. */
function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  mkdirSync(path);
}

/** Writes all of them, each under its name only when all are whole. */
function write(files: { path: string; bytes: Uint8Array }[]): void {
  const partial = (path: string) => `${path}.${process.pid}.partial`;
  const written: string[] = [];
  let current = "";
  try {
    for (const { path, bytes } of files) {
      current = path;
      writeFileSync(partial(path), bytes, { flag: "wx" });
      written.push(path);
    }
    for (const { path } of files) {
      current = path;
      renameSync(partial(path), path);
    }
  } catch (error) {
    for (const path of written) rmSync(partial(path), { force: true });
    throw new Failure(`cannot write ${current}: ${systemReason(error)}`);
  }
}
