import { InputError, quote } from "./errors.ts";

/**
 * Checks that options have no unknown key: an option that is misspelt would be ignored in silence.
 *
 * @param options an object; whether it is one is for the caller to check
 * @param known the keys that it may have
 * @throws InputError for another key
 */
export function checkKeys(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const close = known.find((key) => key.startsWith(unknown) || unknown.startsWith(key));
  const advice = close ? `did you mean ${close}?` : `there are ${known.join(", ")}`;
  throw new InputError(`no option is called ${quote(unknown)}: ${advice}`);
}
