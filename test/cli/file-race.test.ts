// Root writes into a folder of somebody else, who swaps links and folders meanwhile: no other file may be touched.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";

const NOBODY = 65534;
const FACTS = ["config", "facts", "--network", NETWORK, "--node", SELF, "--force"];
const TRIES = 25;

beforeEach(({ skip }) => {
  skip(process.getuid?.() !== 0, "it takes root to be attacked as root");
});

/** A file that only root may read, and a folder of nobody's beside it. */
function scene() {
  const files = folder();
  chmodSync(files.path(""), 0o755);
  writeFileSync(files.path("victim"), "secret", { mode: 0o600 });
  mkdirSync(files.path("theirs"));
  chownSync(files.path("theirs"), NOBODY, NOBODY);
  return files;
}

function expectUntouched(victim: string): void {
  const { uid, gid, mode } = statSync(victim);
  expect([uid, gid, mode & 0o777, readFileSync(victim, "utf8")]).toEqual([0, 0, 0o600, "secret"]);
}

/** A process of nobody's that says when it has begun. */
async function attack(program: string, ...words: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", program, ...words], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

/** Replaces every file that appears in the folder by a link to the victim, as fast as it can. */
const SWAP_FILES = `
  const { readdirSync, rmSync, symlinkSync } = require("node:fs");
  const [folder, victim] = process.argv.slice(1);
  console.log("ready");
  for (;;) for (const name of readdirSync(folder)) {
    if (name === "facts.json") continue;
    try { rmSync(folder + "/" + name); symlinkSync(victim, folder + "/" + name); } catch {}
  }`;

/** Puts links to the victim where the file is to be, and takes them away again. */
const SWAP_TARGET = `
  const { rmSync, symlinkSync } = require("node:fs");
  const [folder, victim] = process.argv.slice(1);
  console.log("ready");
  for (;;) try {
    symlinkSync(victim, folder + "/facts.json");
    rmSync(folder + "/facts.json", { force: true });
  } catch { rmSync(folder + "/facts.json", { force: true }); }`;

describe("whoever owns the folder of -o", () => {
  test.each([
    ["the partial file", SWAP_FILES],
    ["the file itself", SWAP_TARGET],
  ])("gets nothing by swapping %s", { timeout: 120_000 }, async (_, program) => {
    using files = scene();
    const attacker = await attack(program, files.path("theirs"), files.path("victim"));
    try {
      for (let n = 0; n < TRIES; n++) {
        // An old file of theirs, whose owner and mode a new one keeps.
        await sixplane([...FACTS, "-o", files.path("theirs/facts.json")]);
        expectUntouched(files.path("victim"));
      }
    } finally {
      attacker.kill("SIGKILL");
    }
  });

  test("has no link of theirs followed", async () => {
    using files = scene();
    const path = files.path("theirs/facts.json");
    expect(spawnSync("ln", ["-s", files.path("victim"), path], { uid: NOBODY, gid: NOBODY }).status).toBe(0);
    const { status, stderr } = await sixplane([...FACTS, "-o", path]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/: it is a link that another user made\n$/)]);
    expectUntouched(files.path("victim"));
  });

  test("may be followed by a link of root's", async () => {
    using files = scene();
    writeFileSync(files.path("real.json"), "");
    symlinkSync("real.json", files.path("link.json"));
    expect((await sixplane([...FACTS, "-o", files.path("link.json")])).status).toBe(0);
    expect(readFileSync(files.path("real.json"), "utf8")).toContain("sixplane config facts");
  });
});

test("what another process left behind is in nobody's way", async () => {
  using files = folder();
  const path = files.path("facts.json");
  for (let pid = 1; pid < 50; pid++) writeFileSync(`${path}.${pid}.partial`, "left");
  const before = readdirSync(files.path("")).length;
  expect((await sixplane([...FACTS, "-o", path])).status).toBe(0);
  expect(readdirSync(files.path(""))).toHaveLength(before + 1);
});

describe("a file that is replaced", () => {
  test.each([
    ["user", NOBODY, 0],
    ["group", 0, NOBODY],
    ["user and group", NOBODY, NOBODY],
  ])("keeps its %s and its mode", async (_, uid, gid) => {
    using files = folder();
    const path = files.path("facts.json");
    writeFileSync(path, "{}");
    chownSync(path, uid, gid);
    chmodSync(path, 0o640);
    expect(await sixplane([...FACTS, "-o", path])).toMatchObject({ status: 0, stderr: "" });
    const after = statSync(path);
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([uid, gid, 0o640]);
    expect(readFileSync(path, "utf8")).not.toBe("{}");
  });
});
