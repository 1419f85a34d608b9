// What holds of Debian's own kernel, 6.1: its verifier lets every build run, which then does what it does as WebAssembly; and
// it answers on an interface, by clsact.
import { beforeAll, expect, test } from "vitest";
import { CHECKERS, RESPONDERS } from "../../support/builds.ts";
import { A, B } from "../../support/hosts.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../../support/vectors.ts";
import { type Machine, runInMachine } from "./machine.ts";
import { MUTANTS } from "./mutants.ts";

const CASES = REPLIES.length + OWNER_KERNEL.cases.length + TAP.frames.length + MUTANTS;
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

/**
 * The tests of a machine, which is made when they start.
 *
 * @param milliseconds how long each of its runs may take
 */
export function testMachine(made: () => Machine, milliseconds: number): void {
  const patience = milliseconds + 30_000; // for its files to be put together
  let machine: Machine;
  let rows: Row[];
  beforeAll(async () => {
    machine = made();
    const said = await runInMachine(machine, "test/ebpf/debian/builds.ts", DRIVERS, milliseconds);
    rows = said.split("\n").map((line) => JSON.parse(line));
  }, patience);

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

  test(
    "two hosts of sixplane up reach each other, whose frames it carries",
    async () => {
      const drivers = [...DRIVERS, "udp_tunnel", "ip6_udp_tunnel", "vxlan"];
      const said = await runInMachine(machine, "test/ebpf/debian/fabric.ts", drivers, milliseconds);
      expect(JSON.parse(said.split("\n").at(-1) ?? "")).toEqual({
        said: [expect.stringMatching(/ datapath kernel$/), expect.stringMatching(/ datapath kernel$/)],
        pings: 0,
        left: false,
      });
    },
    patience,
  );

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
}
