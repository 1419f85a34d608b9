// The package in a folder of its own, as npm installs it.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { folder } from "./command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A folder with the packed package in `node_modules`, without what it depends on; gone after the test. */
export function installed(): ReturnType<typeof folder> {
  const files = folder();
  const npm = ["pack", ROOT, "--json", "--ignore-scripts", "--offline"];
  const packed = execFileSync("npm", npm, { cwd: files.path(""), encoding: "utf8", stdio: "pipe" });
  const [{ filename }] = JSON.parse(packed);
  writeFileSync(files.path("package.json"), '{ "type": "module" }');
  const target = files.path("node_modules/sixplane");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", files.path(filename), "--strip-components=1", "-C", target]);
  rmSync(files.path(filename));
  return files;
}
