// radvd's own judgement of its file; what a host makes of it is in site.test.ts.
import { test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { runPage } from "./page.ts";

// systemd's part is done by hand.
const SETUP = `
  ip link add lan0 type veth peer name other; ip link set lan0 up; ip link set other up
  systemctl() { radvd -C /etc/radvd.conf; }`;

test("radvd takes it, as its page says", (context) => {
  for (const program of ["radvd", "ip", "sysctl"]) context.skip(!isInstalled(program), `no ${program}`);
  runPage("radvd", context, SETUP);
});
