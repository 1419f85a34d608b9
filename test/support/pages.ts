// Pages of the project: the blocks of code in them, and the commands that they show.
import { readText } from "./files.ts";

/** A command of a page, and what the page shows below it. */
export interface ShownCommand {
  command: string;
  /** Without the last line's end; undefined where the page shows nothing, as in a block of `sh`. */
  output: string | undefined;
}

/** The blocks of these languages in a page, by its path in the project. */
export function blocksOf(page: string, ...languages: string[]): { language: string; text: string }[] {
  const blocks = readText(page).matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return Array.from(blocks, ([, language = "", text = ""]) => ({ language, text })).filter(({ language }) =>
    languages.includes(language),
  );
}

/** The commands of a block of `console`, each behind `$`, or the whole block of `sh`. */
export function commandsOf({ language, text }: { language: string; text: string }): ShownCommand[] {
  if (language === "sh") return [{ command: text, output: undefined }];
  return text.split(/^\$ /m).slice(1).map(shown);
}

/** A command continues after a backslash, and to the end of a here-document. */
function shown(text: string): ShownCommand {
  const [command = ""] = /^[^\n]*<<'END'\n.*?^END\n/ms.exec(text) ?? /^(?:.*\\\n)*.*\n/.exec(text) ?? [];
  return { command, output: text.slice(command.length).trimEnd() };
}
