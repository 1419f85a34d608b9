// Names from outside, as of ZeroTier's folder, stay within the comments of every target, whatever characters they are made of.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK } from "../support/frames.ts";
import { IDENTITY } from "../support/zerotier.ts";

/** Each target, the options that it needs, and what a reader of its syntax makes of a file. */
const TARGETS: [name: string, options: string[], read: (text: string) => unknown][] = [
  ["cni", [], withoutNotes],
  ["docker", [], withoutNotes],
  ["docker", ["--subnet", "web"], (text) => linesOutside("#", text)],
  ["facts", [], withoutNotes],
  ["kea", ["--interface", "lan0"], (text) => JSON.parse(linesOutside("//", text).join("\n"))],
  ["libvirt", [], elements],
  ["lxd", [], (text) => [parse(text), linesOutside("#", text)]],
  ["networkd", [], (text) => linesOutside("#", text)],
  ["nftables", [], (text) => linesOutside("#", text)],
  ["nspawn", ["--machine", "web"], (text) => linesOutside("#", text)],
  ["radvd", ["--interface", "lan0"], (text) => linesOutside("#", text)],
  ["systemd", [], (text) => linesOutside("#", text)],
  ["uci", ["--interface", "zt0"], (text) => linesOutside("#", text)],
];

/** A line ends for some reader at each of these. */
const LINE_END = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

function linesOutside(comment: string, text: string): string[] {
  return text.split(LINE_END).filter((line) => !line.startsWith(comment));
}

/** The values of a JSON file but for the notes in it. */
function withoutNotes(text: string): unknown {
  return JSON.parse(text, (key, value) => (key === "comment" || key === "labels" ? undefined : value));
}

/** The elements of an XML file, as xmllint has them. */
function elements(text: string): string {
  const { status, stdout, stderr } = spawnSync("xmllint", ["--c14n", "-"], { input: text, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.replace(/<!--.*?-->/s, "");
}

/** What a terminal or an editor takes for more than text. */
const COMMANDING = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\uffff]/u;

/** What breaks a comment, an escape of a terminal, or a parser; and any other name of a folder. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom("\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\uffff", "\u001b[31m", "\u202e"),
      fc.constantFrom(
        "-->",
        "--",
        "<!--",
        "]]>",
        "#",
        ";",
        "//",
        "*/",
        '"',
        "\\",
        "&",
        "$(x)",
        "\u007f",
        "\u009b",
      ),
      fc.string({ unit: "grapheme", maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join("").replace(/[/\0]/g, "_"))
  .filter((name) => name !== "." && name !== ".." && Buffer.byteLength(name) <= 200);

test("no name breaks the syntax of a target, leaves its comment, or commands a terminal", {
  timeout: 180_000,
}, async ({ skip }) => {
  skip(spawnSync("xmllint", ["--version"]).error !== undefined, "xmllint is not installed");
  using files = folder();

  async function write(name: string, target: string, options: string[]): Promise<string> {
    const path = files.path(name);
    mkdirSync(path, { recursive: true });
    writeFileSync(`${path}/identity.public`, IDENTITY);
    const words = ["config", target, "--network", NETWORK, "--zerotier", path, ...options];
    const { status, stdout, stderr } = await sixplane(words);
    expect([status, stderr]).toEqual([0, ""]);
    return stdout;
  }

  const plain = await Promise.all(
    TARGETS.map(async ([target, options, read]) => read(await write("plain", target, options))),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (name) => {
      const texts = await Promise.all(TARGETS.map(([target, options]) => write(name, target, options)));
      expect(TARGETS.map(([, , read], n) => read(texts[n] ?? ""))).toEqual(plain);
      for (const text of texts) expect(text.replaceAll("\n", "")).not.toMatch(COMMANDING);
    }),
    { numRuns: 8, seed: 1 },
  );
});
