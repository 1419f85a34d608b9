import { constants } from "node:os";
import { SixplaneError } from "sixplane";

/**
 * A TAP interface could not be opened or set up, or came to its end. The message says what to do.
 *
 * @example
 * const tap = await openTap(options).catch((error) => {
 *   if (error instanceof TapError && error.code === "EPERM") console.error(error.message);
 *   throw error;
 * });
 */
export class TapError extends SixplaneError {
  /** `TapError`. */
  override name = "TapError";

  /** The operating system's name for the cause, as in "EPERM". */
  readonly code: string;

  /** @internal */
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

const PRIVILEGE =
  "that takes CAP_NET_ADMIN: run it as root, or in a network namespace of your own (unshare -Urn)";

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  ENODEV: "there is no such interface any more",
  EPERM: PRIVILEGE,
  EROFS: "it is read-only here",
};

/**
 * The error for a call to the operating system that failed.
 *
 * @param what what was tried, as in "set the MTU of zt0"
 * @param errno the error number
 * @param reasons in words, by error name, where this call has more to say than that
 */
export function systemError(what: string, errno: number, reasons: Record<string, string> = {}): TapError {
  return namedError(what, errorName(errno), reasons);
}

/** The same for a call of the runtime's, which gives the error's name. */
export function namedError(what: string, code: string, reasons: Record<string, string> = {}): TapError {
  return new TapError(`cannot ${what}: ${reasons[code] ?? REASONS[code] ?? code}`, code);
}

function errorName(errno: number): string {
  const [name] = Object.entries(constants.errno).find(([, number]) => number === errno) ?? [];
  return name ?? `error ${errno}`;
}
