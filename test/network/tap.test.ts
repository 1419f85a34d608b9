// The TAP against the Linux kernel, whose interface it is.
import { spawnSync } from "node:child_process";
import { openTap } from "sixplane/tap";
import { beforeEach, describe, expect, test } from "vitest";
import { obstacle, run } from "./namespace.ts";

const NETWORK = "8056c2e21c000001";
const NODE = "89e92ceee5";
const MAC = "02:89:e9:30:0c:27";
const OTHER_MAC = "02:de:ad:a2:0d:c3";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

/** What `ip -json` says of interfaces. */
function interfaces(...words: string[]) {
  return JSON.parse(run("ip", "-json", "address", "show", ...words)) as {
    ifname: string;
    address: string;
    mtu: number;
    flags: string[];
    addr_info: { local: string; prefixlen: number; scope: string }[];
  }[];
}

describe("an open TAP", () => {
  test("has the MAC, the MTU and the addresses of the node, and is gone when closed", async () => {
    const tap = await openTap({ network: NETWORK, node: NODE, name: "zt7" });
    const [found] = interfaces("dev", "zt7");
    expect(found).toMatchObject({ ifname: "zt7", address: MAC, mtu: 2800 });
    expect(found?.flags).toContain("UP");
    expect(found?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort()).toEqual([
      "fc9c:56c2:e389:e92c:eee5::1/40",
      "fd80:56c2:e21c:0:199:9389:e92c:eee5/88",
      "fe80::89:e9ff:fe30:c27/64",
    ]);
    await tap.close();
    expect(interfaces().map(({ ifname }) => ifname)).toEqual(["lo"]);
  });

  test.each([
    ["6PLANE", "fc9c:56c2:e3de:adbe:ef01::1"],
    ["6PLANE, any suffix", "fc9c:56c2:e3de:adbe:ef01:dead:beef:cafe"],
    ["RFC 4193", "fd80:56c2:e21c:0:199:93de:adbe:ef01"],
  ])("tells ndisc6 the MAC of an owner: %s", async (_, target) => {
    const tap = await openTap({ network: NETWORK, node: NODE });
    await tap.usable();
    const { stdout } = spawnSync("ndisc6", ["-1", "-r", "1", target, tap.name], { encoding: "utf8" });
    expect(stdout).toContain(`Target link-layer address: ${OTHER_MAC.toUpperCase()}`);
    await tap.close();
  });
});
