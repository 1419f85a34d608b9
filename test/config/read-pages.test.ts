// The pages of what cannot be run here: they say so, and their addresses are those that sixplane gives.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Address6 } from "ip-address";
import { describe, expect, test } from "vitest";
import { runContained } from "../support/contained-shell.ts";
import { A } from "../support/hosts.ts";
import { blocksOf, commandsOf } from "../support/pages.ts";

const NETWORK_PREFIX = "fc9c:56c2:e300::/40";

/** Each page, the sub-prefix that it routes, and words by which it says what was only read. */
const PAGES: [page: string, subnet: string, read: RegExp][] = [
  ["jails", "fc9c:56c2:e389:e92c:eee5:3092::/96", /Nothing of it was run: .* read in the manual pages/s],
  [
    "vagrant",
    "fc9c:56c2:e389:e92c:eee5:cff9::/96",
    /was not run: its options were read in Vagrant's documentation/,
  ],
  [
    "hyper-v",
    "fc9c:56c2:e389:e92c:eee5:3d6d::/96",
    /Nothing of it was run: .* read in\s+Microsoft's reference/s,
  ],
];

describe.each(PAGES)("the page %s", (name, subnet, read) => {
  const page = `bindings/cli/config/${name}.md`;
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8");

  test("says what was read, and is found by the page of all targets", () => {
    expect(text).toMatch(read);
    const list = fileURLToPath(new URL("../../bindings/cli/config/README.md", import.meta.url));
    expect(readFileSync(list, "utf8")).toContain(`](${name}.md)`);
  });

  test("shows what sixplane prints", (context) => {
    runContained(blocksOf(page, "console").flatMap(commandsOf), context);
  });

  test("names addresses of the sub-prefix alone, of which the second is the host's", () => {
    const prefix = new Address6(subnet);
    const all = [...text.matchAll(/\bfc9c:[\da-f:]+(?:\/\d+)?/g)].map(([address]) =>
      address.replace(/\/96$/, ""),
    );
    const inside = all.filter((address) => new Address6(address).isInSubnet(prefix));
    const others = new Set(all.filter((address) => !inside.includes(address)));
    expect([...others]).toEqual([name === "jails" ? `${A.sixplane.slice(0, -1)}` : NETWORK_PREFIX]);
    const numbers = inside.map((address) => new Address6(address).bigInt() - prefix.startAddress().bigInt());
    expect([...new Set(numbers)].filter((number) => number > 0n).sort()).toEqual([
      1n,
      2n,
      ...(name === "jails" ? [3n] : []),
    ]);
  });
});
