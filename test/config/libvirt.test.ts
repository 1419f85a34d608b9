// A real libvirtd brings the network up.
import { test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { runPage } from "./page.ts";

const SETUP = `
  mount -t sysfs none /sys
  for folder in /var/lib /var/cache /var/log; do mount -t tmpfs none $folder; done
  mkdir -p /run/drivers /var/lib/libvirt/dnsmasq /var/lib/misc /etc/libvirt
  ln -s /usr/lib/*/libvirt/connection-driver/libvirt_driver_network.so /run/drivers
  printf 'auth_unix_rw="none"\\n' > /etc/libvirt/libvirtd.conf
  export LIBVIRT_DRIVER_DIR=/run/drivers LIBVIRT_DEFAULT_URI=network:///system
  libvirtd -f /etc/libvirt/libvirtd.conf > /run/libvirtd.log 2>&1 &
  timeout 20 sh -c "until virsh uri; do sleep .1; done" > /dev/null 2>&1`;

test("libvirt takes it and starts it, as its page says", (context) => {
  for (const program of ["libvirtd", "virsh", "virt-xml-validate", "dnsmasq"])
    context.skip(!isInstalled(program), `no ${program}`);
  runPage("libvirt", context, SETUP);
});
