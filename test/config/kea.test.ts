// Kea's own judgement of its file; what a host gets is in site.test.ts.
import { test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { runPage } from "./page.ts";

// systemd's part is done by hand.
const SETUP = `
  mount -t tmpfs none /var/lib
  mkdir -m 700 /run/kea /var/lib/kea
  sysctl -qw net.ipv6.conf.default.accept_dad=0
  ip link add lan0 type veth peer name other; ip link set lan0 up; ip link set other up
  systemctl() {
    kea-dhcp6 -c /etc/kea/kea-dhcp6.conf > /run/kea.log 2>&1 &
    timeout 15 sh -c 'until ss -Hlun "sport = 547" | grep -q .; do sleep .1; done' || { cat /run/kea.log >&2; false; }
  }`;

test("Kea takes it, as its page says", (context) => {
  for (const program of ["kea-dhcp6", "ip", "ss", "sysctl"])
    context.skip(!isInstalled(program), `no ${program}`);
  runPage("kea", context, SETUP);
});
