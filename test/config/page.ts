// The pages of targets: their commands are run as they stand there.
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { runContained } from "../support/contained-shell.ts";
import { blocksOf, commandsOf, type ShownCommand } from "../support/pages.ts";

const FOLDER = "bindings/cli/config/targets";
export const TARGETS = fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url));

/** The commands of a target's page. */
export function commandsOfTarget(target: string): ShownCommand[] {
  return blocksOf(`${FOLDER}/${target}.md`, "console", "sh").flatMap(commandsOf);
}

/** Runs the commands of a target's page in a contained shell. */
export function runPage(target: string, context: TestContext, setup = ""): void {
  runContained(commandsOfTarget(target), context, setup);
}
