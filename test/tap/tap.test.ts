// The TAP against the Linux kernel, whose interface it is.
import { openTap } from "sixplane/tap";
import { beforeEach, describe, expect, test } from "vitest";
import { NETWORK, SELF } from "../support/frames.ts";
import { interfaceNames, interfaces } from "../support/kernel.ts";
import { obstacle } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

describe("an open TAP", () => {
  test("has the MAC, the MTU and the addresses of the node, and is gone when closed", async () => {
    const tap = await openTap({ network: NETWORK, node: SELF, name: "zt7" });
    const [found] = interfaces("dev", "zt7");
    expect(found).toMatchObject({ ifname: "zt7", address: "02:89:e9:30:0c:27", mtu: 2800 });
    expect(found?.flags).toContain("UP");
    expect(found?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort()).toEqual([
      "fc9c:56c2:e389:e92c:eee5::1/40",
      "fd80:56c2:e21c:0:199:9389:e92c:eee5/88",
      "fe80::89:e9ff:fe30:c27/64",
    ]);
    await tap.close();
    expect(interfaceNames()).toEqual(["lo"]);
  });
});
