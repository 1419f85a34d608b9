// The page, built as `npm run explorer` builds it, in a headless Chromium.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { launchChromium } from "../support/chromium.ts";

export const EXPLORER = fileURLToPath(new URL("../../examples/explorer", import.meta.url));

/** The built page and a browser for it; both go when it is disposed of. */
export class Explorer implements AsyncDisposable {
  /** The folder with the page. */
  readonly folder: string;
  readonly browser: Browser;

  private constructor(folder: string, browser: Browser) {
    this.folder = folder;
    this.browser = browser;
  }

  static async open(): Promise<Explorer> {
    const folder = mkdtempSync(join(tmpdir(), "sixplane-explorer-"));
    const [browser] = await Promise.all([
      launchChromium(),
      build({
        configFile: `${EXPLORER}/vite.config.ts`,
        logLevel: "warn",
        build: { outDir: folder, emptyOutDir: true },
      }),
    ]);
    return new Explorer(folder, browser);
  }

  /** The page's file. */
  get file(): string {
    return `${this.folder}/index.html`;
  }

  /**
   * Shows the page, from its file and without a network, in a context of its own.
   *
   * @param fragment what the URL has behind #
   */
  async show(fragment = "", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ offline: true, ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.stack ?? String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    await this.visit(page, fragment);
    return page;
  }

  /** Loads the page anew. */
  async visit(page: Page, fragment = ""): Promise<void> {
    await page.goto("about:blank"); // or it stays, where nothing but the fragment differs
    await page.goto(`${pathToFileURL(this.file)}${fragment && `#${fragment}`}`);
  }

  /** What pages complained of, by uncaught errors and on their console. */
  readonly complaints: string[] = [];

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** What a part of the page says. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return ((await page.textContent(selector)) ?? "").trim();
}

/** The rows of a table with a name and a value each. */
export async function rowsOf(page: Page, body: string): Promise<Record<string, string>> {
  return page.locator(`${body} tr`).evaluateAll((rows) =>
    Object.fromEntries(
      rows.map((row) => {
        const [name, value] = row.children;
        return [name?.textContent ?? "", value?.textContent ?? ""];
      }),
    ),
  );
}
