import { type Command, Option, type OptionValues } from "commander";
import { docker as target } from "../config/targets/docker.ts";
import type { Output } from "../io/output.ts";
import { zerotierOption } from "../zerotier/identity.ts";
import { run } from "./config.ts";

/** Adds `sixplane docker NETWORK [NODE]`, the older name of `sixplane config docker`. */
export function addDocker(program: Command, output: Output): void {
  const command = program
    .command("docker")
    .description("the daemon.json of a Docker Engine: another name for config docker")
    .argument("<network>", "network ID, 16 hex digits")
    .argument("[node]", "the host's own node address, 10 hex digits")
    .addOption(zerotierOption())
    .addOption(new Option("--json", "print JSON, as without it").conflicts("flags"))
    .addHelpText("after", "\nExample:\n  sixplane docker 8056c2e21c000001 89e92ceee5")
    .action((network: string, node: string | undefined, options: OptionValues) =>
      run(output, target, { ...options, network, node }),
    );
  for (const option of target.options) command.addOption(option);
}
