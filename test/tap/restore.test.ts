// What another program changes of an interface while a TAP has it: it is put back, or the TAP ends with a reason.
import { openTap, type Tap } from "sixplane/tap";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Namespace } from "../../examples/fabric/namespace.js";
import {
  advertisement,
  hex,
  NETWORK,
  OWNER_MAC,
  SELF,
  SELF_ADDRESS,
  solicitation,
  UNSPECIFIED,
} from "../support/frames.ts";
import {
  changeSetting,
  expectNoInterface,
  interfaces,
  neighbours,
  open,
  skipDuplicateDetection,
  state,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";
import { PacketSocket } from "../support/packet.ts";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

const SIXPLANE = "address fc9c:56c2:e389:e92c:eee5::1/40";
const RFC4193 = "address fd80:56c2:e21c:0:199:9389:e92c:eee5/88";
const LINK_LOCAL = "address fe80::89:e9ff:fe30:c27/64";
const MAC = "MAC 02:89:e9:30:0c:27";
const ROUTERS = ["accept_ra 0", "autoconf 0", "accept_redirects 0"];

/** All that a TAP sets. */
const complete = (name: string) => ({
  ...state(name),
  routers: ROUTERS.map((text) => text.replace(/ \d$/, "")).map((setting) =>
    run("cat", `/proc/sys/net/ipv6/conf/${name}/${setting}`).trim(),
  ),
});

const IP = (words: string) => () => void run("ip", ...(words.split(" ") as [string]));

/** An open TAP with its link-local address, and what has been put back of it so far. */
async function opened(options: object = {}): Promise<{ tap: Tap; restored: string[] }> {
  const restored: string[] = [];
  const tap = await open({ name: "zt5", restored: (what) => restored.push(...what), ...options });
  const count = () => interfaces("dev", "zt5")[0]?.addr_info.length;
  await until(() => count() === 3, "the link-local address");
  run("ip", "link", "set", "zt5", "mtu", "1400");
  await until(() => restored.length > 0, "the MTU put back"); // so the TAP has seen that address, too
  restored.length = 0;
  return { tap, restored };
}

describe("another program", () => {
  test.each<[what: string, act: () => void, expected: string[]]>([
    ["takes the interface down", IP("link set zt5 down"), ["up", SIXPLANE, RFC4193]],
    [
      "takes it down and up",
      () => run("sh", "-c", "ip link set zt5 down; ip link set zt5 up"),
      [SIXPLANE, RFC4193],
    ],
    ["takes one address away", IP(`address del ${SIXPLANE.slice(8)} dev zt5`), [SIXPLANE]],
    ["takes all addresses away", IP("-6 address flush dev zt5"), [SIXPLANE, RFC4193, LINK_LOCAL]],
    [
      "switches IPv6 off",
      () => changeSetting("conf/zt5/disable_ipv6", 1),
      ["disable_ipv6 0", SIXPLANE, RFC4193],
    ],
    ["sets another MAC", IP("link set zt5 address 02:00:00:00:00:05"), [MAC, SIXPLANE, RFC4193]],
    ["sets another MTU", IP("link set zt5 mtu 1400"), ["MTU 2800"]],
    ["sets an MTU without IPv6", IP("link set zt5 mtu 1000"), ["MTU 2800", ...ROUTERS, SIXPLANE, RFC4193]],
  ])("%s, and it is put back", async (_, act, expected) => {
    const { tap, restored } = await opened();
    const before = complete("zt5");
    act();
    await until(() => restored.length > 0, "something put back");
    expect(restored).toEqual(expected);
    await until(() => interfaces("dev", "zt5")[0]?.addr_info.length === 3, "all addresses");
    expect(complete("zt5")).toEqual(before);
    run("ip", "-6", "neigh", "flush", "dev", "zt5");
    run("sh", "-c", "ping -n -c 1 -W 0.1 fc9c:56c2:e3de:adbe:ef01::1 || true");
    expect(neighbours("zt5").map(({ lladdr }) => lladdr?.replaceAll(":", ""))).toContain(OWNER_MAC);
    await tap.close();
    expect(restored).toEqual(expected);
  });

  test("changes other interfaces and other addresses, which are none of ours", async () => {
    const { tap, restored } = await opened();
    run("ip", "link", "add", "zt6", "type", "veth", "peer", "name", "zt7");
    run("ip", "link", "set", "zt6", "up");
    run("ip", "link", "delete", "zt6");
    run("ip", "address", "add", "2001:db8::1/64", "dev", "zt5");
    run("ip", "address", "delete", "2001:db8::1/64", "dev", "zt5");
    run("ip", "link", "set", "zt5", "mtu", "1400");
    await until(() => restored.length > 0, "the MTU put back");
    expect(restored).toEqual(["MTU 2800"]);
    await tap.close();
  });

  test("changes it in a flood of frames", async () => {
    const { tap, restored } = await opened();
    using sender = PacketSocket.sender("zt5");
    run("ip", "link", "set", "zt5", "mtu", "1400");
    for (const end = performance.now() + 20_000; restored.length === 0 && performance.now() < end; ) {
      try {
        for (let sent = 0; sent < 200; sent++) sender.send(solicitation());
      } catch {} // there may be no room
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(restored).toEqual(["MTU 2800"]);
    await tap.close();
  });
});

describe("what cannot be put back ends the TAP", () => {
  test("where it has been renamed", async () => {
    const { tap } = await opened();
    run("sh", "-c", "ip link set zt5 down; ip link set zt5 name zt9");
    await expect(tap.closed).rejects.toMatchObject({
      name: "TapError",
      code: "ENODEV",
      message: "the interface zt5 has been renamed to zt9",
    });
  });

  test("where it has been moved", async () => {
    using elsewhere = Namespace.open();
    const { tap } = await opened();
    run("ip", "link", "set", "zt5", "netns", elsewhere.path);
    await expect(tap.closed).rejects.toMatchObject({
      name: "TapError",
      code: "ENODEV",
      message: "the interface zt5 has been moved to another network namespace",
    });
  });

  test("where another host takes the address while it is gone", async () => {
    const { tap, restored } = await opened();
    changeSetting("conf/zt5/accept_dad", 1);
    run("ip", "address", "delete", SIXPLANE.slice(8), "dev", "zt5");
    await until(() => restored.length > 0, "the address put back");
    expect(tap.inject(hex(advertisement({ target: SELF_ADDRESS, source: UNSPECIFIED })))).toBe(true);
    await expect(tap.closed).rejects.toMatchObject({
      name: "TapError",
      code: "EADDRINUSE",
      message:
        "zt5 was changed by another program, and not put back: another host of the network uses fc9c:56c2:e389:e92c:eee5::1",
    });
  });

  test("where `restored` throws, with that", async () => {
    const tap = await openTap({
      network: NETWORK,
      node: SELF,
      name: "zt5",
      restored: () => {
        throw new RangeError("on purpose");
      },
    });
    run("ip", "link", "set", "zt5", "mtu", "1400");
    await expect(tap.closed).rejects.toThrow(new RangeError("on purpose"));
  });
});
