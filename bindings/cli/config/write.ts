// The files of a target, on the disk.

import { lstatSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError, quote } from "sixplane";
import { Place, writeAll } from "../io/atomic-file.ts";
import { makeFolders } from "../io/folder.ts";
import { printable, warn } from "../io/text.ts";
import type { Merged } from "./merge.ts";
import { isSigned, sign } from "./signature.ts";
import type { ConfigFile, Target } from "./target.ts";

/** A file, and its text, which is not signed yet. */
export interface Rendered {
  file: ConfigFile;
  text: string;
}

/** What a file becomes; no bytes where it stays as it is. */
interface Change {
  place: Place;
  old: Stats | undefined;
  bytes: Buffer | undefined;
}

/**
 * Writes what is not there already.
 *
 * @param path a file, or a folder for all
 * @param force whether files may change that sixplane did not write, or that were edited since
 * @returns a line for each file, which says what became of it
 * @throws InputError where a file may not change, or cannot be there
 */
export function writeFiles(target: Target, rendered: Rendered[], path: string, force: boolean): string[] {
  const paths = placesFor(target, rendered, path);
  const changes = rendered.flatMap((one, n) => changeOf(target, one, paths[n] ?? path, force));
  writeAll(changes.flatMap(({ place, old, bytes }) => (bytes ? [{ place, old, bytes }] : [])));
  return changes.map(({ place, bytes }) => `${printable(place.path)}: ${bytes ? "written" : "unchanged"}`);
}

/** What is to be written to a path: the file, and before it a copy of the old one where its settings were merged. */
function changeOf(target: Target, { file, text }: Rendered, path: string, force: boolean): Change[] {
  const place = new Place("output", path);
  const old = place.read((descriptor, stats) => ({ stats, bytes: readFileSync(descriptor) }));
  const isOurs = old !== undefined && isSigned(target.name, old.bytes.toString());
  if (old && file.merge) {
    const merged = file.merge(old.bytes, text, (expected, why) => place.refusal(expected, why));
    const bytes = merged.changes.length > 0 ? Buffer.from(sign(merged.text)) : undefined;
    if (!bytes || (isOurs && merged.conflicts.length === 0)) return [{ place, old: old.stats, bytes }];
    showChanges(place, merged);
    const copy = freePath(`${place.path}.bak`);
    if (!force)
      throw new InputError(
        `${quote(place.path)} is there already, with settings that sixplane config ${target.name} did not write: --force makes this change, and keeps the old file as ${quote(copy)}`,
      );
    return [
      { place: new Place("output", copy), old: old.stats, bytes: old.bytes },
      { place, old: old.stats, bytes },
    ];
  }
  const bytes = Buffer.from(sign(text));
  const isChange = !old?.bytes.equals(bytes);
  if (old && isChange && !isOurs && !force)
    throw new InputError(
      `${quote(place.path)} is there already, and is not as sixplane config ${target.name} wrote it: --force replaces it`,
    );
  return [{ place, old: old?.stats, bytes: isChange ? bytes : undefined }];
}

/** Says on stderr what becomes of a file's settings, and which of them somebody else has chosen otherwise. */
function showChanges({ path }: Place, { changes, conflicts }: Merged): void {
  warn(`what changes in ${quote(path)}:`);
  for (const line of changes) process.stderr.write(`${printable(line)}\n`);
  if (conflicts.length > 0) warn(`it has another value for ${conflicts.join(", ")}`);
}

/** The path itself, or with the first number behind it that makes it free. */
function freePath(path: string): string {
  for (let n = 1; ; n++) {
    const free = n === 1 ? path : `${path}${n}`;
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

/** Where the files go: one to the path itself, or all below it where it is a folder. */
function placesFor(target: Target, rendered: Rendered[], path: string): string[] {
  const isFolder = path.endsWith("/") || statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder) {
    const places = rendered.map(({ file }) => join(path, file.path ?? file.name));
    for (const place of places) makeFolders(dirname(place));
    return places;
  }
  if (rendered.length === 1) return [path];
  const names = rendered.map(({ file }) => file.name).join(", ");
  throw new InputError(
    `${target.name} writes ${rendered.length} files: give -o a folder, or --file one of ${names}`,
  );
}
