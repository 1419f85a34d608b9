// Routers on the network, which a host obeys only where it was told to.
import { readFileSync } from "node:fs";
import { openTap, type Tap } from "sixplane/tap";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ALL_NODES, NETWORK, OWNER_MAC, SELF, SELF_MAC } from "../support/frames.ts";
import { icmpv6, linkLocalOf, redirect, routerAdvertisement } from "../support/icmpv6.ts";
import {
  changeSetting,
  expectNoInterface,
  interfaces,
  open,
  skipDuplicateDetection,
  until,
} from "../support/kernel.ts";
import { obstacle, run } from "../support/namespace.ts";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
});

afterEach(expectNoInterface);

const ROUTER = linkLocalOf(OWNER_MAC);
const ROUTER_TEXT = "fe80::de:adff:fea2:dc3";
/** Another router, to which the first one redirects. */
const OTHER_MAC = "0211222fa697";
const OTHER_TEXT = "fe80::11:22ff:fe2f:a697";
const SETTINGS = ["accept_ra", "autoconf", "accept_redirects"];

const advertised = icmpv6({
  ethernetDestination: "333300000001",
  ethernetSource: OWNER_MAC,
  source: ROUTER,
  destination: ALL_NODES,
  type: 134,
  body: routerAdvertisement(OWNER_MAC),
});

const redirected = icmpv6({
  ethernetSource: OWNER_MAC,
  source: ROUTER,
  destination: linkLocalOf(SELF_MAC),
  type: 137,
  body: redirect(linkLocalOf(OTHER_MAC), "20010db8dead00000000000000000001", OTHER_MAC),
});

const setting = (name: string, what: string) =>
  readFileSync(`/proc/sys/net/ipv6/conf/${name}/${what}`, "utf8").trim();

/** What a router can change. */
function changeable({ name }: Tap) {
  const routes = run("ip", "-6", "route", "show", "dev", name);
  return {
    default: routes.includes("default via"),
    addresses: interfaces("dev", name)[0]?.addr_info.filter(({ local }) => local.startsWith("2001:db8:bad:"))
      .length,
    hopLimit: setting(name, "hop_limit"),
    mtu: setting(name, "mtu"),
    via: / via (\S+)/.exec(run("ip", "-6", "route", "get", "2001:db8:dead::1"))?.[1],
  };
}

const UNCHANGED = { default: false, addresses: 0, hopLimit: "64", mtu: "2800", via: ROUTER_TEXT };

/** Injects both, and then waits for the kernel's answer to an echo request, which comes behind them. */
async function hear(tap: Tap, answered: () => boolean): Promise<void> {
  run("ip", "-6", "route", "add", "2001:db8:dead::/48", "via", ROUTER_TEXT, "dev", tap.name);
  await until(() => interfaces("dev", tap.name)[0]?.addr_info.length === 3, "the link-local address");
  for (const frame of [redirected, advertised]) expect(tap.inject(frame)).toBe(true);
  const echo = icmpv6({
    ethernetSource: OWNER_MAC,
    source: ROUTER,
    destination: linkLocalOf(SELF_MAC),
    type: 128,
    body: "00000000",
  });
  expect(tap.inject(echo)).toBe(true);
  await until(answered, "an echo reply");
}

/** A `forward` that says whether an echo reply has come. */
function listener() {
  let replies = 0;
  return {
    answered: () => replies > 0,
    forward: (frames: Iterable<Uint8Array>) => {
      for (const frame of frames) if (frame[20] === 58 && frame[54] === 129) replies++;
    },
  };
}

describe("a Router Advertisement and a Redirect", () => {
  test("change nothing", async () => {
    const { answered, forward } = listener();
    const tap = await open({ forward });
    await hear(tap, answered);
    expect(changeable(tap)).toEqual(UNCHANGED);
    await tap.close();
  });

  test("change routes, addresses, hop limit and MTU with acceptRouters", async () => {
    const { answered, forward } = listener();
    const tap = await open({ forward, acceptRouters: true });
    await hear(tap, answered);
    expect(changeable(tap)).toEqual({
      default: true,
      addresses: 1,
      hopLimit: "3",
      mtu: "1280",
      via: OTHER_TEXT,
    });
    await tap.close();
  });
});

describe("the settings of a TAP that was made to stay", () => {
  test.each([
    ["as the system has them", ["1", "1", "1"]],
    ["off already", ["0", "0", "0"]],
    ["on for a host that forwards", ["2", "1", "0"]],
  ])("are off while it is open, and put back when it is closed: %s", async (_, before) => {
    run("ip", "tuntap", "add", "zt5", "mode", "tap");
    for (const [index, name] of SETTINGS.entries()) changeSetting(`conf/zt5/${name}`, before[index] ?? "");
    const settings = () => SETTINGS.map((name) => setting("zt5", name));
    const tap = await openTap({ network: NETWORK, node: SELF, name: "zt5" });
    expect(settings()).toEqual(["0", "0", "0"]);
    await tap.close();
    expect(settings()).toEqual(before);
    const obeying = await openTap({ network: NETWORK, node: SELF, name: "zt5", acceptRouters: true });
    expect(settings()).toEqual(before);
    await obeying.close();
    run("ip", "link", "delete", "zt5");
  });
});
