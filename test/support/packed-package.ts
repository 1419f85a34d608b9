// The package in a folder of its own, as npm installs it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { folder } from "./command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let tarball: Buffer | undefined;

/** The package as `npm pack` makes it, once for all tests of a file. */
function pack(): Buffer {
  tarball ??= packed(ROOT);
  return tarball;
}

/** A package's folder as `npm pack` packs it. */
function packed(path: string): Buffer {
  using files = folder();
  const npm = ["pack", path, "--json", "--ignore-scripts", "--offline"];
  const output = execFileSync("npm", npm, { cwd: files.path(""), encoding: "utf8", stdio: "pipe" });
  return readFileSync(files.path(JSON.parse(output)[0].filename));
}

/** A folder with the packed package in `node_modules`, without what it depends on; gone after the test. */
export function installed(): ReturnType<typeof folder> {
  const files = folder();
  writeFileSync(files.path("package.json"), '{ "type": "module" }');
  const target = files.path("node_modules/sixplane");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", "-", "--strip-components=1", "-C", target], { input: pack() });
  return files;
}

/** A folder with the packed package, and with those that it depends on, as files for npm to install; gone after the test. */
export function tarballs(): ReturnType<typeof folder> & { names: string[] } {
  const files = folder();
  writeFileSync(files.path("sixplane.tgz"), pack());
  writeFileSync(files.path("commander.tgz"), packed(`${ROOT}/node_modules/commander`));
  return { ...files, names: ["sixplane.tgz", "commander.tgz"].map((name) => files.path(name)) };
}
