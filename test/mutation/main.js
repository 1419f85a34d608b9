// `npm run mutate`: changes the core and the library in one place at a time, and lists the changes that no test notices.
//
//   npm run mutate -- assembly/mac.ts     one file, or several; all by default
//   npm run mutate -- --most 20           at most so many changes, spread evenly
//
// A survivor is a missing test, or a change that changes nothing.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What may stand in the place of what. @type {[RegExp, (found: string) => string][]} */
const CHANGES = [
  [/===|!==|==|!=/g, (sign) => (sign[0] === "=" ? `!${sign.slice(1)}` : `=${sign.slice(1)}`)],
  [/ (?:<=|>=|<|>) /g, (sign) => (sign.includes("=") ? sign.replace("=", "") : `${sign.trimEnd()}= `)],
  [/ (?:&&|\|\|) /g, (sign) => (sign === " && " ? " || " : " && ")],
  [/ (?:\+|-|\*) /g, (sign) => (sign === " + " ? " - " : " + ")],
  [/ (?:&|\||\^) /g, (sign) => (sign === " & " ? " | " : " & ")],
  [/ (?:<<|>>>|>>) /g, (sign) => (sign === " << " ? " >>> " : " << ")],
  [/(?<![\w.])\d+(?![\w.])/g, (number) => `${Number(number) + 1}`],
  [/\b(?:true|false)\b/g, (word) => (word === "true" ? "false" : "true")],
];

/** The tests for each room, and what makes its changed source ready for them. */
const ROOMS = {
  assembly: {
    words: ["test/core/rules.test.ts", "test/core/vectors.test.ts", "test/core/abi.test.ts"],
    prepare: compile,
  },
  "bindings/sixplane": { words: ["--config", "test/coverage.config.ts"], prepare: () => true },
};

const { values, positionals } = parseArgs({ options: { most: { type: "string" } }, allowPositionals: true });
const copy = mkdtempSync(join(tmpdir(), "sixplane-mutants-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
const FILES = ["assembly", "bindings", "test", "dist", "examples", "bench", "asconfig.json", "package.json"];
for (const name of [...FILES, "tsconfig.json", "vitest.config.ts"]) {
  cpSync(join(ROOT, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
}
symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));

const all = (positionals.length > 0 ? positionals : sources()).flatMap(changesOf);
const step = Math.max(1, all.length / Number(values.most ?? all.length));
let [tried, survived] = [0, 0];
for (let at = 0; at < all.length; at += step) {
  const change = all[Math.floor(at)];
  if (!change) break;
  tried++;
  if (isNoticed(change)) continue;
  survived++;
  console.log(`${change.file}:${change.line}: ${change.from} -> ${change.to}\n    ${change.text}`);
}
console.log(`${tried} changes, ${survived} survived`);

function sources() {
  const { stdout } = spawnSync("git", ["ls-files", ...Object.keys(ROOMS)], { cwd: ROOT, encoding: "utf8" });
  return stdout.split("\n").filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.includes("/builds/"));
}

/** Every change of a file, outside of comments, imports and texts. @param {string} file */
function changesOf(file) {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  return lines.flatMap((text, n) => {
    if (/^\s*(\/\/|\/?\*|import|export \{)|["'`]/.test(text)) return [];
    const code = text.replace(/\/\/.*/, "");
    return CHANGES.flatMap(([pattern, to]) =>
      [...code.matchAll(pattern)].map(({ 0: from, index }) => {
        const changed = text.slice(0, index) + to(from) + text.slice(index + from.length);
        return { file, line: n + 1, text: text.trim(), from: from.trim(), to: to(from).trim(), changed };
      }),
    );
  });
}

/** Whether a test fails, or the source does not compile, with the change. @param {ReturnType<typeof changesOf>[0]} change */
function isNoticed({ file, line, changed }) {
  const original = readFileSync(join(ROOT, file), "utf8");
  const lines = original.split("\n");
  lines[line - 1] = changed;
  writeFileSync(join(copy, file), lines.join("\n"));
  const { words, prepare } = file.startsWith("assembly/") ? ROOMS.assembly : ROOMS["bindings/sixplane"];
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const options = { cwd: copy, timeout: 60_000 }; // a change may make a loop without end
  const noticed =
    !prepare() || spawnSync(process.execPath, [vitest, "run", "--bail", "1", ...words], options).status !== 0;
  writeFileSync(join(copy, file), original);
  return noticed;
}

/** Compiles the builds that the tests run over. */
function compile() {
  const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
  return ["sixplane", "responder", "tiny", "address"].every((build) => {
    const words = [asc, `assembly/builds/${build}.ts`, "--target", build];
    return spawnSync(process.execPath, words, { cwd: copy }).status === 0;
  });
}
