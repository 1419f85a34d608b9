// The pages for IP stacks: their C and Rust call what the package has, and C for lwIP compiles.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { readText } from "../support/files.ts";
import { C, LWIP, noLwip, sourceOf } from "./lwip.ts";

const FOLDER = "bindings/c/stacks";
const PAGES = ["bindings/c/lwip/README.md", ...readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`)];

/** The code of a page, in blocks that may be indented in a list. */
function codeOf(page: string): string[] {
  const blocks = readText(page).matchAll(/^( *)```(?:c|rust)\n(.*?)^\1```$/gms);
  return Array.from(blocks, ([, indent = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

const headers = [
  "sixplane.h",
  "address-wasm2c.h",
  "responder-wasm2c.h",
  "sixplane-wasm2c.h",
  "lwip/sixplane_lwip.h",
]
  .map((name) => readFileSync(`${C}/${name}`, "utf8"))
  .join("\n");

describe.each(PAGES)("%s", (page) => {
  test("calls what the package has", () => {
    const code = codeOf(page).join("\n");
    const names = new Set(code.match(/\b(w2c_(?!memory)\w+|sixplane_(?:netif|is)_\w+|SIXPLANE_\w+)/g));
    expect(names.size).toBeGreaterThan(0);
    for (const name of names) expect(headers, name).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("is among those that lwIP's page lists, and says what was run", () => {
    const name = page.replace(`${FOLDER}/`, "");
    if (name === page) return expect(codeOf(page)).toHaveLength(1);
    expect(readText("bindings/c/lwip/README.md")).toContain(`](../stacks/${name}) | `);
    expect(readText(page)).toMatch(/\*\*(Run|Read, not run)\*\*/);
  });
});

test("lwIP's page has C that compiles with it", ({ skip }) => {
  skip(noLwip !== undefined, noLwip);
  using files = folder();
  writeFileSync(files.path("join.c"), codeOf("bindings/c/lwip/README.md").join("\n"));
  for (const version of ["2.1.3", "2.2.1"]) {
    const folders = [LWIP, `${sourceOf(version)}/src/include`, C, `${C}/lwip`].map((path) => `-I${path}`);
    const words = ["-std=c11", "-Wall", "-Wextra", "-fsyntax-only", ...folders, files.path("join.c")];
    expect(spawnSync("gcc", words, { encoding: "utf8" }).stderr).toBe("");
  }
});
