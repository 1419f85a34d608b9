// Hosts for `sixplane doctor`: interfaces in a namespace, and a service beside them.

import { spawn, spawnSync } from "node:child_process";
import type { Namespace } from "../../examples/fabric/namespace.js";
import { COMMAND, ended, type Run } from "./command.ts";
import { run } from "./namespace.ts";

/** What `doctor --json` prints for each check. */
export interface Said {
  check: string;
  network?: string;
  kind: "finding" | "right" | "unseen";
  what: string;
  why?: string;
  mend?: string[];
  where?: string;
}

/** Runs `sixplane doctor` in a namespace, or in this process's own. */
export function doctor(namespace: Namespace | undefined, ...words: string[]): Promise<Run> {
  const all = [process.execPath, COMMAND, "doctor", ...words];
  const [program = "", ...rest] = namespace ? namespace.words(...all) : all;
  return ended(spawn(program, rest));
}

/** What it finds, without what is right. */
export async function diagnose(
  ...words: string[]
): Promise<{ findings: Said[]; said: Said[]; status: number | null }> {
  const { status, stdout, stderr } = await doctor(undefined, "--json", ...words);
  if (stdout === "") throw new Error(stderr);
  const said: Said[] = JSON.parse(stdout);
  return { findings: said.filter(({ kind }) => kind === "finding"), said, status };
}

/** Runs commands as an operator's shell would. */
export function inShell(...commands: string[]): void {
  for (const command of commands) {
    const { status, stderr } = spawnSync("sh", ["-ec", command], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  }
}

/** An interface like ZeroTier's, with a carrier. */
export function zerotierInterface(name: string, mac: string, ...addresses: string[]): void {
  run(
    "ip",
    "link",
    "add",
    name,
    "address",
    mac,
    "mtu",
    "2800",
    "type",
    "veth",
    "peer",
    "name",
    "far",
    "mtu",
    "2800",
  );
  run("sh", "-c", `echo 0 > /proc/sys/net/ipv6/conf/${name}/accept_dad`);
  for (const link of ["far", name]) run("ip", "link", "set", link, "up");
  for (const address of addresses) run("ip", "-6", "address", "add", address, "dev", name);
}
