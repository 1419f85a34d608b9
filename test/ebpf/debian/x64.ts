// A machine of the packages that this one has: linux-image-amd64, busybox-static, iproute2.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Machine, PROGRAMS } from "./machine.ts";

const QEMU = "qemu-system-x86_64";

const release = existsSync("/boot")
  ? readdirSync("/boot").flatMap((name) => /^vmlinuz-(6\.1\..*-amd64)$/.exec(name)?.[1] ?? [])[0]
  : undefined;

/** Why there is no such machine here; undefined where there is one. */
export const noX64 = obstacle();

function obstacle(): string | undefined {
  if (process.arch !== "x64") return `this is ${process.arch}`;
  if (release === undefined) return "no /boot/vmlinuz-6.1* (linux-image-amd64)";
  if (!existsSync(PROGRAMS.busybox)) return `no ${PROGRAMS.busybox} (busybox-static)`;
  return [QEMU, "cpio"].find((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
}

export function x64(): Machine {
  const { node, ...others } = PROGRAMS;
  const programs = Object.values(others);
  const same = [...programs, ...[process.execPath, ...programs].flatMap(librariesOf)];
  return {
    qemu: [QEMU],
    console: "ttyS0",
    kernel: `/boot/vmlinuz-${release}`,
    drivers: `/lib/modules/${release}`,
    koffi: fileURLToPath(new URL("../../../node_modules/@koromix/koffi-linux-x64", import.meta.url)),
    files: { ...Object.fromEntries(same.map((path) => [path, path])), [node]: process.execPath },
  };
}

/** None, where it is linked statically. */
function librariesOf(program: string): string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return stdout.match(/\/\S+(?= \()/g) ?? [];
}
