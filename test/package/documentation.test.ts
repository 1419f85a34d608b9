// What is public is documented, and the examples say the truth.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import * as sixplane from "sixplane";
import { describe, expect, test } from "vitest";
import { compileStrictly } from "../support/compile.ts";
import { installed } from "../support/packed-package.ts";

sixplane.initSync();

/** A public name as API Extractor has it from the declarations. */
interface Item {
  kind: string;
  name?: string;
  docComment?: string;
  parameters?: { parameterName: string }[];
  members?: Item[];
}

interface Documented {
  name: string;
  kind: string;
  parameters: string[];
  /** The comment without its asterisks, with a hyphen behind the name of each parameter. */
  text: string;
}

const SIXPLANE = everythingOf("index");
const TAP = everythingOf("tap");
const CAPTURE = everythingOf("capture");

/** Functions that take whatever their parameters' types allow. */
const NEVER_THROW = ["Prefix.equals", "describe", "linkTypeName", "pcapRecord"];

function everythingOf(entry: string): Documented[] {
  const file = fileURLToPath(new URL(`../../dist/types/${entry}.api.json`, import.meta.url));
  const [{ members = [] }] = JSON.parse(readFileSync(file, "utf8")).members as [Item];
  return members.flatMap((item) => itemsOf(item));
}

function itemsOf(item: Item, above = ""): Documented[] {
  const name = above + (item.name ?? "constructor");
  const { kind, docComment = "", parameters = [], members = [] } = item;
  const text = docComment.replace(/^\/\*\*|\*\/\s*$/g, "").replace(/^ *\* ?/gm, "");
  const own = { name, kind, parameters: parameters.map((one) => one.parameterName), text: text.trim() };
  return [own, ...members.flatMap((member) => itemsOf(member, `${name}.`))];
}

function examplesOf({ text }: Documented): string[] {
  return text
    .split(/^@/m)
    .filter((block) => block.startsWith("example"))
    .map((block) => block.slice("example".length).trim());
}

/** What the entry for TAPs exports to other parts of the package alone. */
const INTERNAL = ["Changes", "Device", "Keeper", "KeptInterface", "loadLibc", "putBack", "setUp", "setupOf"];

describe("what is public", () => {
  const names = (all: Documented[]) => all.map(({ name }) => name).filter((name) => !name.includes("."));

  test("is what the package exports", async () => {
    const shared = ["checkKeys", "formatHex", "isMac", "isReservedNode", "mismatch", "quote"]; // with the other entries alone
    expect([...names(SIXPLANE), ...shared]).toEqual(expect.arrayContaining(Object.keys(sixplane)));
    expect(names(SIXPLANE)).not.toEqual(expect.arrayContaining([expect.toBeOneOf(shared)]));
    expect([...names(TAP), ...INTERNAL]).toEqual(
      expect.arrayContaining(Object.keys(await import("sixplane/tap"))),
    );
    expect(names(CAPTURE)).toEqual(expect.arrayContaining(Object.keys(await import("sixplane/capture"))));
  });

  const all = [...SIXPLANE, ...TAP, ...CAPTURE];
  test.each(all.map((one) => [one.name, one] as const))("%s is documented", (name, one) => {
    expect(one.text, "a summary").toMatch(/^[^@\s]/);
    for (const parameter of one.parameters) {
      expect(one.text, "the parameter").toMatch(new RegExp(`^@param ${parameter} - \\S`, "m"));
    }
    const throws = one.parameters.length > 0 && !NEVER_THROW.includes(name);
    if (throws) expect(one.text, "its errors").toMatch(/^@throws\s+[\w.]+Error \w/m);
    if (!one.kind.startsWith("Property")) expect(examplesOf(one), "an example").not.toEqual([]);
  });
});

