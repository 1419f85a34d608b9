import { type Command, Option } from "commander";
import { InputError, mismatch, quote } from "sixplane";
import { sign, signatureNote } from "../config/signature.ts";
import { render } from "../config/syntax.ts";
import type { OptionOfTarget, OptionValues, Target } from "../config/target.ts";
import * as modules from "../config/targets/index.ts";
import { type Rendered, writeFiles } from "../config/write.ts";
import { findIdentifiers, NETWORK_WORD, NODE_WORD, networkOf, refuseMore } from "../io/identifiers.ts";
import { columns, type Output } from "../io/output.ts";
import { suggestion } from "../io/suggestion.ts";
import { zerotierOption } from "../zerotier/option.ts";

const TARGETS: Target[] = Object.values(modules);

/** Adds `sixplane config` and its targets. */
export function addConfig(program: Command, output: Output): void {
  const config = program
    .command("config")
    .description("write the configuration of a program that is to use a network, or a host's /80")
    .usage("[target] [options]")
    .argument("[target]", "what to configure; without it, the targets are listed")
    .option("--list", "list the targets")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExample:\n  sixplane config facts --network 8056c2e21c000001 --node 89e92ceee5")
    .action((name: string | undefined, { json }: { json?: boolean }) => {
      if (name !== undefined) throw unknownTarget(name);
      return output.result(
        json,
        TARGETS.map(({ name, summary }) => ({ name, summary })),
        columns(TARGETS.map(({ name, summary }): [string, string] => [name, summary])),
      );
    });
  for (const target of TARGETS) addTarget(config, output, target);
  // What follows a misspelt target is not judged before the target is. Set last, as targets would inherit it.
  config.allowUnknownOption().allowExcessArguments();
}

function unknownTarget(name: string): InputError {
  if (name.startsWith("-")) return new InputError(`unknown option ${quote(name)}: a target comes first`);
  const names = TARGETS.map(({ name }) => name);
  return mismatch("target", "one that --list names", name, suggestion(name, names));
}

function addTarget(config: Command, output: Output, target: Target): void {
  const command = config
    .command(target.name)
    .description(target.summary)
    .addHelpText("after", `\n${target.help}\n\nExample:\n  ${target.example}`)
    .action((...given: unknown[]) => run(output, target, given.at(-1) as Command));
  for (const option of target.options) command.addOption(toCommander(option));
  if (takes(target, "--network")) command.argument("[network]", NETWORK_WORD);
  if (takes(target, "--node")) command.argument("[node]", NODE_WORD);
  if (target.files) command.addOption(new Option("--file <name>", "one of the files").choices(target.files));
  command
    .option("-o, --output <path>", "write to a file, - for stdout, or all files into a folder")
    .option("--force", "replace files that sixplane did not write, or that were edited since");
}

/** Whether a target has an option. */
function takes(target: Target, option: string): boolean {
  return target.options.some(({ flags }) => flags.startsWith(`${option} `));
}

function toCommander({
  flags,
  description,
  required,
  choices,
  usual,
  repeatable,
  conflicts,
}: OptionOfTarget): Option {
  if (flags.startsWith("--zerotier ")) return zerotierOption();
  const option = new Option(flags, description);
  if (required) option.makeOptionMandatory();
  if (choices) option.choices(choices);
  if (usual !== undefined) option.default(usual);
  if (repeatable) option.argParser((value: string, before: string[] = []) => [...before, value]);
  if (conflicts) option.conflicts([...conflicts]);
  return option;
}

interface OutputOptions {
  file?: string;
  output?: string;
  force?: boolean;
}

/** Prints the files of a target, or writes them. */
async function run(output: Output, target: Target, command: Command): Promise<void> {
  const options = command.opts<OptionValues & OutputOptions>();
  const values = takes(target, "--network") ? { ...options, ...identifiersOf(target, command) } : options;
  const { files } = await target.make(values);
  const rendered = files
    .filter(({ name }) => values.file === undefined || name === values.file)
    .map((file) => ({ file, text: render(file, signatureNote(target.name)) }));
  if (values.output === undefined || values.output === "-") return output.line(printed(rendered));
  const written = writeFiles(target, rendered, values.output, values.force === true);
  for (const line of written) await output.line(line);
}

/** What the words and options of a target's command say of the network and the node. */
function identifiersOf(target: Target, command: Command) {
  const given = findIdentifiers(command.args, command.opts(), takes(target, "--node"));
  refuseMore(given);
  const { network, node, zerotier } = given;
  // With --zerotier, the network may be the one that this machine has joined.
  const named = zerotier && network === undefined ? {} : { network: networkOf(given) };
  return { ...named, ...(node !== undefined && { node }), ...(zerotier && { zerotier }) };
}

/** The text of one file as it is; of several, each behind its path in a comment. */
function printed(rendered: Rendered[]): string {
  if (rendered.length === 1) return rendered.map(({ text }) => sign(text).trimEnd()).join();
  return rendered
    .map(({ file, text }) => `${file.syntax} ${file.path ?? file.name}\n${sign(text)}`)
    .join("\n")
    .trimEnd();
}
