// The runtimes in which the same program is timed, each in a process of its own with its default settings.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";

export type Round = (names: string[]) => Promise<Record<string, number>>;

export interface Engine {
  name: string;
  round: Round;
  [Symbol.asyncDispose](): Promise<void>;
}

const CHROMIUM = "/usr/bin/chromium";
const PAGE = "http://localhost/";
/** A page to which the clock is told to 5 microseconds, instead of 100. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Those that are here, and what is said of those that are not. */
export async function engines(): Promise<{ present: Engine[]; missing: string[] }> {
  const program = await bundled();
  const found = await Promise.all([
    command("Node", process.execPath, ["-"], program),
    command("Deno", "node_modules/.bin/deno", ["run", "-"], program),
    command("Bun", "node_modules/.bin/bun", ["run", "-"], program),
    browser("Chromium", program),
  ]);
  return {
    present: found.filter((engine) => typeof engine !== "string"),
    missing: found.filter((engine) => typeof engine === "string"),
  };
}

/** `engine.ts` with all that it takes, as a script that defines `engine`. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["bench/speed/engine.ts"],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "engine",
    loader: { ".wasm": "base64" },
    tsconfigRaw: {}, // the built package, as its users have it
  });
  return outputFiles[0]?.text ?? "";
}

async function command(
  name: string,
  path: string,
  words: string[],
  program: string,
): Promise<Engine | string> {
  const version = await output(path, ["--version"]).catch(() => undefined);
  if (version === undefined) return `${name}, which is not installed`;
  return {
    name: `${name} ${versionIn(version)}`,
    async round(names) {
      const call = `engine.round(${JSON.stringify(names)}).then((all) => console.log(JSON.stringify(all)))`;
      return JSON.parse(await output(path, words, `${program}\n${call}`));
    },
    async [Symbol.asyncDispose]() {},
  };
}

function versionIn(text: string): string | undefined {
  return /\d+(\.\d+)+/.exec(text)?.[0];
}

async function output(path: string, words: string[], input = ""): Promise<string> {
  const running = promisify(execFile)(path, words);
  running.child.stdin?.on("error", () => {}); // it has ended without reading: how it ended says more
  running.child.stdin?.end(input);
  return (await running).stdout;
}

async function browser(name: string, program: string): Promise<Engine | string> {
  if (!existsSync(CHROMIUM)) return `${name}, as there is no ${CHROMIUM}`;
  const version = await output(CHROMIUM, ["--version"]);
  let running: Promise<Browser> | undefined; // from its first round on, so that its start disturbs no other
  return {
    name: `${name} ${versionIn(version)}`,
    async round(names) {
      running ??= chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
      const context = await (await running).newContext();
      try {
        const page = await context.newPage();
        const answer = { contentType: "text/html", headers: ISOLATED, body: "<!doctype html>" };
        await page.route(PAGE, (route) => route.fulfill(answer));
        await page.goto(PAGE);
        return await page.evaluate(`${program}\nengine.round(${JSON.stringify(names)})`);
      } finally {
        await context.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await (await running)?.close();
    },
  };
}
