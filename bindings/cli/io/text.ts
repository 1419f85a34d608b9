// Text from outside, on its way to a terminal or into a comment.

/**
 * Control characters (C0, C1), those that order lines and directions (U+2028, U+2029, bidi controls), and what is no character: a
 * terminal, an editor or a parser may take each for more than text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every character that is more than text written as its code point.
 *
 * @example printable("a\u001b[31m\u0085b"); // "a\\u{1b}[31m\\u{85}b"
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Writes one line to stderr, behind the program's name. */
export function warn(sentence: string): void {
  process.stderr.write(`sixplane: ${printable(sentence)}\n`);
}
