// Node in the versions that are supported.
import { existsSync, mkdirSync } from "node:fs";
import { program, ROOT } from "./runtime.ts";

const PACKAGE = `node-${process.platform}-${process.arch}`;

/**
 * The path of a Node of that major version: the one at hand, or the newest that npm has, which is kept beside the
 * other packages. As one of them it would put its `node` before the machine's in every script.
 */
export async function nodeOf(major: string): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = `${ROOT}/node_modules/.cache/node-${major}`;
  const node = `${folder}/node_modules/${PACKAGE}/bin/node`;
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  const install = ["npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund"];
  // What the npm that runs the tests was told is not for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { status, stderr } = await program([...install, `${PACKAGE}@${major}`], folder, env);
  if (status !== 0) throw new Error(`npm gives no Node ${major}: ${stderr}`);
  return node;
}
