// What the firmware's tests need of the machine, and how they build it.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hex } from "../support/frames.ts";

export const FIRMWARE = fileURLToPath(new URL("../../examples/firmware", import.meta.url));

/** Whether there is such a program. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

function lacks(...programs: string[]): string | undefined {
  const missing = programs.find((program) => !isInstalled(program));
  return missing && `no ${missing}`;
}

/** Why nothing can be built for this machine, or undefined where it can. */
export const noHost = lacks("make", "cc", "objcopy");

/** The same for the chip, and for running it. */
export const noChip =
  lacks("make", "arm-none-eabi-gcc", "qemu-system-arm") ??
  (printed("arm-none-eabi-gcc", "-print-file-name=nano.specs").startsWith("/")
    ? undefined
    : "no libnewlib-arm-none-eabi");

function printed(program: string, ...words: string[]): string {
  return spawnSync(program, words, { encoding: "utf8" }).stdout;
}

/** Runs the firmware's Makefile, which must succeed, and gives what it printed. */
export function make(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync("make", ["-C", FIRMWARE, ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`make ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** Puts another config record into a built image. */
export function configure(objcopy: string, image: string, record: string, out: string): string {
  const file = `${out}.record`;
  writeFileSync(file, hex(record));
  execFileSync(objcopy, ["--update-section", `.config=${file}`, image, out]);
  return out;
}
