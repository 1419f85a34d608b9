// The benchmark of the fabric, for seconds of its full load: what is sent arrives, or is counted.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { DATAPATHS } from "../support/hosts.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const [, [, noPath] = []] = DATAPATHS;

function bench(...words: string[]) {
  return spawnSync(process.execPath, ["bench/fabric/run.js", ...words], { cwd: ROOT, encoding: "utf8" });
}

describe("full load, with a peer that comes and goes", () => {
  test("loses nothing that is not counted", ({ skip }) => {
    skip(noPath !== undefined, noPath);
    for (const program of ["bridge", "cc", "iperf3", "nft"]) skip(!isInstalled(program), `no ${program}`);
    const { status, stdout, stderr } = bench("--minutes", "0.05");
    expect([status, stderr]).toEqual([0, ""]);
    const numbers = /([\d,]+) frames sent, ([\d,]+) received, (\d+) dropped and counted/.exec(stdout);
    const [sent = 0, received = 0, dropped = 0] =
      numbers?.slice(1).map((text) => Number(text.replaceAll(",", ""))) ?? [];
    expect(sent).toBeGreaterThan(50_000);
    expect(received + dropped).toBeGreaterThanOrEqual(sent);
    expect(Number(/came or went (\d+) times/.exec(stdout)?.[1])).toBeGreaterThan(1);
  });

  test.each(["0", "-1", "x"])("refuses %j minutes", (minutes) => {
    const { status, stderr } = bench(`--minutes=${minutes}`);
    expect([status, stderr]).toEqual([
      1,
      `bench:fabric: --minutes must be a number above 0, got "${minutes}"\n`,
    ]);
  });
});
