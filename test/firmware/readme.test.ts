// The firmware's README, read as somebody does who has installed the package.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { advertisement, solicitation, toHex } from "../support/frames.ts";
import { FIRMWARE, make, noChip, noHost } from "./tools.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(`${FIRMWARE}/README.md`, "utf8");
const files = folder();
const here = files.path("firmware");
afterAll(() => files[Symbol.dispose]());

// What `npm install` and the first commands make.
beforeAll(() => {
  mkdirSync(files.path("node_modules/.bin"), { recursive: true });
  symlinkSync(ROOT, files.path("node_modules/sixplane"), "dir");
  symlinkSync("../sixplane/dist/cli.js", files.path("node_modules/.bin/sixplane"));
  writeFileSync(files.path("package.json"), "{}");
  cpSync(FIRMWARE, here, { recursive: true, filter: (path) => !/\/(build|src)$/.test(path) });
});

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text = ""]) => text,
  );
}

/** What differs between compilers. */
const withoutSizes = (text: string) => text.replace(/\d+ of (\d+) bytes/g, "N of $1 bytes");

describe("the commands", () => {
  const runs = blocks("console")
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((run) => ({ command: run.split("\n")[0] ?? "", output: run.slice(run.indexOf("\n") + 1) }));

  test.for(runs)("$command", ({ command, output }, { skip }) => {
    skip(noChip !== undefined, noChip);
    skip(noHost !== undefined, noHost);
    const { stdout } = spawnSync("sh", ["-c", `(${command}) 2>&1`], {
      cwd: here,
      encoding: "utf8",
      env: { ...process.env, npm_config_loglevel: "error" },
    });
    expect(withoutSizes(stdout)).toBe(withoutSizes(output));
  });

  test("are three", () => expect(runs).toHaveLength(3));
});

test("the C is all there is to it", ({ skip }) => {
  skip(noHost !== undefined, noHost);
  const [code = ""] = blocks("c");
  make(`LIBRARY=${files.path("src")}`, "library");
  const main = `int main(void) {
    struct sixplane_config config = {{0x80, 0x56, 0xc2, 0xe2, 0x1c, 0, 0, 1}, {0x89, 0xe9, 0x2c, 0xee, 0xe5}, 3, {0}};
    const uint8_t question[] = {${toHex(solicitation()).replace(/../g, "0x$&,")}};
    start(&config);
    memcpy(buffer(), question, sizeof question);
    size_t length = answer(sizeof question);
    for (size_t at = 0; at < length; at++) printf("%02x", buffer()[at]);
    return answer(length) != 0;
  }`;
  writeFileSync(files.path("main.c"), `#include <stdio.h>\n${code}\n${main}`);
  const flags = ["-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", `-I${files.path("src")}`];
  const sources = [files.path("main.c"), files.path("src/responder-wasm2c.c")];
  const built = spawnSync("cc", [...flags, "-o", files.path("main"), ...sources], { encoding: "utf8" });
  expect([built.status, built.stderr]).toEqual([0, ""]);
  const { status, stdout } = spawnSync(files.path("main"), { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, advertisement()]);
});

test("every file is told of", () => {
  for (const name of readdirSync(FIRMWARE)) {
    if (/\.(c|json|properties|yml|txt)$/.test(name) && name !== "core-wasm3.c")
      expect(README).toContain(`\`${name}\``);
  }
});
