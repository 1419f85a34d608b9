// radvd's own judgement of its file; what a host makes of it is in site.test.ts.
import { expect, test } from "vitest";
import { sixplane } from "../command.ts";
import { NETWORK, SELF } from "../frames.ts";
import { isInstalled } from "../network/namespace.ts";
import { runPage } from "./page.ts";

// systemd's part is done by hand.
const SETUP = `
  ip link add lan0 type veth peer name other; ip link set lan0 up; ip link set other up
  systemctl() { radvd -C /etc/radvd.conf; }`;

test("radvd takes it, as its page says", (context) => {
  for (const program of ["radvd", "ip", "sysctl"]) context.skip(!isInstalled(program), `no ${program}`);
  runPage("radvd", context, SETUP);
});

test("a sub-prefix without room for a router and a pool is refused", async () => {
  const words = ["config", "radvd", "--network", NETWORK, "--node", SELF, "--interface", "lan0"];
  const { status, stderr } = await sixplane([...words, "--subnet", "web", "--subnet-length", "127"]);
  const room = "has no room for a router and a pool: make it a /126 at most";
  expect([status, stderr]).toEqual([2, `sixplane: the sub-prefix "web" is a /127, which ${room}\n`]);
});
