// The list of --nodes, which is one format for all targets.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";

/** Each target that takes a list, its other options, and whether its nodes need names. */
const TARGETS: [name: string, options: string[], isNamed: boolean][] = [
  ["zone", ["--network", NETWORK, "--domain", "example.org"], true],
  ["nftables", ["--network", NETWORK, "--node", SELF], false],
  ["systemd", ["--network", NETWORK, "--node", SELF], false],
  ["hosts", ["--network", NETWORK], true],
  ["networkd", ["--network", NETWORK, "--node", SELF, "--file", "interface.network"], false],
];

const FIELD = "endpoint or key with = and a value";

describe.each(TARGETS)("the list of sixplane config %s", (target, options) => {
  const run = (list: string | Uint8Array, path = "-") =>
    sixplane(["config", target, ...options, "--nodes", path], list);

  test("may have comments, empty lines, a byte order mark, ends of lines of Windows, and fields", async () => {
    const plain = await run(`${SELF} web\ndeadbeef01 db\n`);
    expect([plain.status, plain.stderr]).toEqual([0, ""]);
    const list = `\ufeff# nodes\r\n\r\n  ${SELF.toUpperCase()}\tweb key=y # a=b c\r\ndeadbeef01  db key=x`;
    expect(await run(list)).toEqual(plain);
  });

  test("may be a file, whose name then is in a comment", async () => {
    using files = folder();
    const path = files.path("nodes\u001b[31m");
    writeFileSync(path, `${SELF} web\ndeadbeef01 db\n`);
    const { status, stdout } = await run("", path);
    expect(status).toBe(0);
    expect(stdout).toContain(`from "${files.path("nodes")}\\u001b[31m"`);
  });

  test.each<[string | Uint8Array, string]>([
    ["", "the list of nodes is empty"],
    [`${SELF} web\nweb`, 'line 2 of the list: node address must be 10 hex digits, got "web" (3)'],
    [`${SELF} a b`, `line 1 of the list must be a node address and a name, got "${SELF} a b" (14)`],
    [`\n${SELF} a name=b`, `field in line 2 of the list must be ${FIELD}, got "name=b" (6)`],
    [`${SELF} a =b`, `field in line 1 of the list must be ${FIELD}, got "=b" (2)`],
    [`${SELF} a __proto__=b`, `field in line 1 of the list must be ${FIELD}, got "__proto__=b" (11)`],
    [`${SELF} a \u001b=b`, `field in line 1 of the list must be ${FIELD}, got "\\u001b=b" (3)`],
    [`${SELF} a key=b key=b`, "line 1 of the list has key twice"],
    [Buffer.from(`${SELF} \xff\n`, "latin1"), 'list of nodes must be text in UTF-8, got "-" (1)'],
  ])("is refused where it is %j", async (list, sentence) => {
    expect(await run(list)).toEqual({ status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` });
  });

  test.each([
    ["nowhere", "a file that can be read", "no such file or directory"],
    [".", "a file that can be read", "it is a directory"],
  ])("is refused where it is %j", async (path, expected, why) => {
    const stderr = `sixplane: list of nodes must be ${expected}, got "${path}" (${path.length}): ${why}\n`;
    expect(await run("", path)).toEqual({ status: 2, stdout: "", stderr });
  });

  test("is refused where it never ends", async () => {
    const stderr = 'sixplane: list of nodes must be a file of 64 MiB at most, got "/dev/zero" (9)\n';
    expect(await run("", "/dev/zero")).toEqual({ status: 2, stdout: "", stderr });
  });
});

test.each(TARGETS)(
  "sixplane config %s with %j has its list refused for want of a name: %s",
  async (...row) => {
    const [target, options, isNamed] = row;
    for (const line of [SELF, `${SELF} key=x`]) {
      const { status, stderr } = await sixplane(["config", target, ...options, "--nodes", "-"], line);
      const sentence = `line 1 of the list must be a node address and a name, got "${line}" (${line.length})`;
      expect([status, stderr]).toEqual(isNamed ? [2, `sixplane: ${sentence}\n`] : [0, ""]);
    }
  },
);
