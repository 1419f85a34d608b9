// Biome parses no decorators on functions. So it gets the core's sources with its decorators as comments.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIOME = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/** Off is what is right in AssemblyScript: it has 64-bit integers and const enums, and `==` compares no types. */
const RULES = {
  correctness: { noPrecisionLoss: "off" },
  suspicious: { noConstEnum: "off", noDoubleEquals: "off", noTsIgnore: "off" }, // `tsc` must ignore decorators
};

test("Biome finds nothing to format or to mend in the core", () => {
  using files = folder();
  cpSync(join(ROOT, "assembly"), files.path("assembly"), { recursive: true });
  const all = readdirSync(files.path("assembly"), { recursive: true, encoding: "utf8" });
  const sources = all.filter((name) => name.endsWith(".ts"));
  for (const name of sources) {
    const path = files.path(join("assembly", name));
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("\n@inline\n", "\n// @inline\n"));
  }
  const { formatter } = JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8"));
  const config = { formatter, linter: { rules: RULES }, files: { includes: ["**/*.ts"] } };
  writeFileSync(files.path("biome.json"), JSON.stringify(config));
  const words = [BIOME, "check", "--error-on-warnings", "--colors=off", "assembly"];
  const { stderr } = spawnSync(process.execPath, words, { cwd: files.path(""), encoding: "utf8" });
  expect(stderr).toMatch(new RegExp(`^Checked ${sources.length} files in \\d+ms. No fixes applied.\n$`));
});
