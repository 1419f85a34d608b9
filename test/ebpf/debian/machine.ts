// A machine with Debian's kernel, in QEMU: a file system in memory with Node, this project's builds, and one program to run.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { folder } from "../../support/command.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** What the build made for programs: without the C, the types and the sources. */
const BUILT = readdirSync(`${ROOT}/dist`)
  .filter((name) => /\.(js|wasm)$/.test(name))
  .map((name) => `dist/${name}`);

/** What a machine is made of. */
export interface Machine {
  /** The emulator, and what it is told of the machine. */
  qemu: [string, ...string[]];
  /** What its console is called. */
  console: string;
  /** The kernel's image. */
  kernel: string;
  /** The folder with the kernel's drivers. */
  drivers: string;
  /** A package of koffi for its processor. */
  koffi: string;
  /** Its files, by the place where they are to be: a busybox, Node, `ip` and `tc`, with their libraries. */
  files: Record<string, string>;
}

/** What `files` of a machine must have. */
export const PROGRAMS = {
  busybox: "/bin/busybox",
  node: "/usr/bin/node",
  ip: "/usr/sbin/ip",
  tc: "/usr/sbin/tc",
};

/**
 * Runs a TypeScript program in the machine, and gives what it printed.
 *
 * @param entry its path in the project
 * @param drivers those that the kernel is to have, in their order
 * @param milliseconds how long it may take
 */
export async function runInMachine(
  machine: Machine,
  entry: string,
  drivers: string[],
  milliseconds: number,
): Promise<string> {
  using files = folder();
  const root = files.path("root");
  const put = (from: string, to: string) =>
    cpSync(from, `${root}${to}`, { recursive: true, dereference: true });
  for (const name of ["proc", "sys", "dev", "bin", "tmp", "modules"])
    mkdirSync(`${root}/${name}`, { recursive: true });
  for (const [to, from] of Object.entries(machine.files)) put(from, to);
  put(machine.koffi, `/app/node_modules/@koromix/${basename(machine.koffi)}`);
  for (const name of [
    "asconfig.json",
    "package.json",
    "test/support/vectors",
    "node_modules/commander",
    "node_modules/koffi",
    ...BUILT,
  ])
    put(`${ROOT}/${name}`, `/app/${name}`);
  for (const name of drivers) {
    const words = [machine.drivers, "-name", `${name}.ko`];
    put(execFileSync("find", words, { encoding: "utf8" }).trim(), `/modules/${name}.ko`);
  }
  await build({
    entryPoints: [entry],
    outfile: `${root}/app/test/ebpf/main.mjs`, // as far from the builds as in the project
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    external: ["koffi"],
    loader: { ".wasm": "base64" },
  });
  const mounts = ["proc", "sysfs:sys", "devtmpfs:dev"].map((one) => one.split(":"));
  const init = [
    "#!/bin/busybox sh",
    "exec 2>&1",
    "export PATH=/usr/sbin:/usr/bin:/bin",
    "/bin/busybox --install /bin",
    ...mounts.map(([type, place = type]) => `mount -t ${type} none /${place}`),
    ...drivers.map((name) => `insmod /modules/${name}.ko`),
    `echo; echo ${BEGIN}`,
    `${PROGRAMS.node} /app/test/ebpf/main.mjs`,
    `[ $? = 0 ] && echo ${END}`,
    "poweroff -f",
  ];
  writeFileSync(`${root}/init`, `${init.join("\n")}\n`, { mode: 0o755 });
  const image = files.path("image");
  execFileSync("sh", ["-c", `find . | cpio -o -H newc --quiet > ${image}`], { cwd: root });
  const [qemu, ...words] = machine.qemu;
  const system = [
    "-kernel",
    machine.kernel,
    "-initrd",
    image,
    "-append",
    `console=${machine.console} quiet panic=-1`,
  ];
  const rest = ["-nographic", "-no-reboot", "-m", "1024", "-cpu", "max", "-nic", "none"];
  const { stdout, error } = spawnSync(qemu, [...words, ...system, ...rest], {
    encoding: "utf8",
    timeout: milliseconds,
    killSignal: "SIGKILL",
  });
  const text = (stdout ?? `${error}`).replaceAll("\r", "");
  if (!text.includes(`${END}\n`))
    throw new Error(`the program in the machine did not come to a good end:\n${text}`);
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.lastIndexOf(END)).trim();
}

const BEGIN = "----- begin";
const END = "----- end";
