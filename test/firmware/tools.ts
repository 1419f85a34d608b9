import { spawnSync } from "node:child_process";

/** Whether there is such a program. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
