import { InputError, SixplaneError } from "sixplane";

/** The command was understood, but could not be carried out: exit status 1. */
export class Failure extends SixplaneError {
  override name = "Failure";
}

/** The exit status for an error: 2 for bad input, else 1. */
export function statusOf(error: SixplaneError): 1 | 2 {
  return error instanceof InputError ? BAD_INPUT : FAILED;
}

export const FAILED = 1;
export const BAD_INPUT = 2;

/** What went wrong, in words, for an error of the operating system. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && REASONS[code]) || message;
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};
