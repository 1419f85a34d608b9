/** Every error that sixplane throws on purpose. */
export class SixplaneError extends Error {
  override name = "SixplaneError";
}

/** A value from outside that cannot be what it should be. The message quotes it. */
export class InputError extends SixplaneError {
  override name = "InputError";
}

/** The core was needed before `init` or `initSync` had loaded it. */
export class NotInitializedError extends SixplaneError {
  override name = "NotInitializedError";

  constructor() {
    super("sixplane is not initialized: call `await init()` or `initSync()` first");
  }
}

/** The loaded build of the core lacks the function that was called. */
export class MissingFunctionError extends SixplaneError {
  override name = "MissingFunctionError";

  constructor(name: string) {
    super(`the loaded core has no function "${name}": load a build that has it, such as sixplane.wasm`);
  }
}

/**
 * The error for a value that is not what it must be.
 *
 * @param what the value's name, as in "network ID"
 * @param expected what it must be, as in "16 hex digits"
 * @param got the value itself
 * @param why what is wrong with it, where that is not plain to see
 */
export function mismatch(what: string, expected: string, got: unknown, why?: string): InputError {
  return new InputError(`${what} must be ${expected}, got ${show(got)}${why ? `: ${why}` : ""}`);
}

/** A text in quotes and on one line; of an overlong one, the start. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The value as it came, or what it is. */
function show(value: unknown): string {
  if (typeof value === "string") return `${quote(value)} (${value.length})`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === null ? "null" : typeof value;
}
