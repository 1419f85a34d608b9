import type { Command, OptionValues } from "commander";
import { InputError, mismatch } from "sixplane";
import { sign } from "../config/signature.ts";
import type { Target } from "../config/target.ts";
import * as modules from "../config/targets/index.ts";
import { writeConfig } from "../io/file.ts";
import { columns, type Output } from "../io/output.ts";

const TARGETS: Target[] = Object.values(modules);

/** Adds `sixplane config`, and what it can be asked for. */
export function addConfig(program: Command, output: Output): void {
  const config = program
    .command("config")
    .description("write the configuration of a program that is to use a network, or a host's /80")
    .usage("<target> [options]")
    .argument("[target]", "what to configure, as --list has it")
    .option("--list", "name the targets", false)
    .option("--json", "print the list as JSON", false)
    .addHelpText("after", "\nExample:\n  sixplane config facts --network 8056c2e21c000001 --node 89e92ceee5")
    .action((name: string | undefined, { list, json }: { list: boolean; json: boolean }) => {
      if (name !== undefined) throw mismatch("target", "one that --list names", name);
      if (!list) throw new InputError("give a target, one that --list names");
      const rows = TARGETS.map(({ name, summary }): [string, string] => [name, summary]);
      return output.result(
        json,
        TARGETS.map(({ name, summary }) => ({ name, summary })),
        columns(rows),
      );
    });
  for (const target of TARGETS) addTarget(config, output, target);
}

function addTarget(config: Command, output: Output, target: Target): void {
  const command = config
    .command(target.name)
    .description(target.summary)
    .addHelpText("after", `\n${target.help}\n\nExample:\n  ${target.example}`)
    .action((options: OptionValues) => run(output, target, options));
  for (const option of [...target.asks, ...target.options]) command.addOption(option);
  command
    .option("-o, --output <file>", "write to a file, unless it holds what was not written by this command")
    .option("--force", "replace such a file, too", false);
}

/** Prints what a target makes, or writes it to a file. */
export async function run(output: Output, target: Target, options: OptionValues): Promise<void> {
  const text = sign(await target.text(options));
  const { output: path, force } = options as { output?: string; force: boolean };
  if (path === undefined) return output.line(text.trimEnd());
  const isWritten = writeConfig(path, target.name, text, force);
  await output.line(`${path}: ${isWritten ? "written" : "unchanged"}`);
}
