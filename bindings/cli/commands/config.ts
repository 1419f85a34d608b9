import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, Option } from "commander";
import { InputError, mismatch, quote } from "sixplane";
import { isSigned, sign, signatureNote } from "../config/signature.ts";
import { render } from "../config/syntax.ts";
import type { ConfigFile, OptionOfTarget, OptionValues, Target } from "../config/target.ts";
import * as modules from "../config/targets/index.ts";
import { Place, writeAll } from "../io/atomic-file.ts";
import { makeFolders } from "../io/folder.ts";
import { columns, type Output } from "../io/output.ts";
import { printable } from "../io/text.ts";
import { zerotierOption } from "../zerotier/option.ts";

const TARGETS: Target[] = Object.values(modules);

/** Adds `sixplane config` and its targets. */
export function addConfig(program: Command, output: Output): void {
  const config = program
    .command("config")
    .description("write the configuration of a program that is to use a network, or a host's /80")
    .usage("<target> [options]")
    .argument("[target]", "what to configure, as --list has it")
    .option("--list", "name the targets")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExample:\n  sixplane config facts --network 8056c2e21c000001 --node 89e92ceee5")
    .action((name: string | undefined, { list, json }: { list?: boolean; json?: boolean }) => {
      if (name !== undefined) throw mismatch("target", "one that --list names", name);
      if (!list) throw new InputError("give a target, one that --list names");
      return output.result(
        json,
        TARGETS.map(({ name, summary }) => ({ name, summary })),
        columns(TARGETS.map(({ name, summary }): [string, string] => [name, summary])),
      );
    });
  for (const target of TARGETS) addTarget(config, output, target);
}

function addTarget(config: Command, output: Output, target: Target): void {
  const command = config
    .command(target.name)
    .description(target.summary)
    .addHelpText("after", `\n${target.help}\n\nExample:\n  ${target.example}`)
    .action((values: OptionValues & OutputOptions) => run(output, target, values));
  for (const option of target.options) command.addOption(toCommander(option));
  if (target.files) command.addOption(new Option("--file <name>", "one of the files").choices(target.files));
  command
    .option("-o, --output <path>", "write to a file, or all files into a folder")
    .option("--force", "replace files that sixplane did not write, or that were edited since");
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

interface Rendered {
  file: ConfigFile;
  text: string;
}

/** Prints the files of a target, or writes them. */
async function run(output: Output, target: Target, values: OptionValues & OutputOptions): Promise<void> {
  const { files } = await target.make(values);
  const rendered = files
    .filter(({ name }) => values.file === undefined || name === values.file)
    .map((file) => ({ file, text: sign(render(file, signatureNote(target.name))) }));
  if (values.output === undefined) return output.line(printed(rendered));
  const written = writeFiles(target, rendered, values.output, values.force === true);
  for (const line of written) await output.line(line);
}

/** The text of one file as it is; of several, each behind its path in a comment. */
function printed(rendered: Rendered[]): string {
  if (rendered.length === 1) return rendered.map(({ text }) => text.trimEnd()).join();
  return rendered
    .map(({ file, text }) => `${file.syntax} ${file.path ?? file.name}\n${text}`)
    .join("\n")
    .trimEnd();
}

/** Writes what is not there already. Gives a line for each file. */
function writeFiles(target: Target, rendered: Rendered[], path: string, force: boolean): string[] {
  const paths = placesFor(target, rendered, path);
  const changes = rendered.map(({ text }, n) => {
    const place = new Place("output", paths[n] ?? path);
    const old = place.read((file, stats) => ({ stats, text: readFileSync(file, "utf8") }));
    if (old && old.text !== text && !force && !isSigned(target.name, old.text))
      throw new InputError(
        `${quote(place.path)} is there already, and is not as sixplane config ${target.name} wrote it: --force replaces it`,
      );
    return { place, old: old?.stats, bytes: Buffer.from(text), isChange: old?.text !== text };
  });
  writeAll(changes.filter(({ isChange }) => isChange));
  return changes.map(
    ({ place, isChange }) => `${printable(place.path)}: ${isChange ? "written" : "unchanged"}`,
  );
}

/** Where the files go: one to the path itself, or all below it where it is a folder. */
function placesFor(target: Target, rendered: Rendered[], path: string): string[] {
  const isFolder = path.endsWith("/") || statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder) {
    const places = rendered.map(({ file }) => join(path, file.path ?? file.name));
    for (const place of places) makeFolders(dirname(place));
    return places;
  }
  if (rendered.length === 1) return [path];
  const names = rendered.map(({ file }) => file.name).join(", ");
  throw new InputError(
    `${target.name} writes ${rendered.length} files: give -o a folder, or --file one of ${names}`,
  );
}
