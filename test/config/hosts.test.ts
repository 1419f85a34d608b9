// Lines of /etc/hosts, as glibc reads them.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { isRoot } from "../support/namespace.ts";
import { runPage } from "./page.ts";

const HOSTS = ["config", "hosts", "--network", NETWORK, "--nodes", "-"];
const LIST = `${SELF} web\ndeadbeef01 Db-1.int # a comment\n${SELF} www\n1122334455 *.any\n`;

/** What glibc says of a name, where /etc/hosts is a text, and nothing else is asked. */
function looked(text: string, name: string): string[] {
  using files = folder();
  writeFileSync(files.path("hosts"), text);
  const script = 'mount --bind "$0" /etc/hosts && exec getent -s files hosts "$1"';
  const words = ["--mount", "sh", "-c", script, files.path("hosts"), name];
  return spawnSync("unshare", words, { encoding: "utf8" }).stdout.split(/\s+/).filter(Boolean);
}

describe("sixplane config hosts", () => {
  test.for([
    ["6plane", "fc9c:56c2:e389:e92c:eee5::1", "fc9c:56c2:e3de:adbe:ef01::1"],
    ["rfc4193", "fd80:56c2:e21c:0:199:9389:e92c:eee5", "fd80:56c2:e21c:0:199:93de:adbe:ef01"],
  ] as const)("writes what glibc reads, forward and back: %s", async ([mode, self, other], { skip }) => {
    skip(!isRoot, "another /etc/hosts takes root");
    for (const program of ["getent", "unshare"]) skip(!isInstalled(program), `no ${program}`);
    const { status, stdout, stderr } = await sixplane(
      [...HOSTS, "--mode", mode, "--domain", "example.org."],
      LIST,
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(looked(stdout, "web")).toEqual([self, "web.example.org", "web"]);
    expect(looked(stdout, "www.example.org")).toEqual([self, "www.example.org", "www"]);
    expect(looked(stdout, "db-1.int")).toEqual([other, "Db-1.int.example.org", "Db-1.int"]);
    expect(looked(stdout, other)).toEqual([other, "Db-1.int.example.org", "Db-1.int"]);
    expect(looked(stdout, "node")).toEqual([]);
    expect(stdout).toContain("# wildcards left out: 1, as /etc/hosts has none\n");
  });

  test("writes short names alone without a domain", async () => {
    const { stdout } = await sixplane(HOSTS, LIST);
    const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines).toEqual([
      "fc9c:56c2:e389:e92c:eee5::1 web",
      "fc9c:56c2:e3de:adbe:ef01::1 Db-1.int",
      "fc9c:56c2:e389:e92c:eee5::1 www",
    ]);
  });

  const NAME = "letters, digits and hyphens, with dots between them";

  test.each([
    [[], `${SELF} a_b`, `name in line 1 of the list must be ${NAME}, got "a_b" (3)`],
    [[], `${SELF} a\n${SELF} a.*`, `name in line 2 of the list must be ${NAME}, got "a.*" (3)`],
    [["--domain", "a b"], `${SELF} a`, `domain must be ${NAME}, got "a b" (3)`],
  ])("is refused with %j and %j", async (words, list, sentence) => {
    const stderr = `sixplane: ${sentence}\n`;
    expect(await sixplane([...HOSTS, ...words], list)).toEqual({ status: 2, stdout: "", stderr });
  });

  test("says which nodes are reserved", async () => {
    const { stderr } = await sixplane(HOSTS, "ff00000001 a\n");
    expect(stderr).toBe("sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n");
  });
});

test("the page's commands do what it shows", (context) => {
  context.skip(!isInstalled("getent"), "no getent");
  runPage("hosts", context);
});
