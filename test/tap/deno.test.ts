// The TAP under Deno, whose own way of calling the C library it goes.
import { spawnSync } from "node:child_process";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { NETWORK, SELF } from "../support/frames.ts";
import {
  DENO,
  expectNoInterface,
  hostWords,
  interfaces,
  Program,
  skipDuplicateDetection,
  state,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";

const OPTIONS = { network: NETWORK, node: SELF, name: "zt5" };

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

async function said(words: string[]): Promise<string> {
  await using program = new Program(words);
  program.child.stdin.end();
  await program.ended;
  return program.output.trim();
}

describe("under Deno", () => {
  test("a TAP has what a node has, answers, and is gone when closed", async ({ skip }) => {
    skip(!isInstalled("ndisc6"), "no ndisc6");
    await using program = new Program(hostWords({ ...OPTIONS, usable: true }, DENO));
    await program.printed("open zt5");
    const [found] = interfaces("dev", "zt5");
    expect(found).toMatchObject({ address: "02:89:e9:30:0c:27", mtu: 2800 });
    expect(found?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort()).toEqual([
      "fc9c:56c2:e389:e92c:eee5::1/40",
      "fd80:56c2:e21c:0:199:9389:e92c:eee5/88",
      "fe80::89:e9ff:fe30:c27/64",
    ]);
    for (const target of ["fc9c:56c2:e3de:adbe:ef01::7", "fd80:56c2:e21c:0:199:93de:adbe:ef01"]) {
      const { stdout } = spawnSync("ndisc6", ["-1", "-r", "1", target, "zt5"], { encoding: "utf8" });
      expect(stdout).toContain("Target link-layer address: 02:DE:AD:A2:0D:C3");
    }
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    expect(program.output).toContain("closed");
  });

  test("a TAP that was made to stay is put back", async () => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/zt5/disable_ipv6");
    const before = state("zt5");
    await using program = new Program(hostWords(OPTIONS, DENO));
    await program.printed("open zt5");
    expect(state("zt5")).not.toEqual(before);
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    expect(state("zt5")).toEqual(before);
    run("ip", "link", "delete", "zt5");
  });

  test("failures are said in the same words", async () => {
    expect(await said(hostWords({ ...OPTIONS, name: "lo" }, DENO))).toBe(
      "TapError EINVAL: cannot open the TAP lo: there is an interface of that name which is no TAP: choose another",
    );
    expect(await said(hostWords({ ...OPTIONS, mtu: 1 }, DENO))).toBe(
      "InputError : MTU must be a whole number from 1280 to 65499, got 1",
    );
    const [deno = ""] = DENO;
    expect(await said(hostWords(OPTIONS, [deno, "run", "--no-prompt"]))).toMatch(
      /^NotCapable : Requires ffi access to "libc\.so\.6"/,
    );
  });

  test.each<[string, object, (program: Program) => void, number | string, string]>([
    ["process.exit()", { ends: "exit" }, ({ child }) => child.stdin.end(), 3, ""],
    ["an uncaught exception", { ends: "throw" }, ({ child }) => child.stdin.end(), 1, "on purpose"],
    [
      "the interface's removal",
      {},
      () => run("ip", "link", "delete", "zt5"),
      1,
      "TapError: the interface zt5 has been removed",
    ],
    ["SIGINT", {}, ({ child }) => child.kill("SIGINT"), "SIGINT", ""],
    ["SIGKILL", {}, ({ child }) => child.kill("SIGKILL"), "SIGKILL", ""],
  ])("a process ends by %s and leaves no interface", async (_, options, end, status, says) => {
    await using program = new Program(hostWords({ ...OPTIONS, ...options }, DENO));
    await program.printed("open zt5");
    end(program);
    expect(await program.ended).toBe(status);
    expect(program.output).toContain(says);
  });
});
