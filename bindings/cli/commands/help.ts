import type { Command } from "commander";
import { InputError } from "sixplane";
import { suggestion } from "../io/suggestion.ts";

/** Adds `sixplane help [COMMAND] [TARGET]`, which refuses names that there are not: commander's own prints the whole help then. */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command("help")
    .description("print the help of a command, or of a target of config")
    .argument("[command]", "the command")
    .argument("[target]", "the target")
    .action((...given: unknown[]) => {
      const { args } = given.at(-1) as Command;
      args.reduce(commandIn, program).outputHelp();
    });
}

/** The subcommand of a name. @throws InputError where there is none */
function commandIn(command: Command, name: string): Command {
  const found = command.commands.find((one) => one.name() === name);
  if (found) return found;
  const names = command.createHelp().visibleCommands(command);
  const question = suggestion(
    name,
    names.map((one) => one.name()),
  );
  throw new InputError(`unknown command '${name}'${question ? `: ${question}` : ""}`);
}
