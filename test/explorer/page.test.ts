// The page as a whole: what is in its URL, what it weighs, where it runs, and for whom.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { createServer as createViteServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noChromium } from "../support/chromium.ts";
import { EXPLORER, Explorer, rowsOf, textOf } from "./page.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the whole page may weigh, compressed. */
const BUDGET = 60_000;

const VIEWS = ["address", "wire", "fabric", "module"];

/** A state of every part in which all there is shows. */
const STATES = [
  "find=fc9c:56c2:e3de:adbe:ef01::53&network=ff00160016000000&node=ff00000001",
  "network=8056&node=xyz&own=q&find=zz",
  "view=wire",
  "view=wire&source=hex&hex=333",
  "view=wire&source=capture&capture=example&network=8056c2e279e6f8f0",
  "view=fabric&hosts=0",
  "view=fabric&hosts=1000000",
  "view=module",
];

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 900 };

describe.skipIf(noChromium)(`the explorer${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  beforeAll(async () => {
    explorer = await Explorer.open();
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  test("is one file within its budget, and asks for nothing else", async () => {
    expect(readdirSync(explorer.folder)).toEqual(["index.html"]);
    const html = readFileSync(explorer.file);
    expect(gzipSync(html).length).toBeLessThan(BUDGET);
    expect(html.toString()).not.toMatch(/<(script|img|iframe|link|object|embed)[^>]+(src|href)="(?!data:)/);
    const page = await explorer.show("", { offline: false });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    for (const view of VIEWS) await page.click(`nav a[data-view=${view}]`);
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([page.url().replace(/#.*/, "")]);
    expect(
      await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name)),
    ).toEqual([]);
  });

  test("says why it computes nothing in a browser without WebAssembly", async () => {
    const context = await explorer.browser.newContext({ offline: true });
    const page = await context.newPage();
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.addInitScript("delete globalThis.WebAssembly");
    await page.goto(pathToFileURL(explorer.file).href);
    expect(await textOf(page, "main")).toBe(
      "This page cannot compute addresses in your browser. WebAssembly cannot be compiled here: " +
        "this runtime has none (iOS Lockdown Mode, node --jitless).",
    );
    expect(await page.locator("h1").isVisible()).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("is there as soon as its file is: nothing waits for a timer, an answer or a frame", async () => {
    const context = await explorer.browser.newContext({ offline: true });
    const page = await context.newPage();
    await page.addInitScript(() => {
      const waits: string[] = [];
      Object.assign(window, { waits });
      for (const name of [
        "setTimeout",
        "setInterval",
        "fetch",
        "requestAnimationFrame",
        "requestIdleCallback",
      ]) {
        Object.assign(window, { [name]: () => void waits.push(name) });
      }
    });
    await page.goto(`file://${explorer.file}#view=address`, { waitUntil: "domcontentloaded" });
    expect((await rowsOf(page, "#rows"))["6PLANE address"]).toBe("fc9c:56c2:e389:e92c:eee5::1");
    await page.fill("#node", "deadbeef01");
    expect((await rowsOf(page, "#rows"))["6PLANE address"]).toBe("fc9c:56c2:e3de:adbe:ef01::1");
    expect(await page.evaluate(() => (window as unknown as { waits: string[] }).waits)).toEqual([]);
    await context.close();
  });

  test("is kept from anything but itself by its policy", async () => {
    const page = await explorer.show("", { offline: false });
    const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
    expect(policy?.replaceAll(/sha256-[\w+/]{43}=/g, "sha256-…")).toBe(
      "default-src 'none'; script-src 'sha256-…' 'wasm-unsafe-eval'; style-src 'sha256-…'; img-src data:; base-uri 'none'; form-action 'none'",
    );
    const refused = await page.evaluate(async () => {
      const violation = new Promise<string>((done) =>
        document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective)),
      );
      await fetch("https://example.com/").catch(() => {});
      return violation;
    });
    expect(refused).toBe("connect-src");
    explorer.complaints.length = 0; // that it was refused
  });

  test("works from any folder of a site", async () => {
    const server = createServer((request, response) => {
      if (request.url !== "/some/where/") return response.writeHead(404).end();
      return response.writeHead(200, { "content-type": "text/html" }).end(readFileSync(explorer.file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const context = await explorer.browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/some/where/#node=deadbeef01`);
    expect((await rowsOf(page, "#rows"))["MAC"]).toBe("02:de:ad:a2:0d:c3");
    await page.fill("#own", "2");
    expect(new URL(page.url()).pathname).toBe("/some/where/");
    await context.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("starts with what is saved, and keeps to the part that a link is about", async () => {
    const page = await explorer.show();
    expect(await page.isVisible("#fabric")).toBe(true);
    expect(await page.locator("nav a").allTextContents()).toEqual([
      "What it saves",
      "Addresses",
      "Frames and answers",
      "The core",
    ]);
    await page.click("nav >> text=Addresses");
    await page.reload();
    expect(await page.isVisible("#address")).toBe(true);
    await explorer.visit(page, "node=deadbeef01");
    expect(await page.isVisible("#address")).toBe(true);
  });

  test("has its state in the URL, goes back and forward, and is shared by a link", async () => {
    const page = await explorer.show("view=address");
    await page.fill("#network", "ff00160016000000");
    await page.locator("#node").pressSequentially("\b");
    await page.fill("#node", "deadbeef01");
    await page.click("nav >> text=Frames");
    await page.fill("#ask", "fce9:16:11:2233:4455::1");
    await page.click("nav >> text=Addresses");
    await page.fill("#find", "fe80::1");

    const other = await explorer.show(new URL(page.url()).hash.slice(1));
    for (const field of ["#network", "#node", "#find"]) {
      expect(await other.inputValue(field)).toBe(await page.inputValue(field));
    }
    await other.click("nav >> text=Frames");
    expect(await other.inputValue("#ask")).toBe("fce9:16:11:2233:4455::1");

    const where = () => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).toString());
    await page.goBack();
    expect(await page.inputValue("#find")).toBe("");
    await page.goBack();
    expect(await page.isVisible("#wire")).toBe(true);
    await page.goBack();
    expect(await page.inputValue("#ask")).toBe("");
    await page.goBack();
    expect(await where()).toBe("network=ff00160016000000&node=deadbeef01");
    await page.goBack(); // the whole edit of the field, not its last letter
    expect(await page.inputValue("#node")).toBe("89e92ceee5");
    await page.goForward();
    expect(await page.inputValue("#node")).toBe("deadbeef01");
    expect((await rowsOf(page, "#rows"))["6PLANE address"]).toBe("fce9:16:de:adbe:ef01::1");
  });

  test("takes what a link has, however wrong", async () => {
    const page = await explorer.show("view=nonsense&network=%3Cb%3E&source=x&modes=none&hosts=-1&node=%zz");
    expect(await page.isVisible("#address")).toBe(true);
    expect(await textOf(page, "#network-error")).toBe('network ID must be 16 hex digits, got "<b>" (3)');
    await page.fill("#network", "8056c2e21c000001");
    await page.fill("#node", "89e92ceee5");
    await page.click("nav >> text=Frames");
    expect(await textOf(page, "#mode-6plane-error")).toBe(
      "choose at least one kind of address to answer for",
    );
  });

  test("goes on where the browser takes no more history", async () => {
    const page = await explorer.show("view=address");
    await page.evaluate(() => {
      const refuse = () => {
        Reflect.deleteProperty(history, "pushState");
        throw new DOMException("too often", "SecurityError");
      };
      Object.defineProperty(history, "pushState", { value: refuse, configurable: true });
    });
    await page.fill("#node", "deadbeef0");
    expect(await textOf(page, "#node-error")).toBe('node address must be 10 hex digits, got "deadbeef0" (9)');
    await page.fill("#node", "deadbeef01");
    expect(new URL(page.url()).hash).toBe("#node=deadbeef01");
    await page.goBack();
    expect(await page.inputValue("#node")).toBe("89e92ceee5");
  });

  test("copies, and says so", async () => {
    const page = await explorer.show("view=address", { permissions: ["clipboard-read", "clipboard-write"] });
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    for (const [button, name] of [
      ["Copy 6PLANE address", "6PLANE address"],
      ["Copy MAC", "MAC"],
    ] as const) {
      await page.click(`[aria-label="${button}"]`);
      await page.waitForFunction(
        (text) => document.getElementById("status")?.textContent === text,
        `Copied: ${name}`,
      );
      expect(await copied()).toBe((await rowsOf(page, "#rows"))[name]);
    }
    await page.click('[aria-label="Copy Docker, all containers"]');
    await page.waitForFunction(() => document.getElementById("status")?.textContent?.includes("Docker"));
    expect(JSON.parse(await copied())).toMatchObject({ "fixed-cidr-v6": "fc9c:56c2:e389:e92c:eee5:1::/96" });
    await page.fill("#own", "7");
    await page.click('[aria-label="Copy link to this page"]');
    await page.waitForFunction(() => document.getElementById("status")?.textContent?.includes("link"));
    expect(await copied()).toBe(page.url());
  });

  test("copies where there is no clipboard for pages, as the keyboard does", async () => {
    const page = await explorer.show("view=address", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.evaluate(() => {
      const { clipboard } = navigator;
      Object.assign(window, { read: () => clipboard.readText() });
      Object.defineProperty(navigator, "clipboard", { value: undefined });
    });
    await page.click('[aria-label="Copy MAC"]');
    await page.waitForFunction(() => document.getElementById("status")?.textContent === "Copied: MAC");
    expect(await page.evaluate(() => (window as unknown as { read(): Promise<string> }).read())).toBe(
      "02:89:e9:30:0c:27",
    );
  });

  test("is used by keyboard alone", async () => {
    const page = await explorer.show("view=address");
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
    const seen: (string | null | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
    }
    expect(seen).toEqual([
      "Skip to the content",
      "Copy link",
      "What it saves",
      "Addresses",
      "Frames and answers",
      "The core",
      "network",
      "upper half 32 bits",
      "lower half 32 bits",
      "node",
    ]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    expect(await textOf(page, "#field-note")).toContain("lower 32 bits");
    await page.focus("nav a[data-view=wire]");
    await page.keyboard.press("Enter");
    expect(await page.isVisible("#wire")).toBe(true);
    expect(await page.getAttribute("nav a[data-view=wire]", "aria-current")).toBe("page");
  });

  describe.each([
    ["light", PHONE],
    ["dark", PHONE],
    ["light", DESKTOP],
    ["dark", DESKTOP],
  ] as const)("in %s, on %o", (colorScheme, viewport) => {
    let page: Page;
    beforeAll(async () => {
      page = await explorer.show("", { colorScheme, viewport, reducedMotion: "reduce" });
      await page.evaluate(axe.source);
    });

    test.each(STATES)("axe finds nothing, and nothing is cut off, with #%s", async (state) => {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, state);
      await page.waitForFunction((hash) => location.hash === `#${hash}`, state);
      const found = await page.evaluate(async () => {
        const { violations, incomplete } = await (window as unknown as { axe: typeof axe }).axe.run();
        const said = (results: typeof violations) =>
          results.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(" | ")}`);
        return { violations: said(violations), incomplete: said(incomplete) };
      });
      expect(found).toEqual({ violations: [], incomplete: [] });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    });
  });

  test("is built and served on this machine by one command", async () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
    expect(scripts.preexplorer).toBe("npm run -s build"); // which other tests are using the results of
    const server = spawn("npm", ["run", "explorer", "--ignore-scripts"], {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, NO_COLOR: "1" },
    });
    try {
      let said = "";
      let url: string | undefined;
      for await (const chunk of server.stdout) {
        said += chunk;
        url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
        if (url) break;
      }
      const page = await explorer.browser.newPage();
      await page.goto(`${url}#node=deadbeef01`);
      expect((await rowsOf(page, "#rows"))["MAC"]).toBe("02:de:ad:a2:0d:c3");
      await page.close();
    } finally {
      const gone = once(server, "exit");
      process.kill(-(server.pid as number), "SIGTERM");
      await gone;
    }
  });

  test("is served by vite as it is developed, too", async () => {
    const server = await createViteServer({
      configFile: `${EXPLORER}/vite.config.ts`,
      logLevel: "warn",
      server: { host: "127.0.0.1", port: 0, hmr: false },
    });
    await server.listen();
    const page = await explorer.browser.newPage();
    await page.goto(`${server.resolvedUrls?.local[0]}#view=wire&source=capture&capture=example`);
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 33);
    await page.close();
    await server.close();
  });
});
