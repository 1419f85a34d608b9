// Why a TAP cannot be opened, in words. Every failure leaves nothing behind.
import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTap, type TapOptions } from "sixplane/tap";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { NETWORK, OWNER, SELF } from "../support/frames.ts";
import {
  changeSetting,
  expectNoInterface,
  HOST,
  hostWords,
  interfaceNames,
  interfaces,
  open,
  Program,
  skipDuplicateDetection,
  state,
} from "../support/kernel.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";

const OPTIONS = { network: NETWORK, node: SELF };
const PRIVILEGE =
  "that takes CAP_NET_ADMIN: run it as root, or in a network namespace of your own (unshare -Urn)";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

/** What a host in a process of its own says, which leaves no interface even while it runs. */
async function said(words: string[]): Promise<string> {
  const before = interfaceNames();
  await using program = new Program(words);
  await program.printed("Error ");
  expect(interfaceNames()).toEqual(before);
  program.child.stdin.end();
  await program.ended;
  return program.output.trim();
}

describe("options", () => {
  const name =
    "interface name must be 1 to 15 bytes without spaces, slashes, colons and percent signs but one %d, and not all or default, got";
  const mtu = "MTU must be a whole number from 1280 to 65499, got";
  const multicast = 'multicast must be "forward" or "drop", got';
  const rate = "replies per second must be a whole number from 1 to 1000000, got";
  test.each<[Record<string, unknown>, string]>([
    [{ network: "8056c2e2" }, 'network ID must be 16 hex digits, got "8056c2e2" (8)'],
    [{ node: 5 }, "node address must be 10 hex digits, got 5"],
    [{ modes: [] }, "modes must be an array of 6plane, rfc4193 or both, got an array of 0"],
    [{ modes: "6plane" }, 'modes must be an array of 6plane, rfc4193 or both, got "6plane" (6)'],
    [{ modes: ["6plan"] }, 'mode must be 6plane or rfc4193, got "6plan" (5)'],
    [{ name: "" }, `${name} ""`],
    [{ name: "a b" }, `${name} "a b"`],
    [{ name: "a/b" }, `${name} "a/b"`],
    [{ name: "a:b" }, `${name} "a:b"`],
    [{ name: ".." }, `${name} ".."`],
    [{ name: "all" }, `${name} "all"`],
    [{ name: "default" }, `${name} "default"`],
    [{ name: "zt%d%d" }, `${name} "zt%d%d"`],
    [{ name: "zt\0" }, `${name} "zt\\u0000"`],
    [{ name: "z".repeat(16) }, `${name} "${"z".repeat(16)}"`],
    [{ name: "äöüäöüäö" }, `${name} "äöüäöüäö"`],
    [{ name: 7 }, `${name} 7`],
    [{ name: 7n }, `${name} 7`],
    [{ mtu: 1279 }, `${mtu} 1279`],
    [{ mtu: 65_500 }, `${mtu} 65500`],
    [{ mtu: 1500.5 }, `${mtu} 1500.5`],
    [{ mtu: "1500" }, `${mtu} "1500"`],
    [{ mtu: Number.NaN }, `${mtu} NaN`],
    [{ mtu: 1500n }, `${mtu} 1500`],
    [{ multicast: "no" }, `${multicast} "no"`],
    [{ multicast: true }, `${multicast} true`],
    [{ peers: "deadbeef01" }, 'peers must be an array of node addresses, got "deadbeef01"'],
    [{ peers: ["deadbeef0"] }, 'node address must be 10 hex digits, got "deadbeef0" (9)'],
    [{ acceptRouters: 1 }, "acceptRouters must be true or false, got 1"],
    [{ acceptRouters: "no" }, 'acceptRouters must be true or false, got "no"'],
    [{ repliesPerSecond: 0 }, `${rate} 0`],
    [{ repliesPerSecond: 1_000_001 }, `${rate} 1000001`],
    [{ repliesPerSecond: 0.5 }, `${rate} 0.5`],
    [{ repliesPerSecond: "10" }, `${rate} "10"`],
    [{ repliesPerSecond: null }, `${rate} null`],
    [{ restored: true }, "restored must be a function, got true"],
    [{ forward: "no" }, 'forward must be a function, got "no"'],
  ])("%o", async (bad, message) => {
    const opened = openTap({ ...OPTIONS, ...bad } as unknown as TapOptions);
    await expect(opened).rejects.toMatchObject({ name: "InputError", message });
  });

  test("that are unknown", async () => {
    const opened = openTap({ ...OPTIONS, mode: ["6plane"] } as unknown as TapOptions);
    await expect(opened).rejects.toMatchObject({
      name: "InputError",
      message: 'no option is called "mode": did you mean modes?',
    });
  });

  test("that are none", async () => {
    await expect(openTap(undefined as unknown as TapOptions)).rejects.toMatchObject({ name: "InputError" });
  });

  test.each<[string, number]>([
    ["a-15-bytes-name", 1280],
    ["zt.5", 65_499],
    ["äöü", 9000],
  ])("at their edges: %s, %i", async (edge, most) => {
    const tap = await openTap({ ...OPTIONS, name: edge, mtu: most });
    expect(interfaces().find(({ ifname }) => ifname === edge)).toMatchObject({ mtu: most });
    await tap.close();
  });
});