/** What examples leave to their readers, by entry. */
const LEFT: Record<string, string> = {
  index: `
    declare const bytes: Uint8Array<ArrayBuffer>;
    declare const file: number;
    declare const frame: Uint8Array;
    declare const network: Network;
    declare const responder: Responder;
    declare const text: string;
    declare function deliver(frame: Uint8Array): void;
    declare function forward(frame: Uint8Array): void;
    declare function showWithoutAddresses(why: string): void;
    import { readFileSync, readSync, writeSync } from "node:fs";`,
  tap: `
    declare const address: string;
    declare const frames: FrameBatch;
    declare const options: TapOptions;
    declare const port: number;
    declare const socket: import("node:dgram").Socket;
    declare const tap: Tap;
    declare function send(frame: Uint8Array): Promise<void>;
    declare function receive(take: (frame: Uint8Array) => void): void;`,
  capture: `
    declare const captured: CapturedFrame;
    declare const error: unknown;
    declare const file: File;
    declare const frame: Uint8Array;
    declare const frames: CapturedFrame[];
    declare const reply: Uint8Array;
    declare const responder: import("sixplane").Responder;
    import { createReadStream } from "node:fs";`,
};

const ENTRIES = { index: SIXPLANE, tap: TAP, capture: CAPTURE };

test("the examples compile, as strictly as TypeScript can", { timeout: 120_000 }, () => {
  using files = installed();
  for (const [entry, all] of Object.entries(ENTRIES)) {
    const names = all.map(({ name }) => name).filter((name) => !name.includes("."));
    const module = entry === "index" ? "sixplane" : `sixplane/${entry}`;
    const programs = all.flatMap((one) =>
      examplesOf(one).map((example) => `async () => { // of ${one.name}\n${example}\n};`),
    );
    const text = [`import { ${names.join(", ")} } from "${module}";`, LEFT[entry], ...programs].join("\n");
    writeFileSync(files.path(`${entry}.ts`), text);
  }
  const programs = Object.keys(ENTRIES).map((entry) => `${entry}.ts`);
  expect(compileStrictly(files.path(""), programs)).toBe("");
});

describe("an example", () => {
  // A line with a value, or an error, behind it. What stands before it in the example is run first.
  const claims = SIXPLANE.flatMap((one) =>
    examplesOf(one).flatMap((example) => {
      const lines = transformSync(example, { loader: "ts", target: "es2022" }) && example.split("\n");
      return lines.flatMap((line, i) => {
        const [, expression, claim] =
          /^(?!const )(.+); +\/\/ (["'{\d].*|undefined|\w+Error: .*)$/.exec(line) ?? [];
        const before = lines
          .slice(0, i)
          .filter((line) => line.startsWith("const "))
          .join("\n");
        return expression && claim ? [{ of: one.name, expression, claim, before }] : [];
      });
    }),
  );

  test.each(claims)("of $of: $expression is $claim", ({ expression, claim, before }) => {
    const core = /function "mac"/.test(claim) ? "responder" : "sixplane";
    sixplane.initSync(readFileSync(fileURLToPath(import.meta.resolve(`sixplane/wasm/${core}.wasm`))));
    const { code } = transformSync(before, { loader: "ts", target: "es2022" });
    const evaluate = (text: string) =>
      new Function(...Object.keys(sixplane), `${code}\nreturn (${text});`)(...Object.values(sixplane));
    const [, error, start = ""] = /^(\w+Error): (.*?)…?$/.exec(claim) ?? [];
    if (!error) expect(evaluate(expression)).toEqual(evaluate(claim));
    else
      expect(() => evaluate(expression)).toThrow(
        expect.objectContaining({ name: error, message: expect.stringContaining(start) }),
      );
  });

  test.each([/^"/, /^'/, /^\{/, /^\d/, /^undefined$/, /^\w+Error: /])(
    "is checked where it claims %s",
    (kind) => {
      expect(claims.map(({ claim }) => claim)).toContainEqual(expect.stringMatching(kind));
    },
  );
});
