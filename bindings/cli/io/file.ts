import {
  chmodSync,
  chownSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { InputError, mismatch, quote } from "sixplane";
import { isSigned } from "../config/signature.ts";
import { Failure, systemReason } from "./failure.ts";

/**
 * Puts a configuration into a file, which is there as a whole or as it was.
 *
 * @param target what the file must have been written for, where there is one already
 * @param force whether to replace one that was not
 * @returns whether there was anything to do
 * @throws InputError where the file is somebody else's, or cannot be one
 * @throws Failure where it cannot be written
 */
export function writeConfig(path: string, target: string, text: string, force: boolean): boolean {
  const old = present(path);
  if (old === undefined) {
    replace(path, text);
    return true;
  }
  if (old.text === text) return false;
  if (!force && !isSigned(target, old.text))
    throw new InputError(
      `${quote(path)} is there already, and is not as sixplane config ${target} wrote it: --force replaces it`,
    );
  replace(old.path, text, old);
  return true;
}

/** A file that is there, links resolved. */
interface Old extends Pick<Stats, "mode" | "uid" | "gid"> {
  path: string;
  text: string;
}

function present(path: string): Old | undefined {
  if (path === "" || path === "-") throw mismatch("file", "the name of one", path);
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    if (old?.isFile()) {
      const { mode, uid, gid } = old;
      return { path: realpathSync(path), mode: mode & 0o777, uid, gid, text: readFileSync(path, "utf8") };
    }
    if (old) throw mismatch("file", "one", path, "there is something else of that name");
    if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
    throw mismatch("file", "one", path, "it is a link to nothing");
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw mismatch("file", "one that can be read and written", path, systemReason(error));
  }
}

/** @param old the file in whose place it comes, which gives it its mode and owner */
function replace(path: string, text: string, old?: Old): void {
  const partial = `${path}.${process.pid}.partial`;
  let isMade = false;
  try {
    writeFileSync(partial, "", { flag: "wx" });
    isMade = true;
    if (old) keepAccess(partial, old);
    writeFileSync(partial, text, { flush: true });
    renameSync(partial, path);
  } catch (error) {
    if (isMade) rmSync(partial, { force: true });
    throw new Failure(`cannot write ${path}: ${systemReason(error)}`);
  }
}

/** Lets those have the file, and only those, who had the old one. */
function keepAccess(path: string, { mode, uid, gid }: Old): void {
  const made = statSync(path);
  try {
    if (made.uid !== uid || made.gid !== gid) chownSync(path, uid, gid);
  } catch (error) {
    throw new Failure(`its owner cannot be kept: ${systemReason(error)}`);
  }
  chmodSync(path, mode);
}
