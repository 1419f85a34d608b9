// The records of nodes, as BIND reads them, beside another library's idea of ip6.arpa.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Address6 } from "ip-address";
import { describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { runPage } from "./page.ts";

const ZONE = ["config", "zone", "--network", NETWORK, "--domain", "example.org"];
const LIST = `${SELF} web\n\n# a comment\n\tDEADBEEF01 \t Db-1.int # another\r\n${SELF} www\n`;

/** The records that BIND finds in a zone that includes a file, but for those that every zone has. */
function compiled(files: { path(name: string): string }, origin: string, records: string): string[] {
  writeFileSync(files.path("records"), records);
  const own = `$TTL 3600\n@ IN SOA a.invalid. b.invalid. 1 7200 900 1209600 300\n@ IN NS a.invalid.\n`;
  writeFileSync(files.path("zone"), `${own}$INCLUDE ${files.path("records")}\nlast IN TXT "x"\n`);
  const words = ["-q", "-o", files.path("out"), origin, files.path("zone")];
  const { status, stdout, stderr } = spawnSync("named-compilezone", words, { encoding: "utf8" });
  expect([status, stdout, stderr]).toEqual([0, "", ""]);
  const lines = readFileSync(files.path("out"), "utf8").trimEnd().split("\n");
  const found = lines.map((line) => line.replace(/\s+/g, " ")).filter((line) => !/ IN (SOA|NS) /.test(line));
  // What comes behind the included file is in the zone that it was included in.
  expect(found.filter((line) => line === `last.${origin}. 3600 IN TXT "x"`)).toHaveLength(1);
  return found.filter((line) => !line.includes(" TXT ")).sort();
}

describe("sixplane config zone", () => {
  test.for([
    ["6plane", "3.e.2.c.6.5.c.9.c.f.ip6.arpa", "fc9c:56c2:e389:e92c:eee5::1", "fc9c:56c2:e3de:adbe:ef01::1"],
    [
      "rfc4193",
      "3.9.9.9.1.0.0.0.0.0.c.1.2.e.2.c.6.5.0.8.d.f.ip6.arpa",
      "fd80:56c2:e21c:0:199:9389:e92c:eee5",
      "fd80:56c2:e21c:0:199:93de:adbe:ef01",
    ],
  ] as const)(
    "writes what BIND takes, forward and back: %s",
    async ([mode, origin, self, other], { skip }) => {
      skip(spawnSync("named-compilezone", ["-v"]).status !== 0, "named-compilezone is not installed");
      using files = folder();
      writeFileSync(files.path("nodes"), LIST);
      const words = [...ZONE, "--mode", mode, "--nodes", files.path("nodes")];
      const forward = await sixplane(words);
      expect([forward.status, forward.stderr]).toEqual([0, ""]);
      expect(compiled(files, "example.org", forward.stdout)).toEqual([
        `Db-1.int.example.org. 3600 IN AAAA ${other}`,
        `web.example.org. 3600 IN AAAA ${self}`,
        `www.example.org. 3600 IN AAAA ${self}`,
      ]);
      const reverse = (address: string) => new Address6(address).reverseForm();
      const back = await sixplane([...words, "--reverse"]);
      const prefix = mode === "6plane" ? "fc9c:56c2:e300::/40" : "fd80:56c2:e21c:0:199:9300::/88";
      expect(forward.stdout).toMatch(new RegExp(`^; addresses: .* in ${prefix}, `, "m"));
      expect(back.stdout).toContain(`\n; zone: the name of ${prefix} below ip6.arpa\n`);
      expect(compiled(files, origin, back.stdout)).toEqual([
        `${reverse(other)} 3600 IN PTR Db-1.int.example.org.`,
        `${reverse(self)} 3600 IN PTR web.example.org.`,
        `${reverse(self)} 3600 IN PTR www.example.org.`,
      ]);
    },
  );

  test("reads a long list from stdin, and says where names come from", async () => {
    const node = (n: number) => n.toString(16).padStart(10, "0");
    const list = Array.from({ length: 200_000 }, (_, n) => `${node(n + 1)} n${n + 1}`).join("\n");
    const { status, stdout } = await sixplane([...ZONE, "--nodes", "-"], list);
    const lines = stdout.trimEnd().split("\n");
    expect([status, lines.filter((line) => line.includes(" IN AAAA ")).length]).toEqual([0, 200_000]);
    expect(lines.at(-1)).toBe("n200000 IN AAAA fc9c:56c2:e300:3:d40::1 ; node 0000030d40");
    expect(stdout).toContain("\n; names: from stdin, in the domain example.org, as given\n");
  });

  test("takes a domain with a dot at its end", async () => {
    const words = ["config", "zone", NETWORK, "--nodes", "-", "--domain"];
    for (const options of [[], ["--reverse"]]) {
      const absolute = await sixplane([...words, "example.org.", ...options], LIST);
      expect(absolute).toEqual(await sixplane([...words, "example.org", ...options], LIST));
      expect(absolute.status).toBe(0);
    }
  });

  test("takes the IDs that people paste", async () => {
    const { stdout } = await sixplane([...ZONE, "--nodes", "-"], "0x89e9-2ceee5 a\n");
    expect(stdout).toContain("\na IN AAAA fc9c:56c2:e389:e92c:eee5::1 ; node 89e92ceee5\n");
  });

  test("writes wildcards as BIND takes them, and none of them backwards", async ({ skip }) => {
    skip(spawnSync("named-compilezone", ["-v"]).status !== 0, "named-compilezone is not installed");
    using files = folder();
    const list = `${SELF} web\n${SELF} *.web\ndeadbeef01 *\n`;
    const forward = await sixplane([...ZONE, "--nodes", "-"], list);
    expect(compiled(files, "example.org", forward.stdout)).toEqual([
      "*.example.org. 3600 IN AAAA fc9c:56c2:e3de:adbe:ef01::1",
      "*.web.example.org. 3600 IN AAAA fc9c:56c2:e389:e92c:eee5::1",
      "web.example.org. 3600 IN AAAA fc9c:56c2:e389:e92c:eee5::1",
    ]);
    const back = await sixplane([...ZONE, "--nodes", "-", "--reverse"], list);
    expect(compiled(files, "3.e.2.c.6.5.c.9.c.f.ip6.arpa", back.stdout)).toEqual([
      `${new Address6("fc9c:56c2:e389:e92c:eee5::1").reverseForm()} 3600 IN PTR web.example.org.`,
    ]);
    expect(back.stdout).toContain("\n; wildcards left out: 2, as none of them is the name of a host\n");
  });

  test("gives a name several addresses only where it is told to", async ({ skip }) => {
    skip(spawnSync("named-compilezone", ["-v"]).status !== 0, "named-compilezone is not installed");
    using files = folder();
    const list = `${SELF} web\ndeadbeef01 db\ndeadbeef01 WEB\n`;
    expect(await sixplane([...ZONE, "--nodes", "-"], list)).toEqual({
      status: 2,
      stdout: "",
      stderr:
        'sixplane: line 3 of the list has the name "WEB" again, which line 1 has: --shared-names lets several nodes have a name\n',
    });
    const shared = await sixplane([...ZONE, "--nodes", "-", "--shared-names"], list);
    expect(compiled(files, "example.org", shared.stdout)).toEqual([
      "db.example.org. 3600 IN AAAA fc9c:56c2:e3de:adbe:ef01::1",
      "web.example.org. 3600 IN AAAA fc9c:56c2:e389:e92c:eee5::1",
      "web.example.org. 3600 IN AAAA fc9c:56c2:e3de:adbe:ef01::1",
    ]);
  });

  test("says which nodes are reserved", async () => {
    const { status, stderr } = await sixplane([...ZONE, "--nodes", "-"], "ff00000001 a\n89e92ceee5 b\n");
    expect([status, stderr]).toEqual([0, "sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n"]);
  });

  const NAME = "letters, digits and hyphens, with dots between them";
  const SHORT = "so short that there are 253 characters with its domain";

  test.each([
    ["", "the list of nodes is empty"],
    ["# nothing\n\n", "the list of nodes is empty"],
    [`${SELF}\n`, `line 1 of the list must be a node address and a name, got "${SELF}" (10)`],
    [`\n${SELF} a b`, `line 2 of the list must be a node address and a name, got "${SELF} a b" (14)`],
    ["web 89e92ceee5", 'line 1 of the list: node address must be 10 hex digits, got "web" (3)'],
    ...[
      "-a",
      "a-",
      "a..b",
      ".a",
      "a.",
      "a_b",
      "ü",
      "@",
      "a.*",
      "*a",
      "**",
      "*.",
      "*.-a",
      "a;b",
      "l".repeat(64),
    ].map((name) => [
      `${SELF} ok\n${SELF} ${name}\n`,
      `name in line 2 of the list must be ${NAME}, got "${name}" (${name.length})`,
    ]),
    [
      `${SELF} ${"a.".repeat(120)}ab`,
      `name in line 1 of the list must be ${SHORT}, got "${"a.".repeat(40)}…" (242)`,
    ],
  ])("refuses the list %j", async (list, sentence) => {
    const expected = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane([...ZONE, "--nodes", "-"], list)).toEqual(expected);
  });

  test.each([
    [["--domain", "example.org.."], `domain must be ${NAME}, got "example.org." (12)`],
    [["--domain", "."], `domain must be ${NAME}, got "." (1)`],
    [["--domain", "*.example.org"], `domain must be ${NAME}, got "*.example.org" (13)`],
    [["--domain", ""], `domain must be ${NAME}, got "" (0)`],
    [
      ["--nodes", "nowhere"],
      'list of nodes must be a file that can be read, got "nowhere" (7): no such file or directory',
    ],
    [["--nodes", "."], 'list of nodes must be a file that can be read, got "." (1): it is a directory'],
    [
      ["--mode", "ipv4"],
      "option '--mode <mode>' argument 'ipv4' is invalid. Allowed choices are 6plane, rfc4193.",
    ],
  ])("refuses %j", async (words, sentence) => {
    const expected = { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane([...ZONE, "--nodes", "-", ...words], `${SELF} a`)).toEqual(expected);
  });

  test("has a page whose commands do what it shows", (context) => {
    context.skip(spawnSync("named-checkzone", ["-v"]).status !== 0, "named-checkzone is not installed");
    runPage("zone", context);
  });
});
