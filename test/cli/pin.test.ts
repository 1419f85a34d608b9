// What `sixplane attach --pin` leaves behind on purpose, until `sixplane detach`.
import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { noBpf } from "../ebpf/twin.ts";
import { COMMAND, sixplane } from "../support/command.ts";
import { A, B, NETWORK } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(noBpf !== undefined, noBpf);
  for (const program of ["ping", "bpftool"]) skip(!isInstalled(program), `no ${program}`);
});

/** In the script: the command. */
const SIXPLANE = `sixplane() { ${process.execPath} ${COMMAND} "$@"; }`;
const ATTACH = `sixplane attach eth0 ${NETWORK} ${A.node} --pin`;

/** All that may differ afterwards. */
const STATE = `
  state() {
    ip -br link show dev eth0
    ip -6 address show dev eth0 | grep -v -e valid_lft -e fe80
    for name in accept_ra autoconf accept_redirects addr_gen_mode; do cat /proc/sys/net/ipv6/conf/eth0/$name; done
    tc qdisc show dev eth0
    bpftool net show dev eth0
    find /sys/fs/bpf -mindepth 1
  }`;

/** Runs a script in namespaces of its own, with an interface, and a BPF file system that goes with them. */
function within(script: string, { mounts = true } = {}) {
  const all = [
    "set -e",
    ...(mounts ? ["mount -t bpf bpf /sys/fs/bpf"] : []),
    "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad",
    "ip link add eth0 type veth peer name far",
    "ip link set far up",
    "ip link set eth0 up",
    SIXPLANE,
    STATE,
    script,
  ];
  const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "--net", "sh", "-c", all.join("\n")], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("a pinned responder", () => {
  test("answers when the command has ended, is counted, and is gone after detach", () => {
    const { status, stdout, stderr } = within(`
      state > /tmp/before.$$
      ${ATTACH}
      ping -c 1 -W 0.2 ${B.sixplane} > /dev/null || true
      ip -6 neighbour show to ${B.sixplane} dev eth0
      sixplane counters eth0
      sixplane counters --json
      sixplane detach eth0
      # The kernel lets go of a link soon after its last file is gone.
      for n in $(seq 100); do state > /tmp/after.$$; cmp -s /tmp/before.$$ /tmp/after.$$ && break; sleep 0.05; done
      diff /tmp/before.$$ /tmp/after.$$ && echo as before
      rm /tmp/before.$$ /tmp/after.$$
    `);
    expect([status, stderr]).toEqual([0, ""]);
    const [ready, neighbour, ...rest] = stdout.trim().split("\n");
    expect(ready).toBe(`the kernel answers on eth0: ${A.sixplane}, ${A.rfc4193}, MAC ${A.mac}`);
    expect(neighbour).toContain(`lladdr ${B.mac}`);
    expect(rest[0]).toMatch(/^eth0: 1 answered, \d+ passed on, 0 dropped as invalid$/);
    expect(rest.at(-1)).toBe("as before");
    expect(rest.at(-2)).toBe("eth0 is as it was before");
    const counted = JSON.parse(rest.find((line) => line.startsWith("{")) ?? "");
    expect(counted).toMatchObject({ name: "eth0", reply: 1, invalid: 0, dropped: { failed: 0 } });
    // The kernel says more meanwhile, as of the groups that it listens to.
    const said = Number(/^ {2}next-header (\d+)$/m.exec(stdout)?.[1]);
    expect(said).toBeGreaterThan(0);
    expect(counted.reasons["next-header"]).toBeGreaterThanOrEqual(said);
  });

  test("leaves the interface alone with --no-setup", () => {
    const { status, stdout } = within(`
      cat /sys/class/net/eth0/address > /dev/null; before=$(ip -br link show dev eth0)
      ${ATTACH} --no-setup
      [ "$before" = "$(ip -br link show dev eth0)" ] && echo same
      sixplane detach eth0
    `);
    expect([status, stdout]).toEqual([0, "the kernel answers on eth0\nsame\neth0 is as it was before\n"]);
  });

  test("can be let go of when its interface is gone", () => {
    const { status, stdout, stderr } = within(`
      ${ATTACH} > /dev/null
      ip link delete eth0
      sixplane detach eth0
      ls /sys/fs/bpf | grep -v debug || true
    `);
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toBe("sixplane: the interface eth0 is gone, and with it what was attached there\n");
  });

  test("is there once for an interface", () => {
    const { status, stdout, stderr } = within(`
      ${ATTACH} > /dev/null
      ${ATTACH} && exit 9
      sixplane counters eth0 | head -1
      sixplane detach eth0 > /dev/null
    `);
    expect([status, stderr]).toEqual([
      0,
      "sixplane: cannot make /sys/fs/bpf/sixplane/eth0: something is attached there already\n",
    ]);
    expect(stdout).toMatch(/^eth0: /);
  });

  test("needs a BPF file system, and leaves nothing where there is none", () => {
    const { status, stdout, stderr } = within(
      `
      mount -t tmpfs none /sys/fs
      mkdir /sys/fs/bpf
      mount -t sysfs none /sys/fs/bpf
      before=$(ip -br link show dev eth0)
      ${ATTACH} && exit 9
      [ "$before" = "$(ip -br link show dev eth0)" ] && echo same
    `,
      { mounts: false },
    );
    expect([status, stdout]).toEqual([0, "same\n"]);
    expect(stderr).toContain("there is no BPF file system: mount -t bpf none /sys/fs/bpf\n");
  });
});

describe("what was not pinned", () => {
  test.each([
    [["detach", "eth7"], 2, 'interface must be one to which something was attached with --pin, got "eth7"'],
    [["counters", "eth7"], 2, 'interface must be one to which something was attached with --pin, got "eth7"'],
    [["detach", "../x"], 2, 'interface must be the name of one, 1 to 15 bytes, got "../x"'],
    [["counters"], 1, "nothing is attached with --pin"],
  ])("is told of: %j", async (words, status, reason) => {
    expect(await sixplane(words)).toMatchObject({
      status,
      stdout: "",
      stderr: expect.stringContaining(reason),
    });
  });
});
