/**
 * The base class of all errors that sixplane throws.
 *
 * @example
 * try {
 *   network.host(text);
 * } catch (error) {
 *   if (error instanceof SixplaneError) console.error(error.message);
 * }
 */
export class SixplaneError extends Error {
  /** The name of the error's class. */
  override name = "SixplaneError";
}

/**
 * An invalid argument or input. The message quotes the value and says what was expected.
 *
 * @example
 * new Network("8056c2e2");  // InputError: network ID must be 16 hex digits, got "8056c2e2" (8)
 */
export class InputError extends SixplaneError {
  /** `InputError`. */
  override name = "InputError";
}

/**
 * The runtime has no WebAssembly, or refuses to compile it, or to compile it from bytes. The runtime's own error, if
 * there is one, is the `cause`. iOS Lockdown Mode and `node --jitless` have no WebAssembly. A page needs `'wasm-unsafe-eval'` in the `script-src` of its Content-Security-Policy (CSP Level 3
 * §4.4). workerd never compiles bytes: there, the package's export condition `workerd` loads a compiled core.
 *
 * @example
 * try {
 *   initSync();
 * } catch (error) {
 *   if (!(error instanceof CompilationRefusedError)) throw error;
 *   showWithoutAddresses(error.message);
 * }
 */
export class CompilationRefusedError extends SixplaneError {
  /** `CompilationRefusedError`. */
  override name = "CompilationRefusedError";

  /** @internal */
  constructor(why: string, cause?: unknown) {
    super(`WebAssembly cannot be compiled here: ${why}`, { cause });
  }
}

/**
 * The loaded build of the core lacks the function that was called.
 *
 * @example
 * await init(fetch("/responder.wasm"));
 * new Network("8056c2e21c000001").host("89e92ceee5");  // MissingFunctionError: the loaded core has no function "mac": …
 */
export class MissingFunctionError extends SixplaneError {
  /** `MissingFunctionError`. */
  override name = "MissingFunctionError";

  /** @internal */
  constructor(name: string) {
    super(`the loaded core has no function "${name}": load a build that has it, such as sixplane.wasm`);
  }
}

/**
 * Makes the error for an invalid value.
 *
 * @param what the value's name, as in "network ID"
 * @param expected what it must be, as in "16 hex digits"
 * @param got the value itself
 * @param why what is wrong with the value, if the message does not show it
 */
export function mismatch(what: string, expected: string, got: unknown, why?: string): InputError {
  return new InputError(`${what} must be ${expected}, got ${show(got)}${why ? `: ${why}` : ""}`);
}

/** The text as a JSON string, so on one line; cut after 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** A description of a value for an error message: the value itself if it is short, else its type or size. */
function show(value: unknown): string {
  if (typeof value === "string") return `${quote(value)} (${value.length})`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === null ? "null" : typeof value;
}