describe("a name", () => {
  const taken = "there is an interface of that name which is no TAP: choose another";

  test("is refused where a TAP of another program has it", async () => {
    await using other = new Program(hostWords({ ...OPTIONS, name: "zt5" }));
    await other.printed("open zt5");
    const message = "cannot open the TAP zt5: the name is in use by another program: choose another";
    await expect(open({ name: "zt5" })).rejects.toMatchObject({ name: "TapError", code: "EBUSY", message });
    other.child.stdin.end();
    expect(await other.ended).toBe(0);
  });

  test("is refused where another kind of interface has it", async () => {
    await expect(open({ name: "lo" })).rejects.toMatchObject({
      name: "TapError",
      code: "EINVAL",
      message: `cannot open the TAP lo: ${taken}`,
    });
    run("ip", "link", "add", "zt5", "type", "veth", "peer", "name", "zt6");
    await expect(open({ name: "zt5" })).rejects.toThrow(`cannot open the TAP zt5: ${taken}`);
    run("ip", "link", "delete", "zt5");
    run("ip", "tuntap", "add", "zt5", "mode", "tun");
    await expect(open({ name: "zt5" })).rejects.toThrow(`cannot open the TAP zt5: ${taken}`);
    run("ip", "link", "delete", "zt5");
  });
});

