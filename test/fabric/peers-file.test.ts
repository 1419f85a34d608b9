// Peers from a file, which a host reads again while it runs.
import { writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { A, B, C, DATAPATHS, Host, NETWORK, runIn, Underlay, until } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";

const LIST = `# one list for all hosts
${A.node}@192.0.2.1   # this one, on A

${B.node}@192.0.2.2
`;

describe.each(DATAPATHS)("through %s, a file of peers", (datapath, noPath) => {
  beforeEach(({ skip }) => {
    skip(noPath !== undefined, noPath);
    skip(!isInstalled("ping"), "no ping");
  });

  test("serves all hosts, and is read again on SIGHUP", async () => {
    await using underlay = await Underlay.open(3);
    const [one, two, three] = underlay.namespaces;
    using files = folder();
    const path = files.path("peers");
    writeFileSync(path, LIST);
    const words = ["--datapath", datapath, "--json", "--peers", path];
    await using a = await Host.up(A.node, words, one);
    await using b = await Host.up(B.node, words, two);
    await using c = await Host.up(C.node, ["--datapath", datapath, "--peer", `${A.node}@192.0.2.1`], three);
    expect(a.events[0]).toMatchObject({ peers: 1 });
    expect(a.pings(B.sixplane)).toBe(true);
    expect(c.pings(A.sixplane, "-W", "0.3")).toBe(false);

    // C comes, and B goes: what B sends is that of a stranger then.
    writeFileSync(path, `${C.node}@192.0.2.3\n`);
    a.kill("SIGHUP");
    await a.says("the peers", () => a.events.some(({ event }) => event === "peers"));
    expect(a.stderr).toContain(`sixplane: read ${path} again: 1 peer\n`);
    await until("a ping of C", () => c.pings(A.sixplane, "-W", "1"));
    expect(a.pings(C.rfc4193)).toBe(true);
    const routes = a.run("ip", "-6", "route", "show", "dev", "zt0");
    expect(routes).toContain(`${C.sixplane.slice(0, -1)}/80 via ${C.sixplane}`);
    expect(routes).not.toContain(B.sixplane.slice(0, -3));
    expect(b.pings(A.sixplane, "-W", "0.3")).toBe(false);
    await a.counts("what B sends", ({ fabric }) => (fabric.dropped["unknownSender"] ?? 0) > 0);

    // A bad file changes nothing.
    writeFileSync(path, `${B.node}@192.0.2.2\n${C.node}@192.0.2.3:0\n`);
    a.kill("SIGHUP");
    await a.says("the refusal", () => a.events.some(({ event }) => event === "peers-refused"));
    expect(a.stderr).toContain(
      `sixplane: the peers stay as they are: line 2 of "${path}": peer's port must be a number from 1 to 65535, got "192.0.2.3:0" (11)\n`,
    );
    expect(a.pings(C.sixplane)).toBe(true);
    expect(await a.end("SIGTERM")).toBe(0);
  });

  test("may have thousands", async () => {
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    using files = folder();
    const path = files.path("peers");
    const others = Array.from({ length: 3000 }, (_, n) => {
      const node = (0x1000000000 + n).toString(16);
      return `${node}@198.18.${n >> 8}.${n & 255}\n`;
    });
    writeFileSync(path, `${others.join("")}${LIST}`);
    const words = ["--datapath", datapath, "--json", "--multicast", "drop", "--peers", path];
    await using a = await Host.up(A.node, words, one);
    await using _ = await Host.up(B.node, words, two);
    expect(a.events[0]).toMatchObject({ peers: 3001 });
    expect(a.pings(B.sixplane)).toBe(true);
    expect(runIn(one, "ip", "-6", "route", "show", "dev", "zt0").split("\n").length).toBeGreaterThan(6000);
  });
});

describe("through the kernel:", () => {
  const [, [, noPath] = []] = DATAPATHS;

  test("a peer that listens on another port is refused, and the others stay", async ({ skip }) => {
    skip(noPath !== undefined, noPath);
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces;
    using files = folder();
    const path = files.path("peers");
    writeFileSync(path, LIST);
    await using a = await Host.up(A.node, ["--datapath", "kernel", "--peers", path], one);
    await using _ = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1`], two);
    writeFileSync(path, `${LIST}${C.node}@192.0.2.3:5000\n`);
    a.kill("SIGHUP");
    await until("the refusal", () =>
      a.stderr.includes(
        `sixplane: the peers stay as they are: all hosts listen on one port, and peer ${C.node} not on 4789, but 5000\n`,
      ),
    );
    expect(a.pings(B.sixplane)).toBe(true);
  });
});

describe("a file of peers that cannot be read", () => {
  const words = ["up", "--network", NETWORK, "--node", A.node, "--peers"];

  test("is told of", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    expect(await sixplane([...words, "/nowhere/peers"])).toMatchObject({
      status: 1,
      stderr: 'sixplane: cannot read the peers of "/nowhere/peers": no such file or directory\n',
    });
  });

  test.each([
    ["deadbeef01", 'peer must be NODE@HOST:PORT, got "deadbeef01"'],
    ["xyz@192.0.2.1", 'node address must be 10 hex digits, got "xyz"'],
    [`${B.node}@192.0.2.2\n${B.node}@192.0.2.3`, `peer ${B.node} is given twice`],
  ])("as it has %j is told of", async (text, reason) => {
    using files = folder();
    const path = files.path("peers");
    writeFileSync(path, `${text}\n`);
    const { status, stderr } = await sixplane([...words, path]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });
});
