// Hosts that resolve each other: the numbers by brute force, the motion by the frames that it asks for.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countAll } from "../../examples/explorer/fabric/counts.ts";
import { noChromium } from "../support/chromium.ts";
import { Explorer, textOf } from "./page.ts";

/** Has the page count how often it asks for a frame of an animation. */
async function countFrames(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { requestAnimationFrame } = window;
    Object.assign(window, { asked: 0 });
    window.requestAnimationFrame = (callback) => {
      Object.assign(window, { asked: (window as unknown as { asked: number }).asked + 1 });
      return requestAnimationFrame(callback);
    };
  });
  await page.reload();
}

const asked = (page: Page) => page.evaluate(() => (window as unknown as { asked: number }).asked);

/** Whether the page asks for no frame while the browser draws several. */
async function rests(page: Page): Promise<boolean> {
  const wait = () =>
    page.evaluate(async () => {
      const frame = document.createElement("iframe");
      document.body.append(frame); // whose own clock is not counted
      const next = () => new Promise((done) => frame.contentWindow?.requestAnimationFrame(done));
      for (let i = 0; i < 5; i++) await next();
      frame.remove();
    });
  await wait();
  const before = await asked(page);
  await wait();
  return before === (await asked(page));
}

/** Whether anything is drawn on a canvas. */
const isDrawn = (page: Page, id: string) =>
  page.locator(id).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const context = (canvas as HTMLCanvasElement).getContext("2d");
    return context?.getImageData(0, 0, width, height).data.some((byte) => byte !== 0) ?? false;
  });

describe.skipIf(noChromium)(`the explorer's fabric${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  beforeAll(async () => {
    explorer = await Explorer.open();
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  test("counts what crosses it, pair by pair, until all know each other", async () => {
    const page = await explorer.show("view=fabric&hosts=4", { reducedMotion: "reduce" });
    for (let pairs = 1; pairs <= 6; pairs++) {
      await page.click("#step");
      expect(await textOf(page, "#pairs")).toBe(`${pairs} of 6 pairs drawn`);
      expect(await textOf(page, "#multicast-frames")).toBe(String(4 * pairs));
      expect(await textOf(page, "#multicast-split")).toBe(`${3 * pairs} questions, ${pairs} answers`);
      expect(await textOf(page, "#emulation-frames")).toBe("0");
      expect(await textOf(page, "#emulation-split")).toContain(`${2 * pairs} answers on the spot`);
    }
    expect(await textOf(page, "#play")).toBe("Start again");
    expect(await isDrawn(page, "#multicast")).toBe(true);
    expect(await isDrawn(page, "#emulation")).toBe(true);
    await page.click("#step");
    expect(await textOf(page, "#pairs")).toBe("1 of 6 pairs drawn");
  });

  test("has every host that is drawn answered, whomever it asks for", async () => {
    const page = await explorer.show("view=fabric&hosts=24", { reducedMotion: "reduce" });
    await page.locator("#step").evaluate((button) => {
      for (let i = 0; i < 276; i++) (button as HTMLButtonElement).click();
    });
    expect(await textOf(page, "#pairs")).toBe("276 of 276 pairs drawn");
    expect(await textOf(page, "#multicast-frames")).toBe(countAll(24).frames.toLocaleString("en"));
    expect(await textOf(page, "#emulation-split")).toContain("552 answers on the spot");
  });

  test("goes to a million hosts, of which a sample is drawn", async () => {
    const page = await explorer.show("view=fabric", { reducedMotion: "reduce" });
    await page.focus("#hosts-slider");
    await page.keyboard.press("End");
    expect(await page.inputValue("#hosts")).toBe("1000000");
    expect(await page.getAttribute("#hosts-slider", "aria-valuetext")).toBe("1,000,000 hosts");
    expect(await textOf(page, "#drawn")).toContain("24 of the 1,000,000 hosts are drawn");
    expect(page.url()).toContain("hosts=1000000");
    // M (M - 1) / 2 pairs, each with a question to M - 1 hosts and an answer to one
    expect(await textOf(page, "#total-pairs")).toBe("499,999,500,000");
    expect(await textOf(page, "#total-questions")).toBe("499,999,000,000,500,000");
    expect(await textOf(page, "#total-frames")).toBe("499,999,500,000,000,000");
    expect(await textOf(page, "#total-bytes")).toBe("42,999,957,000,000,000,000");
    expect(await textOf(page, "#total-emulated")).toBe("999,999,000,000");
    await page.click("#step");
    expect(await textOf(page, "#multicast-frames")).toBe("1,000,000");
    await page.focus("#hosts-slider");
    await page.keyboard.press("Home");
    expect(await page.inputValue("#hosts")).toBe("2");
    for (const wrong of ["1", "1000001", "x", ""]) {
      await page.fill("#hosts", wrong);
      expect(await textOf(page, "#hosts-error")).toBe(
        `hosts must be a whole number from 2 to 1000000, got ${JSON.stringify(wrong)}`,
      );
    }
    await page.fill("#hosts", "70");
    expect(await textOf(page, "#total-pairs")).toBe("2,415");
  });

  test("plays, pauses, and rests where nobody looks", async () => {
    const page = await explorer.show("view=fabric&hosts=2");
    await countFrames(page);
    await page.waitForFunction(() => document.getElementById("pairs")?.textContent === "1 of 1 pairs drawn");
    expect(await rests(page)).toBe(true); // all is done
    await page.fill("#hosts", "24");
    expect(await textOf(page, "#play")).toBe("Play");
    await page.click("#play");
    expect(await rests(page)).toBe(false);
    await page.waitForFunction(() => document.getElementById("pairs")?.textContent?.startsWith("1 of 276"));

    await page.click("#play");
    expect(await textOf(page, "#play")).toBe("Play");
    expect(await rests(page)).toBe(true);

    await page.click("#play");
    await page.click("nav >> text=The core");
    expect(await rests(page)).toBe(true);
    await page.click("nav >> text=What it saves");
    expect(await rests(page)).toBe(false);

    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { configurable: true, value });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await hide(true);
    expect(await rests(page)).toBe(true);
    await hide(false);
    expect(await rests(page)).toBe(false);
  });

  test("does not move of itself for those who want no motion", async () => {
    const page = await explorer.show("view=fabric&hosts=3", { reducedMotion: "reduce" });
    await countFrames(page);
    expect(await rests(page)).toBe(true);
    expect(await textOf(page, "#play")).toBe("Play");
    expect(await isDrawn(page, "#multicast")).toBe(true);
    await page.click("#play");
    await page.waitForFunction(() => document.getElementById("pairs")?.textContent === "3 of 3 pairs drawn");
  });
});

test("the numbers of a fabric are those of its frames, sent one by one", () => {
  for (let hosts = 2; hosts <= 12; hosts++) {
    const knows = Array.from({ length: hosts }, (_, host) => new Set([host]));
    const sent = { pairs: 0n, questions: 0n, answers: 0n, frames: 0n, bytes: 0n, emulated: 0n };
    const send = (kind: "questions" | "answers") => {
      sent[kind]++;
      sent.frames++;
      sent.bytes += 86n;
    };
    for (let asker = 0; asker < hosts; asker++) {
      for (let target = 0; target < hosts; target++) {
        if (asker !== target) sent.emulated++;
        if (knows[asker]?.has(target)) continue;
        sent.pairs++;
        for (let host = 0; host < hosts; host++) if (host !== asker) send("questions");
        knows[target]?.add(asker);
        send("answers");
        knows[asker]?.add(target);
      }
    }
    expect(countAll(hosts)).toEqual(sent);
  }
});
