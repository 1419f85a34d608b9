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
  return new InputError(`${what} must be ${expected}, got ${quote(got)}${why ? `: ${why}` : ""}`);
}

/** The value as it came, with the length that a text has; of an overlong text, the start. */
function quote(value: unknown): string {
  if (typeof value === "string") {
    const start = value.length > 80 ? `${value.slice(0, 80)}…` : value;
    return `${JSON.stringify(start)} (${value.length})`;
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === null ? "null" : typeof value;
}
