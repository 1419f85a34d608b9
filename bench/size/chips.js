// What C takes of a microcontroller's flash: code and constants of what is reached from some functions.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

/** @typedef {keyof typeof CHIPS} ChipName */

export const CHIPS = {
  cortexM0: arm("cortex-m0"),
  cortexM3: arm("cortex-m3"),
  rv32imc: {
    prefix: "riscv64-unknown-elf-",
    packages: "gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf",
    flags: ["-march=rv32imc", "-mabi=ilp32"],
    headers: ["--specs=picolibc.specs"], // not for the linker, whose script then wants a whole program
  },
};

const FLAGS = ["-std=c11", "-Os", "-ffunction-sections", "-fdata-sections"];

/** @param {string} cpu */
function arm(cpu) {
  return {
    prefix: "arm-none-eabi-",
    packages: "gcc-arm-none-eabi, libnewlib-arm-none-eabi",
    flags: ["-mthumb", `-mcpu=${cpu}`],
    headers: [],
  };
}

/**
 * Why nothing can be compiled for the chip here; undefined where it can.
 *
 * @param {ChipName} name
 */
export function missing(name) {
  const { prefix, packages, flags, headers } = CHIPS[name];
  const check = spawnSync(`${prefix}gcc`, [...flags, ...headers, "-E", "-x", "c", "-"], {
    input: "#include <math.h>\n#include <string.h>\n",
  });
  return check.status === 0 ? undefined : `${name} takes ${packages}`;
}

/**
 * @param {ChipName} name
 * @param {string} folder for what is made on the way
 * @param {{ file: string, flags: string[] }[]} sources
 * @param {string[]} entries the functions that are used
 */
export function flashBytes(name, folder, sources, entries) {
  const { prefix, flags, headers } = CHIPS[name];
  const objects = sources.map(({ file, flags: own }, i) => {
    const object = join(folder, `${i}.o`);
    execFileSync(`${prefix}gcc`, [...FLAGS, ...flags, ...headers, ...own, "-c", file, "-o", object]);
    return object;
  });
  const linked = join(folder, "linked.o");
  const roots = entries.map((entry) => `-Wl,-u,${entry}`);
  const link = ["-nostdlib", "-r", "-Wl,--gc-sections", `-Wl,-e,${entries[0]}`, ...roots];
  execFileSync(`${prefix}gcc`, [...flags, ...link, ...objects, "-o", linked]);
  const sections = execFileSync(`${prefix}size`, ["-A", linked], { encoding: "utf8" });
  return [...sections.matchAll(/^\.(?:text|s?rodata)\S* +(\d+)/gm)].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  );
}
