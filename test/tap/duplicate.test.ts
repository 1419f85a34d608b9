// Duplicate address detection, which takes the kernel 1 to 2 seconds for an address.
import { openTap } from "sixplane/tap";
import { beforeEach, describe, expect, test } from "vitest";
import { Namespace } from "../../examples/fabric/namespace.js";
import { advertisement, hex, NETWORK, SELF, SELF_ADDRESS, UNSPECIFIED } from "../support/frames.ts";
import { hostWords, interfaces, Program, until } from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

function addressOf(name: string, address: string) {
  return interfaces("dev", name)[0]?.addr_info.find(({ local }) => local === address);
}

describe("the node's own addresses", () => {
  test("are tentative until usable() resolves", async () => {
    const tap = await openTap({ network: NETWORK, node: SELF });
    const tentative = () => tap.addresses.map((address) => addressOf(tap.name, address)?.tentative ?? false);
    expect(tentative()).toEqual([true, true]);
    await tap.usable();
    expect(tentative()).toEqual([false, false]);
    for (const address of tap.addresses) expect(addressOf(tap.name, address)?.dadfailed).toBeUndefined();
    expect(tap.counters().reasons["own-address"]).toBeGreaterThanOrEqual(2); // asked for, and not answered
    await tap.close();
  });

  test("are refused where another host of the network has them", async () => {
    using elsewhere = Namespace.open();
    const words = elsewhere.words(...hostWords({ network: NETWORK, node: SELF, usable: true }));
    await using other = new Program(words, { ipc: true });
    await other.printed("open");
    const tap = await openTap({
      network: NETWORK,
      node: SELF,
      forward: (frames) => {
        for (const frame of frames) other.child.send([...frame]);
      },
    });
    other.child.on("message", (frame) => tap.inject(Uint8Array.from(frame as number[])));
    await expect(tap.usable()).rejects.toMatchObject({
      name: "TapError",
      code: "EADDRINUSE",
      message: `fc9c:56c2:e389:e92c:eee5::1 on ${tap.name} is in use by another host of the network`,
    });
    await tap.close();
  });

  test("are refused by an advertisement from anywhere", async () => {
    const tap = await openTap({ network: NETWORK, node: SELF });
    expect(tap.inject(hex(advertisement({ target: SELF_ADDRESS, source: UNSPECIFIED })))).toBe(true);
    await expect(tap.usable()).rejects.toMatchObject({ name: "TapError", code: "EADDRINUSE" });
    expect(addressOf(tap.name, "fc9c:56c2:e389:e92c:eee5::1")?.dadfailed).toBe(true);
    await tap.close();
  });

  test("are waited for where somebody takes one away, but not when the TAP is closed", async () => {
    const tap = await openTap({ network: NETWORK, node: SELF });
    run("ip", "address", "delete", "fc9c:56c2:e389:e92c:eee5::1/40", "dev", tap.name);
    await tap.usable();
    expect(addressOf(tap.name, "fc9c:56c2:e389:e92c:eee5::1")?.tentative).toBeUndefined();
    await tap.close();

    const closing = await openTap({ network: NETWORK, node: SELF });
    const usable = expect(closing.usable()).rejects.toMatchObject({
      name: "TapError",
      code: "EADDRNOTAVAIL",
      message: `fc9c:56c2:e389:e92c:eee5::1 on ${closing.name} is not there any more`,
    });
    await closing.close();
    await usable;
  });
});

describe("an address of another node", () => {
  test.each(["fc9c:56c2:e3de:adbe:ef01::1", "fd80:56c2:e21c:0:199:93de:adbe:ef01"])(
    "is defended for it: %s",
    async (address) => {
      const tap = await openTap({ network: NETWORK, node: SELF });
      run("ip", "-6", "address", "add", `${address}/128`, "dev", tap.name);
      await until(() => addressOf(tap.name, address)?.dadfailed === true, "dadfailed");
      await tap.usable(); // which is about the node's own
      await tap.close();
    },
  );
});
