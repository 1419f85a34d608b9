// Captures of all kinds, broken in every way, through the command as users have it: what it reads, what it says,
// and what it leaves. The same each time unless SEED says otherwise.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { join, order } from "../support/captures.ts";
import { folder } from "../support/command.ts";
import { hex } from "../support/frames.ts";
import { type Answered, answer } from "./bounded-answer.ts";
import { damaged, isGzip, partsOf, SEEDS, type Seed } from "./seeds.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const CASES = 80;
const AT_ONCE = 4;

/** What a run says of skipped packets, before all else. */
const SKIPPED = /^sixplane: skipped packets that cannot be read: [^\n]+\n/;

/** What a run says by its status, but for the file's name. */
const SAYS: Record<number, RegExp> = {
  0: /^$/,
  1: /^sixplane: (cut short, with|damaged:|a section of version|the gzip data cannot be unpacked on:) [^\n]+, at offset \d+\n$/,
  2: /^sixplane: (capture|capture's link type|pcap's version) must be [^\n]+, got [^\n]+\n$/,
};

/** The replies in a file: a pcap's header, and a record of 86 bytes for each, to the last byte. */
function isWhole(replies: Uint8Array, lines: Answered["lines"]): boolean {
  const wanted = lines.flatMap(({ reply }) => reply ?? []);
  const { u32 } = order(true);
  const found = partsOf(replies).map(({ start, end }) => replies.subarray(start + 8, end));
  const expected = wanted.map((reply) => hex(u32(86) + u32(86) + reply));
  return replies.length === 24 + 102 * wanted.length && Buffer.from(join(found)).equals(join(expected));
}

/** What every run keeps to, whatever it is given. */
function checkRun(bytes: Uint8Array, { status, says, lines, skipped, replies, made }: Answered): void {
  expect(SKIPPED.test(says)).toBe(skipped > 0);
  expect(says.replace(SKIPPED, "")).toMatch(SAYS[status] ?? /no such status/);
  const most = isGzip(bytes) ? 1032 * bytes.length : bytes.length; // what deflate makes of them at most
  expect(Number(/at offset (\d+)/.exec(says)?.[1] ?? 0)).toBeLessThanOrEqual(most);
  expect(lines.map(({ index }) => index)).toEqual(lines.map((_, i) => i + 1));
  expect(lines.length + skipped).toBeLessThanOrEqual(most / 16);
  expect(made).toEqual(status === 2 ? [] : ["replies"]);
  if (replies) expect(isWhole(replies, lines)).toBe(true);
}

/** How many frames tcpdump reads of a pcap, and capinfos of a pcapng, and what they have to say. */
function others(bytes: Uint8Array): { frames: number; says: string } {
  using files = folder();
  writeFileSync(files.path("capture"), bytes);
  const run = (name: string, ...words: string[]) => spawnSync(name, [...words, files.path("capture")]);
  if (bytes[0] === 0x0a || isGzip(bytes)) {
    const { stdout, stderr } = run("capinfos", "-c", "-M", "-T", "-r");
    const count = /after reading (\d+)/.exec(String(stderr)) ?? /\t(\d+)/.exec(String(stdout));
    return { frames: Number(count?.[1] ?? 0), says: String(stderr) };
  }
  const root = process.getuid?.() === 0 ? ["-Z", "root"] : [];
  const { stdout, stderr } = run("tcpdump", ...root, "-w", "-", "-r");
  return { frames: partsOf(stdout).length, says: String(stderr) };
}

/** Whether two readers found the same end: that of the file, or one too early. Of other damage, each has its own idea. */
function endAlike({ status, says }: Answered, theirs: string): boolean {
  const whole = !/^(capinfos|tcpdump): /m.test(theirs);
  const cut = /^capinfos: .* cut short|^tcpdump: .*truncated/m.test(theirs);
  return status === 0 ? whole : / cut short, .*, at offset [1-9]/.test(says) && cut;
}

const TOOLS = ["tcpdump", "capinfos"].every((name) => !spawnSync(name, ["--version"]).error);

describe("a seed", () => {
  test.concurrent.each(SEEDS)("$file: $why", async ({ bytes, frames, skipped, status, says }) => {
    const run = await answer(bytes);
    expect(run).toMatchObject({ status, skipped, says: says && `sixplane: ${says}\n` });
    expect(run.lines).toHaveLength(frames);
    checkRun(bytes, run);
  });

  test("is whole in the eyes of tcpdump and capinfos, too, where it is", ({ skip }) => {
    skip(!TOOLS, "tcpdump or capinfos (tshark) is not installed");
    const whole = SEEDS.filter(({ status }) => status === 0);
    expect(whole.length).toBeGreaterThan(20);
    for (const { file, bytes, frames, skipped } of whole) {
      expect([file, others(bytes).frames]).toEqual([file, frames + skipped]);
    }
  });
});

test(`${CASES} broken captures from seed ${SEED}`, { timeout: 120_000 }, async ({ skip }) => {
  const statuses = new Map<number, number>();
  const whole = new Map<Seed, Promise<Answered>>();
  let compared = 0;

  async function check(seed: Seed, bytes: Uint8Array): Promise<void> {
    if (!whole.has(seed)) whole.set(seed, answer(seed.bytes));
    const [before, run] = await Promise.all([whole.get(seed), answer(bytes)]);
    checkRun(bytes, run);
    statuses.set(run.status, (statuses.get(run.status) ?? 0) + 1);
    // What lies before the first byte that differs is read as ever.
    const differs = seed.bytes.findIndex((byte, i) => byte !== bytes[i]);
    const good = partsOf(seed.bytes).filter(({ end, isFrame }) => isFrame && end <= differs).length;
    const kept = before?.lines.slice(0, Math.max(0, good - before.skipped)) ?? [];
    expect(run.lines.slice(0, kept.length)).toEqual(kept);
    if (!TOOLS || run.status === 2 || (isGzip(bytes) && run.status !== 0)) return;
    const { frames, says } = others(bytes);
    if (!endAlike(run, says)) return;
    expect(frames, says).toBe(run.lines.length + run.skipped);
    compared++;
  }

  const batches = fc.array(damaged, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      await Promise.all(batch.map(({ seed, bytes }) => check(seed, bytes)));
    }),
    { numRuns: CASES / AT_ONCE, seed: SEED },
  );
  for (const status of [0, 1, 2]) expect(statuses.get(status)).toBeGreaterThan(CASES / 20);
  skip(!TOOLS, "tcpdump or capinfos (tshark) is not installed");
  expect(compared).toBeGreaterThan(CASES / 10);
});
