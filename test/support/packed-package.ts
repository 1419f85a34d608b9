// The package in a folder of its own, as npm installs it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { folder } from "./command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let tarball: Buffer | undefined;

/** The package as `npm pack` makes it, once for all tests of a file. */
function pack(): Buffer {
  using files = folder();
  const npm = ["pack", ROOT, "--json", "--ignore-scripts", "--offline"];
  const packed = execFileSync("npm", npm, { cwd: files.path(""), encoding: "utf8", stdio: "pipe" });
  return readFileSync(files.path(JSON.parse(packed)[0].filename));
}

/** A folder with the packed package in `node_modules`, without what it depends on; gone after the test. */
export function installed(): ReturnType<typeof folder> {
  tarball ??= pack();
  const files = folder();
  writeFileSync(files.path("package.json"), '{ "type": "module" }');
  const target = files.path("node_modules/sixplane");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", "-", "--strip-components=1", "-C", target], { input: tarball });
  return files;
}
