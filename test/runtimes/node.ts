// Node in the versions that are supported.
import { existsSync } from "node:fs";
import { ROOT } from "./runtime.ts";

/**
 * The path of a Node of that major version: the one that runs the tests, or the one that `npm ci` has put into a
 * folder of its own. Among the other packages it would put its `node` before the machine's in every script.
 */
export function nodeOf(major: string): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const node = `${ROOT}/test/runtimes/node-${major}/node_modules/node-${process.platform}-${process.arch}/bin/node`;
  if (!existsSync(node)) throw new Error(`no Node ${major}: expected ${node}, which npm ci makes`);
  return node;
}
