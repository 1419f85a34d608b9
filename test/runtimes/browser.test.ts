// What a page needs: a script, or a bundler, and leave to compile.
import { writeFileSync } from "node:fs";
import { build } from "vite";
import { beforeEach, expect, test } from "vitest";
import { noChromium } from "../support/chromium.ts";
import { installed } from "../support/packed-package.ts";
import type { Folder } from "./runtime.ts";
import { Site } from "./site.ts";

beforeEach(({ skip }) => {
  skip(noChromium !== undefined, noChromium);
});

/** A page's own script, which writes into it what came of an address, or of the attempt. */
const SCRIPT = (from: string) => `
  import { Network } from "${from}";
  const tell = (text) => document.querySelector("output").append(text);
  try {
    const network = new Network("8056c2e21c000001");
    tell(network.host("89e92ceee5").sixplane.address);
    tell(" " + network.responder({ node: "89e92ceee5" }).answer(new Uint8Array(86)).reason);
  } catch ({ name, message, cause }) {
    tell(JSON.stringify({ name, message, cause: cause?.name }));
  }
  document.title = "done";`;
const PAGE = (script: string) => `<!doctype html><link rel="icon" href="data:," /><output></output>${script}`;
const MODULE = "/node_modules/sixplane/dist/index.js";
const SAID = "fc9c:56c2:e389:e92c:eee5::1 not-ipv6";

async function output(files: Folder, root: string, policy?: string) {
  await using site = await Site.open(files.path(root), policy ? { "content-security-policy": policy } : {});
  const { page, complaints } = await site.page("/index.html");
  await page.waitForFunction(() => document.title === "done");
  return { text: await page.textContent("output"), complaints };
}

test("one script of a page is enough", async () => {
  using files = installed();
  writeFileSync(files.path("index.html"), PAGE(`<script type="module">${SCRIPT(MODULE)}</script>`));
  expect(await output(files, ".")).toEqual({ text: SAID, complaints: [] });
});

test("Vite makes a page of it", async () => {
  using files = installed();
  writeFileSync(files.path("index.html"), PAGE('<script type="module" src="/main.js"></script>'));
  writeFileSync(files.path("main.js"), SCRIPT("sixplane"));
  await build({ root: files.path(""), configFile: false, logLevel: "warn", build: { target: "es2022" } });
  expect(await output(files, "dist")).toEqual({ text: SAID, complaints: [] });
});

function pageUnderPolicy(files: Folder): void {
  writeFileSync(files.path("index.html"), PAGE('<script type="module" src="/main.js"></script>'));
  writeFileSync(files.path("main.js"), SCRIPT(MODULE));
}

// The least that a page with a script of its own can have.
const POLICY = "default-src 'none'; script-src 'self'";

test("of a Content-Security-Policy it needs 'wasm-unsafe-eval', and nothing more", async () => {
  using files = installed();
  pageUnderPolicy(files);
  const { text, complaints } = await output(files, ".", `${POLICY} 'wasm-unsafe-eval'; img-src data:`);
  expect({ text, complaints }).toEqual({ text: SAID, complaints: [] });
});

test("without it the error says so", async () => {
  using files = installed();
  pageUnderPolicy(files);
  const { text } = await output(files, ".", `${POLICY}; img-src data:`);
  expect(JSON.parse(text ?? "")).toEqual({
    name: "CompilationRefusedError",
    message:
      "WebAssembly cannot be compiled here: let script-src of the Content-Security-Policy have 'wasm-unsafe-eval', or load a compiled module",
    cause: "CompileError",
  });
});
