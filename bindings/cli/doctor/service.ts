// Commands about ZeroTier's service. Each is for the folder that the doctor looks at.
import { join, resolve } from "node:path";
import { command } from "./check.ts";
import type { HostState } from "./state.ts";

/** Where zerotier-cli and systemd's unit look (upstream: OSUtils::platformDefaultHomePath). */
const USUAL_FOLDER = "/var/lib/zerotier-one";

/** A file of the service's. */
export function serviceFile({ folder }: Pick<HostState, "folder">, ...names: string[]): string {
  return join(folder, ...names);
}

export function zerotierCli({ folder }: Pick<HostState, "folder">, ...words: string[]): string {
  return command("zerotier-cli", ...(isUsual(folder) ? [] : [`-D${folder}`]), ...words);
}

/** Starts the service, or starts it again where it runs. */
export function restart(state: Pick<HostState, "folder">): string[] {
  if (isUsual(state.folder)) return ["systemctl restart zerotier-one"];
  const pid = command(serviceFile(state, "zerotier-one.pid"));
  return [`test ! -e ${pid} || kill "$(cat ${pid})"`, command("zerotier-one", "-d", state.folder)];
}

function isUsual(folder: string): boolean {
  return resolve(folder) === USUAL_FOLDER;
}
