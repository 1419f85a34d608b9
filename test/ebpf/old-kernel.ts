// A machine with Debian's kernel, in QEMU: a file system in memory with Node, this project's builds, and one program to run.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the build made for programs: without the C, the types and the sources. */
const BUILT = readdirSync(`${ROOT}/dist`)
  .filter((name) => /\.(js|wasm)$/.test(name))
  .map((name) => `dist/${name}`);
const BUSYBOX = "/bin/busybox";
const QEMU = "qemu-system-x86_64";
const MILLISECONDS = 240_000; // on a busy machine: alone it takes a quarter

const release = existsSync("/boot")
  ? readdirSync("/boot").flatMap((name) => /^vmlinuz-(6\.1\..*-amd64)$/.exec(name)?.[1] ?? [])[0]
  : undefined;

/** Why there is no such machine here; undefined where there is one. */
export const noMachine = obstacle();

function obstacle(): string | undefined {
  if (process.arch !== "x64") return `this is ${process.arch}`;
  if (release === undefined) return "no /boot/vmlinuz-6.1* (linux-image-amd64)";
  if (!existsSync(BUSYBOX)) return `no ${BUSYBOX} (busybox-static)`;
  return [QEMU, "cpio"].find((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
}

/** What files a program of this machine's needs: itself, and its libraries. */
function filesOf(program: string): string[] {
  const libraries = execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+(?= \()/g) ?? [];
  return [program, ...libraries];
}

/**
 * Runs a TypeScript program in the machine, with the commands before it, and gives what it all printed.
 *
 * @param entry its path in the project
 * @param modules drivers that the kernel is to have
 * @param programs of this machine's, to be there, too
 */
export async function runInMachine(
  entry: string,
  modules: string[] = [],
  programs: string[] = [],
): Promise<string> {
  using files = folder();
  const root = files.path("root");
  const put = (from: string, to: string) =>
    cpSync(from, `${root}${to}`, { recursive: true, dereference: true });
  for (const name of ["proc", "sys", "dev", "bin", "tmp", "modules"])
    mkdirSync(`${root}/${name}`, { recursive: true });
  put(BUSYBOX, "/bin/busybox");
  for (const file of [process.execPath, ...programs].flatMap(filesOf)) put(file, file);
  for (const name of [
    "asconfig.json",
    "package.json",
    "test/support/vectors",
    "node_modules/commander",
    "node_modules/koffi",
    "node_modules/@koromix/koffi-linux-x64",
    ...BUILT,
  ])
    put(`${ROOT}/${name}`, `/app/${name}`);
  for (const name of modules) {
    const found = execFileSync("find", [`/lib/modules/${release}`, "-name", `${name}.ko`], {
      encoding: "utf8",
    }).trim();
    put(found, `/modules/${name}.ko`);
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
    ...modules.map((name) => `insmod /modules/${name}.ko`),
    `echo; echo ${BEGIN}`,
    `${process.execPath} /app/test/ebpf/main.mjs`,
    `[ $? = 0 ] && echo ${END}`,
    "poweroff -f",
  ];
  writeFileSync(`${root}/init`, `${init.join("\n")}\n`, { mode: 0o755 });
  const image = files.path("image");
  execFileSync("sh", ["-c", `find . | cpio -o -H newc --quiet > ${image}`], { cwd: root });
  const words = [
    "-kernel",
    `/boot/vmlinuz-${release}`,
    "-initrd",
    image,
    "-append",
    "console=ttyS0 quiet panic=-1",
  ];
  const machine = ["-nographic", "-no-reboot", "-m", "1024", "-cpu", "max", "-nic", "none"];
  const { stdout } = spawnSync(QEMU, [...words, ...machine], {
    encoding: "utf8",
    timeout: MILLISECONDS,
    killSignal: "SIGKILL",
  });
  const text = stdout.replaceAll("\r", "");
  if (!text.includes(`${END}\n`))
    throw new Error(`the program in the machine did not come to a good end:\n${text}`);
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.lastIndexOf(END)).trim();
}

const BEGIN = "----- begin";
const END = "----- end";
