// A unit for `up`, as systemd-analyze judges it, and its command as the unit confines it.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { COMMAND, folder, sixplane } from "../support/command.ts";
import { A, B, C, DATAPATHS, Host, NETWORK, Program, ping, Underlay, until } from "../support/hosts.ts";
import { isRoot, obstacle } from "../support/namespace.ts";
import { runPage } from "./page.ts";

const SYSTEMD = ["config", "systemd", "--network", NETWORK, "--node", A.node];

const PEERS = "/etc/sixplane/peers";

async function written(file: "service" | "peers", list: string, ...words: string[]): Promise<string> {
  const all = [...SYSTEMD, ...words, "--file", file, "--nodes", "-"];
  const { status, stdout, stderr } = await sixplane(all, list);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

/** The words of the unit's command, as systemd takes them. */
function commandOf(text: string): string[] {
  const [, line = ""] = /^ExecStart=(.*)$/m.exec(text) ?? [];
  return line.split(" ");
}

describe("sixplane config systemd", () => {
  test("has the nodes with endpoints as peers, and listens on the port of its own", async () => {
    const list = `${A.node} a endpoint=192.0.2.1:4000\n${B.node} b endpoint=[fe80::2%eth0]:5\n${C.node} c\n0000000001 endpoint=d.example\n`;
    const text = await written(
      "service",
      list,
      "--mtu",
      "1400",
      "--name",
      "sp0",
      "--program",
      "/opt/six plane".replace(" ", "-"),
    );
    expect(commandOf(text)).toEqual([
      ...["/opt/six-plane", "up", "--network", NETWORK, "--node", A.node, "--name", "sp0", "--probes"],
      ...["--mtu", "1400", "--listen", "4000", "--peers", PEERS],
    ]);
    const peers = (await written("peers", list)).split("\n").filter((line) => !line.startsWith("#"));
    expect(peers).toEqual([
      `${A.node}@192.0.2.1:4000`,
      `${B.node}@[fe80::2%eth0]:5`,
      "0000000001@d.example:4789",
      "",
    ]);
  });

  test.each([
    [["--program", "a b"], 'program must be a path of letters, digits and . _ - @ + /, got "a b" (3)'],
    [["--program=-x"], 'program must be a path of letters, digits and . _ - @ + /, got "-x" (2)'],
    [
      ["--name", "a b"],
      'interface must be up to 15 letters, digits, dots, hyphens and underscores, got "a b" (3)',
    ],
  ])("is refused with %j", async (words, sentence) => {
    const stderr = `sixplane: ${sentence}\n`;
    expect(await sixplane([...SYSTEMD, ...words])).toEqual({ status: 2, stdout: "", stderr });
  });

  test("refuses endpoints that are none", async () => {
    const sentence =
      'endpoint in line 1 of the list must be an IP address or a host name, and a port, got "$(id)" (5)';
    expect(await sixplane([...SYSTEMD, "--nodes", "-"], `${B.node} endpoint=$(id)`)).toEqual({
      status: 2,
      stdout: "",
      stderr: `sixplane: ${sentence}\n`,
    });
  });
});

test("systemd-analyze finds nothing wrong with the unit, and finds what is", async ({ skip }) => {
  skip(!isInstalled("systemd-analyze"), "no systemd-analyze");
  using files = folder();
  const text = await written("service", `${B.node}\n`, "--program", "/bin/true");
  const verify = (name: string, changed: string) => {
    mkdirSync(files.path(name));
    writeFileSync(files.path(`${name}/sixplane.service`), changed);
    const words = ["verify", "--man=no", "--recursive-errors=no", files.path(`${name}/sixplane.service`)];
    const { status, stderr } = spawnSync("systemd-analyze", words, { encoding: "utf8" });
    return { status, complaints: stderr.split("\n").filter((line) => line.includes("sixplane.service")) };
  };
  expect(verify("right", text)).toEqual({ status: 0, complaints: [] });
  expect(verify("wrong", text.replace("NoNewPrivileges", "NoNewPriveleges")).complaints[0]).toContain(
    "'NoNewPriveleges'",
  );
});

describe("the unit's command", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "TAPs take root");
    for (const program of ["setpriv", "ping", "unshare"]) skip(!isInstalled(program), `no ${program}`);
  });

  test.for([
    ["tap", ":4000"], // as hosts with different ports need it
    ["kernel", ""],
  ])("runs a host through %s with what the unit leaves it", async ([path = "", port = ""], { skip }) => {
    const [, noPath] = DATAPATHS.find(([name]) => name === path) ?? [];
    skip(noPath !== undefined, noPath);
    using files = folder();
    writeFileSync(files.path("sixplane"), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`);
    chmodSync(files.path("sixplane"), 0o755);
    await using underlay = await Underlay.open(2);
    const [one, two] = underlay.namespaces as [Namespace, Namespace];
    const list = `${A.node} endpoint=192.0.2.1${port}\n${C.node} endpoint=192.0.2.3\n`;
    const text = await written("service", list, "--program", files.path("sixplane"));
    const peers = files.path("peers");
    writeFileSync(peers, await written("peers", list));
    const command = commandOf(text).map((word) => word.replace(PEERS, peers));
    const [, capabilities = ""] = /^CapabilityBoundingSet=(.*)$/m.exec(text) ?? [];
    const names = capabilities.split(" ").map((name) => `+${name.replace("CAP_", "").toLowerCase()}`);
    const confined = [
      ...["unshare", "--mount", "sh", "-ec"],
      // ProtectSystem=strict leaves /proc, /sys and /dev as they are.
      'mount --bind / /mnt && mount -o remount,bind,ro /mnt && for d in proc sys dev; do mount --rbind /$d /mnt/$d; done; exec chroot /mnt "$@"',
      ...["sh", "setpriv", "--no-new-privs", "--bounding-set", ["-all", ...names].join(",")],
    ];
    await using service = new Program(one.words(...(confined as [string]), ...command));
    await service.says("being ready", (stdout) => stdout.includes(`, datapath ${path}\n`));
    // As ExecReload does it, with another list.
    writeFileSync(peers, await written("peers", `${list}${B.node} endpoint=192.0.2.2\n`));
    service.kill("SIGHUP");
    await until("the peers", () => service.stderr.includes(`read ${peers} again: 2 peers\n`));
    await using _b = await Host.up(B.node, ["--peer", `${A.node}@192.0.2.1${port}`], two);
    await until("an answer", () => ping(two, A.sixplane, "-W", "1").status === 0);
    expect(ping(one, B.sixplane).status).toBe(0);
    expect(await service.end("SIGTERM")).toBe(0);
  });
});

test("the page's commands do what it shows", (context) => {
  runPage("systemd", context);
});