describe("the machine", () => {
  const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  /** A file system of this process's own over /dev/net. */
  const withDevices = (script: string) => [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    `mount -t tmpfs none /dev/net; ${script}; exec "$@"`,
    "sh",
  ];
  const device = (mode: string) => withDevices(`mknod /dev/net/tun c 10 200; chmod ${mode} /dev/net/tun`);
  const host = hostWords(OPTIONS);

  test("has no /dev/net/tun", async ({ skip }) => {
    skip(!isRoot, "needs root, or mounts of one's own");
    expect(await said([...withDevices(":"), ...host])).toBe(
      "TapError ENOENT: cannot open /dev/net/tun: there is none: `modprobe tun`, and let a container have the device",
    );
  });

  test("has no driver behind /dev/net/tun", async ({ skip }) => {
    skip(!isRoot, "only root makes devices");
    const words = withDevices("mknod /dev/net/tun c 240 200");
    expect(await said([...words, ...host])).toMatch(/^TapError ENXIO: cannot open \/dev\/net\/tun: .+/);
  });

  test("does not let this user open /dev/net/tun", async ({ skip }) => {
    skip(!isRoot, "only root makes devices");
    expect(await said([...device("600"), ...user, ...host])).toBe(
      "TapError EACCES: cannot open /dev/net/tun: permission denied: run as root, or have its mode changed to 666",
    );
  });

  test("does not let this user open a TAP", async ({ skip }) => {
    skip(!isRoot, "only root makes devices");
    expect(await said([...device("666"), ...user, ...host])).toBe(
      `TapError EPERM: cannot open the TAP zt%d: ${PRIVILEGE}`,
    );
  });

  test("lets a user have a prepared TAP, and says what it does not let them change of it", async ({
    skip,
  }) => {
    skip(!isRoot, "only root makes devices");
    run("ip", "tuntap", "add", "zt5", "mode", "tap", "user", "65534");
    const named = hostWords({ ...OPTIONS, name: "zt5", usable: true });
    const words = [...device("666"), ...user, ...named];
    expect(await said(words)).toBe(`TapError EPERM: cannot set the MAC of zt5: ${PRIVILEGE}`);
    run("ip", "link", "set", "zt5", "address", "02:89:e9:30:0c:27");
    expect(await said(words)).toBe(`TapError EPERM: cannot set the MTU of zt5: ${PRIVILEGE}`);
    run("ip", "link", "set", "zt5", "mtu", "2800");
    for (const setting of ["accept_ra", "autoconf", "accept_redirects"]) {
      expect(await said(words)).toBe(
        `TapError EACCES: cannot write 0 to /proc/sys/net/ipv6/conf/zt5/${setting}: permission denied: set net.ipv6.conf.default.${setting} to 0 before, or choose to accept routers`,
      );
      changeSetting(`conf/zt5/${setting}`, 0);
    }
    expect(await said(words)).toBe(`TapError EPERM: cannot set the flags of zt5: ${PRIVILEGE}`);
    run("ip", "link", "set", "zt5", "up");
    expect(await said(words)).toBe(`TapError EPERM: cannot give zt5 its addresses: ${PRIVILEGE}`);
    run("ip", "address", "add", "fc9c:56c2:e389:e92c:eee5::1/40", "dev", "zt5");
    run("ip", "address", "add", "fd80:56c2:e21c:0:199:9389:e92c:eee5/88", "dev", "zt5");
    const { linkLocal: _, ...before } = state("zt5"); // which comes when the kernel sees that the TAP was opened
    await using program = new Program(words);
    await program.printed("open zt5");
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    expect(state("zt5")).toMatchObject(before);

    const withPeers = [
      ...device("666"),
      ...user,
      ...hostWords({ ...OPTIONS, name: "zt5", usable: true, peers: [OWNER] }),
    ];
    expect(await said(withPeers)).toBe(
      "TapError EACCES: cannot write 1 to /proc/sys/net/ipv6/neigh/zt5/mcast_resolicit: permission denied: set net.ipv6.neigh.default.mcast_resolicit to 1 before",
    );
    changeSetting("neigh/zt5/mcast_resolicit", 1);
    const [peer, nowhere] = ["fc9c:56c2:e3de:adbe:ef01", "fe80::ff:fe1c:e2c2"];
    expect(await said(withPeers)).toBe(`TapError EPERM: cannot make the route ${peer}::/80: ${PRIVILEGE}`);
    run("ip", "neighbour", "add", nowhere, "lladdr", "02:00:00:1c:e2:c2", "dev", "zt5", "nud", "permanent");
    for (const route of [
      `${peer}::/80 via ${peer}::1`,
      `fc9c:56c2:e300::/40 via ${nowhere}`,
      "fd80:56c2:e21c:0:199:93de:adbe:ef01/128",
      `fd80:56c2:e21c:0:199:9300::/88 via ${nowhere}`,
    ]) {
      run("ip", "-6", "route", "add", ...route.split(" "), "dev", "zt5", "metric", "128", "onlink");
    }
    await using knowing = new Program(withPeers);
    await knowing.printed("open zt5");
    knowing.child.stdin.end();
    expect(await knowing.ended).toBe(0);

    changeSetting("conf/zt5/addr_gen_mode", 1);
    expect(await said(words)).toBe(
      "TapError EACCES: cannot write 0 to /proc/sys/net/ipv6/conf/zt5/addr_gen_mode: permission denied",
    );
    run("ip", "link", "delete", "zt5");
  });

  test("has settings that are read-only here, as containers do", async ({ skip }) => {
    skip(!isRoot, "needs root, or mounts of one's own");
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    changeSetting("conf/zt5/addr_gen_mode", 1);
    const before = state("zt5");
    const script = 'mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec "$@"';
    const words = ["unshare", "--mount", "sh", "-ec", script, "sh"];
    expect(await said([...words, ...hostWords({ ...OPTIONS, name: "zt5" })])).toBe(
      "TapError EROFS: cannot write 0 to /proc/sys/net/ipv6/conf/zt5/addr_gen_mode: it is read-only here",
    );
    expect(state("zt5")).toEqual(before); // MAC and MTU, which had been set by then
    changeSetting("conf/default/addr_gen_mode", 1);
    expect(await said([...words, ...hostWords({ ...OPTIONS, name: "zt6" })])).toContain("read-only");
    changeSetting("conf/default/addr_gen_mode", 0);
    run("ip", "link", "delete", "zt5");
    expect(await said([...words, ...hostWords(OPTIONS)])).toBe(
      "TapError EROFS: cannot write 0 to /proc/sys/net/ipv6/conf/zt0/accept_ra: it is read-only here: " +
        "set net.ipv6.conf.default.accept_ra to 0 before, or choose to accept routers",
    );
    for (const setting of ["accept_ra", "autoconf", "accept_redirects"]) {
      changeSetting(`conf/default/${setting}`, 0);
    }
    await using program = new Program([...words, ...hostWords(OPTIONS)]);
    await program.printed("open zt0");
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    for (const setting of ["accept_ra", "autoconf", "accept_redirects"]) {
      changeSetting(`conf/default/${setting}`, 1);
    }
  });

  test("has IPv6 off by default, which does not matter", async () => {
    changeSetting("conf/default/disable_ipv6", 1);
    changeSetting("conf/default/addr_gen_mode", 1);
    const tap = await open();
    await tap.usable();
    expect(interfaces("dev", tap.name)[0]?.addr_info.map(({ local }) => local)).toContain(
      "fe80::89:e9ff:fe30:c27",
    );
    await tap.close();
    changeSetting("conf/default/disable_ipv6", 0);
    changeSetting("conf/default/addr_gen_mode", 0);
  });

  test("has no koffi", async () => {
    using files = folder();
    const root = dirname(fileURLToPath(import.meta.resolve("sixplane/package.json")));
    for (const name of ["dist", "package.json"])
      cpSync(join(root, name), files.path(name), { recursive: true });
    mkdirSync(files.path("program"));
    cpSync(HOST, files.path("program/host.js"));
    const [runtime = "", , options = ""] = hostWords(OPTIONS);
    expect(await said([runtime, files.path("program/host.js"), options])).toBe(
      "TapError ENOSYS: sixplane/tap needs the package koffi under Node: `npm install koffi`, or run Node 26.1 or newer",
    );
  });
});
