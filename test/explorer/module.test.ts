// The module in the page is the package's, and runs there.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import wabt from "wabt";
import { sections } from "../../examples/explorer/module/sections.ts";
import { BUILDS } from "../support/builds.ts";
import { noChromium } from "../support/chromium.ts";
import { advertisement } from "../support/frames.ts";
import { Explorer, rowsOf, textOf } from "./page.ts";

const wasmOf = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve(`sixplane/wasm/${name}.wasm`))));
const MODULE = wasmOf("sixplane");

describe.skipIf(noChromium)(`the explorer's module${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  beforeAll(async () => {
    explorer = await Explorer.open();
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  test("has its size, its exports, and a text that makes the same module", async () => {
    const page = await explorer.show("view=module");
    expect(await textOf(page, "#module-size")).toBe(`${MODULE.length.toLocaleString("en")} bytes`);
    expect(await textOf(page, "#module-imports")).toBe("0");
    const rows = Object.values(await rowsOf(page, "#sections"));
    expect(rows.reduce((sum, size) => sum + Number(size.replace(",", "")), 0)).toBe(MODULE.length);
    const listed = await page.locator("#exports code").allTextContents();
    const names = listed.map((text) => text.replace(/\(.*/, ""));
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(MODULE)).map(({ name }) => name);
    expect(names.sort()).toEqual(exported.sort());

    const wat = await page.inputValue("#wat");
    const parsed = (await wabt()).parseWat("page.wat", wat);
    expect(Buffer.from(parsed.toBinary({}).buffer)).toEqual(Buffer.from(MODULE));
  });

  test("answers calls in the page", async () => {
    const page = await explorer.show("view=module");
    const results: string[] = [];
    for (const item of await page.locator("#calls li").all()) {
      await item.locator("button").click();
      results.push((await item.locator("p").textContent()) ?? "");
    }
    const spaced = (hex: string) => (hex.match(/../g) ?? []).join(" ");
    expect(results).toEqual([
      `fc9c:56c2:e389:e92c:eee5::1${spaced("fc9c56c2e389e92ceee5000000000001")}`,
      `fd80:56c2:e21c:0:199:9389:e92c:eee5${spaced("fd8056c2e21c000001999389e92ceee5")}`,
      `02:89:e9:30:0c:27${spaced("0289e9300c27")}`,
      `returned 1; deadbeef01${spaced("deadbeef01")}`,
      `returned 1; deadbeef01${spaced("deadbeef01")}`,
      `returned 86; an advertisement: at 02:de:ad:a2:0d:c3${spaced(advertisement())}`,
    ]);
    expect(await textOf(page, "#record")).toBe(spaced("8056c2e21c00000189e92ceee5030000"));
  });

  test("answers in earnest, as often as it is told, and for the network that the page is at", async () => {
    const page = await explorer.show("view=module&network=ff00160016000000&node=deadbeef01");
    await page.click("#measure");
    expect(await textOf(page, "#speed")).toMatch(/^100,000 replies in \d+ ms: [\d,]+ a second here, now\.$/);
    await page.locator("#calls button").first().click();
    expect(await page.locator("#calls li p").first().textContent()).toContain("fce9:16:de:adbe:ef01::1");
    await page.locator("#calls button").last().click();
    expect(await page.locator("#calls li p").last().textContent()).toContain(
      "passed on: the frame as it was",
    );
  });
});

test.each(BUILDS.map(({ name }) => name))("the sections of %s are those that the engine sees", (name) => {
  const module = wasmOf(name);
  const found = sections(module);
  expect(found.reduce((sum, { size }) => sum + size, 0)).toBe(module.length);
  expect(found.map(({ name }) => name).slice(1)).toEqual(["types", "functions", "memory", "exports", "code"]);
});
