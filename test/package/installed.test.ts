// `sixplane up` without koffi, however npm installed it: the hint is right.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tarballs } from "../support/packed-package.ts";

const UP = ["up", "8056c2e21c000001", "89e92ceee5", "--listen", "127.0.0.1:0"];
const NEEDS = "sixplane: sixplane/tap needs the package koffi under Node: ";
const NPM = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];

/** Runs a program in a folder, with npm's folders in it. */
function run(cwd: string, words: string[]) {
  const env = {
    ...process.env,
    HOME: cwd,
    npm_config_cache: `${cwd}/cache`,
    npm_config_prefix: `${cwd}/global`,
  };
  const { status, stdout, stderr } = spawnSync(words[0] ?? "", words.slice(1), {
    cwd,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test.each([
  ["in a project", ["npm", "install"], ["node_modules/.bin/sixplane"], "`npm install koffi`"],
  ["globally", ["npm", "install", "--global"], ["global/bin/sixplane"], "`npm install --global koffi`"],
  ["by npx", undefined, ["sixplane"], "`npx --package sixplane --package koffi sixplane`"],
])("says how to install koffi where it was installed %s", (_, install, command, remedy) => {
  using files = tarballs();
  mkdirSync(files.path("home"));
  writeFileSync(files.path("home/package.json"), "{}");
  const home = files.path("home");
  if (install)
    expect(run(home, [...install, ...NPM, ...files.names])).toMatchObject({ status: 0, stderr: "" });
  const npx = ["npx", "--yes", ...NPM, ...files.names.flatMap((name) => ["--package", name]), "--"];
  const words = install ? [`${home}/${command[0]}`] : [...npx, ...command];
  const { status, stderr } = run(home, [...words, ...UP]);
  expect(stderr).toContain(`${NEEDS}${remedy}, or run Node 26.1 or newer\n`);
  expect(status).toBe(1);
});
