import { Command, CommanderError } from "commander";

/** How commander ends a message with the names that are close to a wrong one. */
const SUGGESTION = /\n\(Did (you mean [^\n]*\?)\)$/;

/**
 * The question whether another name was meant. Commander compares the names, as it does for its commands.
 *
 * @returns undefined where no name is close
 * @example suggestion("dokcer", ["docker", "lxd"]); // "did you mean docker?"
 */
export function suggestion(word: string, names: readonly string[]): string | undefined {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .helpCommand(false);
  for (const name of names) command.command(name);
  try {
    command.parse(["--", word], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [, question] = SUGGESTION.exec(error.message) ?? [];
    return question && `did ${question}`;
  }
  return undefined;
}

/** A message of commander's in one sentence: its suggestion has a line of its own. */
export function inOneSentence(message: string): string {
  return message
    .trimEnd()
    .replace(/^error: /, "")
    .replace(SUGGESTION, ": did $1");
}
