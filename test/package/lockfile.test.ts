// What `npm ci` installs is what was tested: each package of a lockfile has its hash.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test.each(["", "test/runtimes/node-22/", "test/runtimes/node-24/", "test/runtimes/node-26/"])(
  "%spackage-lock.json has the hash of every package, for every platform",
  (folder) => {
    const { packages } = JSON.parse(readFileSync(`${ROOT}${folder}package-lock.json`, "utf8"));
    const entries = Object.entries<{ integrity?: string; link?: boolean }>(packages);
    const installed = entries.filter(([path, { link }]) => path !== "" && !link);
    expect(installed.length).toBeGreaterThan(0);
    const without = installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
    expect(without.map(([path]) => path)).toEqual([]);
  },
);
