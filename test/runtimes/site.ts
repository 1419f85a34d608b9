// A folder as a site, and a browser to look at it.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** A site from a folder's files, and a browser to look at it. */
export class Site implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
  }

  /** @param headers what comes with every file, as a Content-Security-Policy */
  static async open(root: string, headers: Record<string, string> = {}): Promise<Site> {
    const browser = await launchChromium();
    const server = createServer(({ url = "/" }, response) => {
      const file = `${root}${new URL(url, "http://localhost").pathname}`;
      const type = TYPES[extname(file)];
      if (!type || !existsSync(file)) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": type, ...headers }).end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Site(browser, server);
  }

  /** The page of that path, and what it complained of. */
  async page(path: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await this.#browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`);
    return { page, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
