// What a shell offers for the word at the cursor, from the same table of commands that reads them.

import { Argument, type Command, type Option } from "commander";
import type { Output } from "../io/output.ts";
import { printable } from "../io/text.ts";
import { SCRIPTS } from "./completion-scripts.ts";

/** Adds `sixplane completion SHELL`, and the hidden command that its scripts ask for each word. */
export function addCompletion(program: Command, output: Output): void {
  program
    .command("completion")
    .description("print the script by which a shell completes sixplane's commands, options and values")
    .addArgument(new Argument("<shell>", "the shell").choices([...SCRIPTS.keys()]))
    .addHelpText("after", INSTALL)
    .action((shell: string) => output.bytes(SCRIPTS.get(shell) ?? ""));
  program
    .command("__complete", { hidden: true })
    .argument("[words...]", "the words of the line behind sixplane, the last one as far as the cursor")
    .action(async (words: string[]) => {
      for (const line of candidates(program, words)) await output.line(line);
    });
}

const INSTALL = `
Examples:
  source <(sixplane completion bash)                                 # in ~/.bashrc
  source <(sixplane completion zsh)                                  # in ~/.zshrc, behind compinit
  sixplane completion fish > ~/.config/fish/completions/sixplane.fish`;

/** Stand for the names of files and folders, which the shell finds itself. */
const FILES = ":files";
const FOLDERS = ":folders";

/** What is at the cursor: a value of an option, or a word of a command. */
interface Cursor {
  command: Command;
  /** The option whose value is next. */
  option: Option | undefined;
  used: Set<Option>;
  /** How many words the command has that are no options. */
  words: number;
}

/**
 * What may stand at the cursor, a line each: the word, a tab and what it is. FILES or FOLDERS stand for names of these.
 *
 * @param words those of the line, the last one as far as the cursor
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const isHelp = before[0] === "help" && !current.startsWith("-");
  const all = isHelp
    ? subcommandsOf(walk(program, before.slice(1)))
    : candidatesAt(walk(program, before), current);
  return all.filter((line) => line === FILES || line === FOLDERS || line.startsWith(current));
}

function candidatesAt(cursor: Cursor, current: string): string[] {
  const { command, option, used } = cursor;
  const isOption = current.startsWith("-");
  if (option?.required || (option && !isOption)) return valuesOf(option, "");
  const assigned = optionOf(command, current);
  if (assigned && current.includes("=")) return valuesOf(assigned, `${assigned.long}=`);
  return isOption ? optionsOf(command, used) : wordsOf(cursor);
}

/** Reads the words before the cursor as commander would. */
function walk(program: Command, before: readonly string[]): Cursor {
  let cursor: Cursor = { command: program, option: undefined, used: new Set(), words: 0 };
  for (const word of before) cursor = next(cursor, word);
  return cursor;
}

function next({ command, option, used, words }: Cursor, word: string): Cursor {
  if (option?.required) return { command, option: undefined, used, words };
  if (word.startsWith("-")) {
    const named = optionOf(command, word);
    const takesNext = named !== undefined && (named.required || named.optional) && !word.includes("=");
    return {
      command,
      option: takesNext ? named : undefined,
      used: new Set(used).add(named as Option),
      words,
    };
  }
  const subcommand = words === 0 ? command.commands.find((one) => one.name() === word) : undefined;
  if (subcommand) return { command: subcommand, option: undefined, used: new Set(), words: 0 };
  return { command, option: undefined, used, words: option ? words : words + 1 };
}

function optionOf(command: Command, word: string): Option | undefined {
  const [name] = word.split("=");
  return command.options.find(({ long, short }) => long === name || short === name);
}

/** The options that have not been given yet, or may be repeated. */
function optionsOf(command: Command, used: ReadonlySet<Option>): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !used.has(option) || (option.parseArg && !option.argChoices))
    .map(({ long, short, description }) => describe(long ?? short ?? "", description));
}

/** The subcommands, and the values of the next argument. */
function wordsOf(cursor: Cursor): string[] {
  const { registeredArguments } = cursor.command;
  if (registeredArguments.some((argument) => argument.name() === "capture")) return [FILES];
  return [...subcommandsOf(cursor), ...(registeredArguments[cursor.words]?.argChoices ?? [])];
}

function subcommandsOf({ command, words }: Cursor): string[] {
  if (words > 0) return [];
  const commands = command.createHelp().visibleCommands(command);
  return commands.map((one) => describe(one.name(), one.description()));
}

/** The values of an option: its choices, or what the name of the value in its flags says. */
function valuesOf({ argChoices, flags }: Option, prefix: string): string[] {
  if (argChoices) return argChoices.map((choice) => prefix + choice);
  if (/[<[](file|path)[\]>]/.test(flags)) return [FILES];
  return /[<[]folder[\]>]/.test(flags) ? [FOLDERS] : [];
}

function describe(word: string, description: string): string {
  return `${word}\t${printable(description)}`;
}
