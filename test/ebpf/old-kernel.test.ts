// Debian's own kernel, 6.1: its verifier lets every build run, which then does what it does as WebAssembly; and it answers on
// an interface, by clsact.
import { beforeAll, describe, expect, test } from "vitest";
import { CHECKERS, RESPONDERS } from "../support/builds.ts";
import { A, B } from "../support/hosts.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";
import { noMachine, runInMachine } from "./old-kernel.ts";
import { MUTANTS } from "./old-kernel-mutants.ts";

const CASES = REPLIES.length + OWNER_KERNEL.cases.length + TAP.frames.length + MUTANTS;
const PROGRAMS = ["/usr/sbin/ip", "/usr/sbin/tc"];
const DRIVERS = ["veth", "sch_ingress", "cls_bpf"];

interface Row {
  build?: string;
  checker?: string;
  results: number[];
  kernel: string;
  verified: number;
  compared: number;
  refused: number;
  signal?: string;
  pinned?: string;
  counted: string;
  detached: string;
  said: string;
  neighbour: string;
  filter: string;
  isAsBefore: boolean;
}

describe.skipIf(noMachine)(`in Linux 6.1${noMachine ? `: ${noMachine}` : ""}`, () => {
  let rows: Row[];
  beforeAll(async () => {
    const said = await runInMachine("test/ebpf/old-kernel-main.ts", DRIVERS, PROGRAMS);
    rows = said.split("\n").map((line) => JSON.parse(line));
  }, 270_000);

  test("every build is loaded, and does what it does as WebAssembly", () => {
    const builds = rows.filter(({ build }) => build !== undefined);
    expect(builds.map(({ build }) => build)).toEqual(RESPONDERS.map(({ name }) => name));
    for (const { kernel, verified, compared, refused } of builds) {
      expect(kernel).toMatch(/^6\.1\./);
      expect(verified).toBeLessThan(200_000); // of a million: there is room for rules to come
      expect(compared + refused).toBe(CASES);
      expect(refused).toBeLessThan(MUTANTS / 10);
    }
  });

  test("the check of a frame's sender is loaded, and does what it does as WebAssembly", () => {
    const checkers = rows.filter(({ checker }) => checker !== undefined);
    expect(checkers.map(({ checker }) => checker)).toEqual(CHECKERS.map(({ name }) => name));
    for (const { verified, results } of checkers) {
      expect(verified).toBeLessThan(600_000); // of a million
      for (const count of results) expect(count).toBeGreaterThan(MUTANTS / 40);
    }
  });

  test("an interface is answered on until it is detached, by a filter that stays", () => {
    const { pinned, neighbour, counted, detached, isAsBefore } = rows.at(-1) as Row;
    expect(pinned).toBe(`the kernel answers on eth0: ${A.sixplane}, ${A.rfc4193}, MAC ${A.mac}`);
    expect(neighbour).toContain(`lladdr ${B.mac}`);
    expect(counted).toMatch(/^eth0: 1 answered, /);
    expect([detached, isAsBefore]).toEqual(["eth0 is as it was before", true]);
  });

  test("two hosts of sixplane up reach each other, whose frames it carries", async () => {
    const drivers = [...DRIVERS, "udp_tunnel", "ip6_udp_tunnel", "vxlan"];
    const said = await runInMachine("test/ebpf/old-kernel-fabric.ts", drivers, PROGRAMS);
    expect(JSON.parse(said.split("\n").at(-1) ?? "")).toEqual({
      said: [expect.stringMatching(/ datapath kernel$/), expect.stringMatching(/ datapath kernel$/)],
      pings: 0,
      left: false,
    });
  }, 270_000);

  test("an interface is answered on by clsact, and as before afterwards", () => {
    const attached = rows.filter(({ signal }) => signal !== undefined);
    expect(attached.map(({ signal }) => signal)).toEqual(["SIGINT", "SIGKILL"]);
    for (const { said, neighbour, filter, isAsBefore } of attached) {
      expect(said).toBe(`the kernel answers on eth0: ${A.sixplane}, ${A.rfc4193}, MAC ${A.mac}`);
      expect(neighbour).toContain(`lladdr ${B.mac}`);
      expect(filter).toContain("sixplane direct-action");
      expect(isAsBefore).toBe(true);
    }
  });
});
