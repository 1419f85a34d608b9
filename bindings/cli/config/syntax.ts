// One renderer for each syntax: it puts the notes of a file where the syntax has comments.

import { printable } from "../io/text.ts";

/** What each value of a file is, and where it came from: a line each, one at least. */
export type Notes = [string, ...string[]];

/** Stand in a JSON file where its notes belong: as a list, as labels of a Docker Engine, or as one sentence. */
export const NOTES: unique symbol = Symbol("notes");
export const LABELS: unique symbol = Symbol("notes as labels");
export const SENTENCE: unique symbol = Symbol("notes as a sentence");

/** A JSON file: its notes have a place in it, or it does not compile. */
export type JsonBody =
  | { comment: typeof NOTES | typeof SENTENCE }
  | { labels: typeof LABELS }
  | { [name: string]: { comment: typeof NOTES } };

/** A file by its syntax: behind `#`, `;` or `//` notes are lines of their own, in XML one comment, in JSON a value. */
export type Content =
  | { syntax: "#" | ";" | "//" | "xml"; notes: Notes; body: string }
  | { syntax: "json"; notes: Notes; body: JsonBody }
  /** Words for a shell, which have no place for notes. */
  | { syntax: "words"; notes: []; body: string };

/** A file's text. @param signature the note that comes first */
export function render(content: Content, signature: string): string {
  const notes = [signature, ...content.notes].map(printable);
  switch (content.syntax) {
    case "words":
      return content.body;
    case "json":
      return `${JSON.stringify(content.body, (_, value) => placed(value, notes), 2)}\n`;
    case "xml":
      return `<!--\n${notes.map((note) => `  ${withoutDoubleHyphens(note)}\n`).join("")}-->\n${content.body}`;
    default:
      return notes.map((note) => `${content.syntax} ${note}\n`).join("") + content.body;
  }
}

/** The notes in the form that the value asks for; any other value as it is. */
function placed(value: unknown, notes: string[]): unknown {
  if (value === NOTES) return notes;
  if (value === LABELS) return notes.map((note, n) => `sixplane.${n + 1}=${note}`);
  return value === SENTENCE ? notes.join("; ") : value;
}

/** XML comments may not have two hyphens in a row (XML 1.0 §2.5). */
function withoutDoubleHyphens(text: string): string {
  return text.replace(/-(?=-)/g, "- ");
}
