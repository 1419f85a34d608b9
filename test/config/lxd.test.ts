// A real LXD sets the bridge up.
import { expect, test } from "vitest";
import { parse } from "yaml";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { runPage } from "./page.ts";

const SETUP = `
  ip link set lo up
  mount -t sysfs none /sys
  mount -t tmpfs none /var/log
  export LXD_DIR=/run/lxd
  mkdir -p /run/lxd /var/log/lxd
  lxd --group root > /run/lxd.log 2>&1 &
  timeout 30 lxd waitready
  lxc list > /dev/null 2>&1`;

test("LXD takes it and sets the bridge up, as its page says", (context) => {
  for (const program of ["lxd", "lxc", "dnsmasq"]) context.skip(!isInstalled(program), `no ${program}`);
  runPage("lxd", context, SETUP);
});

/**
 * What a bridge network of both may have, of what is used here (upstream: Validate in Incus'
 * internal/server/network/driver_bridge.go, and in lxd/network/driver_bridge.go of an LXD before 5.0).
 */
const BOOLEAN = /^(true|false)$/;
const KEYS: Record<string, RegExp> = {
  "bridge.mtu": /^\d+$/,
  "ipv4.address": /^(none|auto|[\d.]+\/\d+)$/,
  "ipv6.address": /^(none|auto|[\da-f:]+\/\d+)$/,
  "ipv6.nat": BOOLEAN,
  "ipv6.routing": BOOLEAN,
  "ipv6.dhcp": BOOLEAN,
  "ipv6.dhcp.stateful": BOOLEAN,
  "ipv6.dhcp.ranges": /^[\da-f:]+-[\da-f:]+$/,
};

test("has the keys and values that LXD and Incus allow, as strings", async () => {
  const { stdout } = await sixplane(["config", "lxd", "--network", NETWORK, "--node", SELF]);
  const { config, ...rest }: { config: Record<string, string> } = parse(stdout);
  expect(rest).toEqual({});
  expect(Object.keys(config).sort()).toEqual(Object.keys(KEYS).sort());
  for (const [key, value] of Object.entries(config)) expect(value).toMatch(KEYS[key] as RegExp);
  expect(config).toMatchObject({ "ipv4.address": "none", "ipv6.nat": "false", "ipv6.dhcp.stateful": "true" });
});
