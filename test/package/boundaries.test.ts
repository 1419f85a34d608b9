// What each room may import, as `npm run check` has it: Biome and tsc in a copy, with imports that they must refuse.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Found {
  category: string;
  location: { path: string };
}

/** What Biome finds in files of these texts: the path and the rule of each finding. */
function lint(texts: Record<string, string>): [path: string, rule: string][] {
  using files = folder();
  cpSync(`${ROOT}/biome.json`, files.path("biome.json"));
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(files.path(path)), { recursive: true });
    writeFileSync(files.path(path), text);
  }
  const words = ["lint", "--reporter=json", "--vcs-enabled=false", "--max-diagnostics=none", "."];
  const biome = `${ROOT}/node_modules/@biomejs/biome/bin/biome`;
  const options = { cwd: files.path(""), encoding: "utf8" } as const;
  const { stdout } = spawnSync(process.execPath, [biome, ...words], options);
  const { diagnostics }: { diagnostics: Found[] } = JSON.parse(stdout);
  return diagnostics.map(({ category, location }) => [location.path, category.replace(/.*\//, "")]);
}

describe("a room", () => {
  const ROWS: [room: string, allowed: string[], refused: string[]][] = [
    [
      "sixplane",
      ["./errors.ts", "../../dist/sixplane.wasm", "@assemblyscript/loader"],
      ["node:fs", "commander", "../capture/read.ts", "../tap/limits.ts"],
    ],
    ["capture", ["./frame.ts", "sixplane"], ["node:fs", "sixplane/tap", "../sixplane/errors.ts"]],
    [
      "tap/kernel",
      ["./tun.ts", "../error.ts", "node:fs", "koffi", "sixplane"],
      ["../../sixplane/errors.ts", "../../cli/main.ts", "../../fabric/peer.ts", "sixplane/capture"],
    ],
    [
      "ebpf/kernel",
      [
        ...["./bpf.ts", "../program/memory.ts", "../code/encode.ts", "node:fs"],
        ...["../../tap/kernel/libc.ts", "../../tap/kernel/rtnetlink.ts"],
      ],
      [
        "sixplane",
        "../../sixplane/errors.ts",
        "../../cli/main.ts",
        "../../tap/tap.ts",
        "../../tap/kernel/tun.ts",
      ],
    ],
    [
      "fabric",
      ["./peer.ts", "../tap/limits.ts", "node:net", "sixplane"],
      ["../sixplane/errors.ts", "../cli/main.ts", "../capture/read.ts"],
    ],
    [
      "cli/config/targets",
      ["../target.ts", "../../io/file.ts", "../../../fabric/peer.ts", "sixplane", "sixplane/capture"],
      ["../../../sixplane/errors.ts", "../../../capture/read.ts"],
    ],
  ];
  const rows = ROWS.flatMap(([room, allowed, refused]) => [
    ...allowed.map((name) => ({ room, name, verdict: "may" })),
    ...refused.map((name) => ({ room, name, verdict: "may not" })),
  ]);
  const path = (row: number) => `bindings/${rows[row]?.room}/import-${row}.ts`;
  const texts = rows.map(({ name }, row) => [path(row), `export type * from ${JSON.stringify(name)};\n`]);
  const found = lint(Object.fromEntries(texts));

  test.each(rows.map((row, number) => ({ ...row, number })))("$room $verdict import $name", (row) => {
    const rules = found.filter(([where]) => where === path(row.number)).map(([, rule]) => rule);
    expect(rules).toEqual(row.verdict === "may" ? [] : ["noRestrictedImports"]);
  });
});

test("an example may import the package alone", () => {
  const file = "examples/capture/start.js";
  expect(lint({ [file]: 'import "sixplane";\n' })).toEqual([]);
  expect(lint({ [file]: 'import "../../bindings/cli/main.ts";\n' })).toEqual([[file, "noRestrictedImports"]]);
});

test("files import each other in no circle, not even their types", () => {
  const found = lint({
    "bindings/tap/one.ts": 'import type { Two } from "./two.ts";\nexport type One = Two;\n',
    "bindings/tap/two.ts": 'import type { One } from "./one.ts";\nexport type Two = One;\n',
  });
  expect(found.map(([, rule]) => rule)).toEqual(["noImportCycles", "noImportCycles"]);
});

test.each(["sixplane", "capture"])("%s has no types of a runtime", { timeout: 60_000 }, (room) => {
  using files = folder();
  for (const name of ["bindings", "tsconfig.json", "package.json"])
    cpSync(`${ROOT}/${name}`, files.path(name), { recursive: true });
  symlinkSync(`${ROOT}/node_modules`, files.path("node_modules"), "dir");
  const check = (text: string) => {
    writeFileSync(files.path(`bindings/${room}/more.ts`), text);
    const words = [`${ROOT}/node_modules/typescript/bin/tsc`, "-p", files.path(`bindings/${room}`)];
    return spawnSync(process.execPath, words, { encoding: "utf8" }).stdout;
  };
  expect(check("export {};\n")).toBe("");
  const uses = ["document", "process", "Buffer", "Deno"].map((name) => `export const my${name} = ${name};\n`);
  const errors = check(`export { readFileSync } from "node:fs";\n${uses.join("")}`);
  for (const name of ["node:fs", "document", "process", "Buffer", "Deno"])
    expect(errors).toContain(`Cannot find name '${name}'`);
});
