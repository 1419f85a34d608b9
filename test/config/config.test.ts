// What all targets have in common: what is asked, the sub-prefixes, the file.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Address6 } from "ip-address";
import { describe, expect, test } from "vitest";
import { COMMAND, ended, folder, type Run, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { ordinaryUser } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";
import { IDENTITY } from "../support/zerotier.ts";

const HOST = ["--network", NETWORK, "--node", SELF];
const FACTS = ["config", "facts", ...HOST];

describe("a sub-prefix", () => {
  const subnets = async (names: string[], length: number, node = SELF): Promise<Record<string, string>> => {
    const words = ["config", "facts", "--network", NETWORK, "--node", node, "--subnet-length", `${length}`];
    const { stdout, stderr } = await sixplane([...words, ...names.flatMap((name) => ["--subnet", name])]);
    expect(stderr).toBe("");
    return JSON.parse(stdout).sixplane.subnets;
  };

  test("is the same share of every host's /80, and a /96 unless another length is asked for", async () => {
    const { stdout } = await sixplane([...FACTS, "--subnet", "web", "--subnet", "db"]);
    expect(JSON.parse(stdout).sixplane.subnets).toEqual({
      web: "fc9c:56c2:e389:e92c:eee5:d3eb::/96",
      db: "fc9c:56c2:e389:e92c:eee5:4252::/96",
    });
    expect(await subnets(["db"], 96, "deadbeef01")).toEqual({ db: "fc9c:56c2:e3de:adbe:ef01:4252::/96" });
  });

  test.each([
    [81, ["web"]],
    [82, ["web", "a"]],
    [95, ["web", "db", "Z"]],
    [96, ["web", "db", "a.b_c-d"]],
    [97, ["web", "db", "0"]],
    [112, ["web", "db", "n".repeat(63)]],
    [127, Array.from({ length: 300 }, (_, n) => `name-${n}`)],
  ])("of /%i is where its name's SHA-256 puts it, behind what is taken", async (length, names) => {
    const host = new Address6("fc9c:56c2:e389:e92c:eee5::").bigInt();
    const taken = length < 95 ? 1n : 2n ** BigInt(length - 95);
    const free = 2n ** BigInt(length - 80) - taken;
    const found = await subnets(names, length);
    expect(Object.keys(found).sort()).toEqual(names.sort());
    for (const [name, prefix] of Object.entries(found)) {
      const hash = BigInt(`0x${createHash("sha256").update(name).digest("hex").slice(0, 16)}`);
      const first = Address6.fromBigInt(host + ((taken + (hash % free)) << BigInt(128 - length)));
      expect(prefix).toBe(`${first.correctForm()}/${length}`);
      expect(first.bigInt() - host).toBeGreaterThanOrEqual(2n ** 33n); // what is behind the first /95
      expect(first.bigInt() - host).toBeLessThan(2n ** 48n);
    }
  });

  test.each([
    [
      ["--subnet", "web", "--subnet", "db", "--subnet-length", "81"],
      'the sub-prefixes "web" and "db" would both be fc9c:56c2:e389:e92c:eee5:8000::/81: rename one, or make all longer',
    ],
    [["--subnet", "web", "--subnet", "db", "--subnet", "web"], 'the sub-prefix name "web" is given twice'],
    [["--subnet-length", "96"], "--subnet-length is the length of a --subnet: give one"],
    ...["80", "128", "0x60", "96.0", "", "-96", "1e2"].map((length): [string[], string] => [
      ["--subnet", "web", `--subnet-length=${length}`],
      `sub-prefix length must be a whole number from 81 to 127, got "${length}" (${length.length})`,
    ]),
    ...["", "-web", "we b", "w$(id)", "ü", "n".repeat(64)].map((name): [string[], string] => [
      [`--subnet=${name}`],
      `sub-prefix name must be up to 63 letters, digits, dots, hyphens and underscores, with a letter or digit first, got "${name}" (${name.length})`,
    ]),
  ])("is refused with %j", async (words, sentence) => {
    expect(await sixplane([...FACTS, ...words])).toEqual(refusal(sentence));
  });
});

test("a name and a folder with hyphens in a row leave a comment of XML whole", async ({ skip }) => {
  skip(spawnSync("xmllint", ["--version"]).status !== 0, "xmllint is not installed");
  using files = folder();
  mkdirSync(files.path("a---b"));
  writeFileSync(files.path("a---b/identity.public"), IDENTITY);
  const words = ["--network", NETWORK, "--zerotier", files.path("a---b"), "--subnet", "a--b---c"];
  const { stdout } = await sixplane(["config", "libvirt", ...words]);
  expect(stdout).toContain("by its name, a- -b- - -c\n");
  expect(stdout).toContain("/a- - -b/identity.public");
  const { status, stderr } = spawnSync("xmllint", ["--noout", "-"], { input: stdout, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

describe("bad input to sixplane config", () => {
  test.each([
    [["ansible"], 'target must be one that --list names, got "ansible" (7)'],
    [["--list", "x"], 'target must be one that --list names, got "x" (1)'],
    [["dokcer", ...HOST], 'target must be one that --list names, got "dokcer" (6): did you mean docker?'],
    [["--lst"], 'unknown option "--lst": a target comes first'],
    [[...HOST, "docker"], 'unknown option "--network": a target comes first'],
    [["facts"], "give a network ID: 16 hex digits, alone or behind --network"],
    [["facts", "--network", NETWORK], "give a node address, or --zerotier to take it from ZeroTier's folder"],
    [["facts", ...HOST, "--zerotier"], "give either a node address or --zerotier, not both"],
    [["facts", "--network", "8056", "--node", SELF], 'network ID must be 16 hex digits, got "8056" (4)'],
    [["facts", "--network", NETWORK, "--node", "x"], 'node address must be 10 hex digits, got "x" (1)'],
    [["facts", ...HOST, "more"], '"more" is one argument too many'],
    [
      ["facts", ...HOST, "more", "and", "more"],
      "too many arguments for 'facts'. Expected 2 arguments but got 3.",
    ],
    [["facts", ...HOST, "-o", ""], 'output must be the name of a file, got "" (0)'],
  ])("%j exits with 2", async (words, sentence) => {
    expect(await sixplane(["config", ...words])).toEqual(refusal(sentence));
  });
});

describe("the file of -o", () => {
  const LONG_AGO = new Date("2001-02-03T04:05:06Z");

  test("is what is printed otherwise, and stays untouched while there is nothing to change", async () => {
    using files = folder();
    const path = files.path("facts.json");
    const { stdout } = await sixplane(FACTS);
    expect(await sixplane([...FACTS, "-o", path])).toEqual(done(`${path}: written`));
    expect(readFileSync(path, "utf8")).toBe(stdout);
    utimesSync(path, LONG_AGO, LONG_AGO);
    expect(await sixplane([...FACTS, "-o", path])).toEqual(done(`${path}: unchanged`));
    expect(statSync(path).mtime).toEqual(LONG_AGO);
    expect(readdirSync(files.path(""))).toEqual(["facts.json"]);
  });

  test("is stdout for -", async () => {
    expect(await sixplane([...FACTS, "-o", "-"])).toEqual(await sixplane(FACTS));
  });

  test("is replaced where it was written by the same target for whatever else, its mode and links kept", async () => {
    using files = folder();
    const [path, link] = [files.path("facts.json"), files.path("link")];
    await sixplane(["config", "facts", "--network", NETWORK, "--node", "deadbeef01", "-o", path]);
    chmodSync(path, 0o666);
    symlinkSync("facts.json", link);
    expect(await sixplane([...FACTS, "-o", link])).toEqual(done(`${link}: written`));
    expect(readFileSync(path, "utf8")).toBe((await sixplane(FACTS)).stdout);
    expect([statSync(path).mode & 0o777, lstatSync(link).isSymbolicLink()]).toEqual([0o666, true]);
    expect(readdirSync(files.path(""))).toEqual(["facts.json", "link"]);
  });

  test("keeps its owner and group, such as that of the program that reads it", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "other owners take root");
    using files = folder();
    const path = files.path("facts.json");
    await sixplane(["config", "facts", "--network", NETWORK, "--node", "deadbeef01", "-o", path]);
    chownSync(path, 65534, 1);
    chmodSync(path, 0o640);
    expect(await sixplane([...FACTS, "-o", path])).toEqual(done(`${path}: written`));
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([65534, 1, 0o640]);
  });

  test("is as it was where it cannot keep its owner", async ({ skip }) => {
    skip(process.getuid?.() !== 0 || obstacle !== undefined, "other users take root");
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    using files = folder();
    const path = files.path("facts.json");
    await sixplane(["config", "facts", "--network", NETWORK, "--node", "deadbeef01", "-o", path]);
    const old = readFileSync(path, "utf8");
    chmodSync(files.path(""), 0o777);
    const [program = "", ...words] = user.words(...user.command, ...FACTS, "-o", path);
    expect(await ended(spawn(program, words))).toEqual(
      refusal(`cannot write ${path}: its owner cannot be kept: operation not permitted`, 1),
    );
    expect([readFileSync(path, "utf8"), readdirSync(files.path(""))]).toEqual([old, ["facts.json"]]);
  });

  test.each<[string, (text: string) => string]>([
    ["is somebody else's", () => "{}\n"],
    ["is empty", () => ""],
    ["has been changed", (text) => text.replace('"mac"', '"MAC"')],
    ["has another first character", (text) => ` ${text.slice(1)}`],
    ["has another last character", (text) => text.replace(/.\n$/, "x\n")],
    ["has one character more", (text) => `${text}\n`],
    ["has another checksum", (text) => text.replace(/checksum ./, "checksum x")],
    ["has no checksum", (text) => text.replace(/checksum [0-9a-f]{16}/, `checksum ${"0".repeat(16)}`)],
    ["was written for another target", (text) => text.replace("config facts", "config docker")],
  ])("is left alone where it %s, but with --force", async (_, change) => {
    using files = folder();
    const path = files.path("facts.json");
    const { stdout } = await sixplane(["config", "facts", "--network", NETWORK, "--node", "deadbeef01"]);
    const old = change(stdout);
    expect(old).not.toBe(stdout);
    writeFileSync(path, old);
    const sentence = `"${path}" is there already, and is not as sixplane config facts wrote it: --force replaces it`;
    expect(await sixplane([...FACTS, "-o", path])).toEqual(refusal(sentence));
    expect(readFileSync(path, "utf8")).toBe(old);
    expect(await sixplane([...FACTS, "-o", path, "--force"])).toEqual(done(`${path}: written`));
    expect(readFileSync(path, "utf8")).toBe((await sixplane(FACTS)).stdout);
    expect(readdirSync(files.path(""))).toEqual(["facts.json"]);
  });

  test("must be one", async () => {
    using files = folder();
    symlinkSync("nowhere", files.path("link"));
    expect(spawnSync("mkfifo", [files.path("pipe")]).status).toBe(0);
    for (const [name, expected, reason] of [
      ["link", "a file", "it is a link to nothing"],
      ["pipe", "a file", "there is something else of that name"],
      ["missing/facts.json", "one that can be written", "no such file or directory"],
    ] as const) {
      const path = files.path(name);
      const sentence = `output must be ${expected}, got "${path}" (${path.length}): ${reason}`;
      for (const more of [[], ["--force"]])
        expect(await sixplane([...FACTS, "-o", path, ...more])).toEqual(refusal(sentence));
    }
    expect(readdirSync(files.path(""))).toEqual(["link", "pipe"]);
  });

  test("is as it was where there is no space for another, and nothing else is left", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "a full file system takes root");
    using files = folder();
    const path = files.path("full");
    mkdirSync(path);
    // The file system has a page, which the file of another host fills.
    const script = `
      mount -t tmpfs -o size=4k none "$0" && cd "$0" && "$1" "$2" config facts --network ${NETWORK} --node deadbeef01 -o f
      sha256sum f; "$1" "$2" config facts --network ${NETWORK} --node ${SELF} -o f; echo $?; sha256sum f; ls`;
    const child = spawn("unshare", ["--mount", "sh", "-c", script, path, process.execPath, COMMAND]);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    await once(child, "close");
    const [written, before, failed, status, after, ...rest] = said.trimEnd().split("\n");
    expect([written, failed, status, after, rest]).toEqual([
      "f: written",
      "sixplane: cannot write f: no space left on device",
      "1",
      before,
      ["f"],
    ]);
    rmSync(path, { recursive: true });
  });
});

describe("the folder of -o", () => {
  const NETWORKD = ["config", "networkd", ...HOST];
  const PATHS = [
    "systemd/network/50-sixplane-interface.network",
    "systemd/network/50-sixplane-loopback.network",
    "systemd/network/50-sixplane-bridge.netdev",
    "systemd/network/50-sixplane-bridge.network",
    "sysctl.d/50-sixplane.conf",
  ];

  test("gets all files of a target at once, each as --file prints it", async () => {
    using files = folder();
    const [root] = [`${files.path("etc")}/`];
    const { status, stdout } = await sixplane([...NETWORKD, "-o", root]);
    expect([status, stdout]).toEqual([0, PATHS.map((path) => `${root}${path}: written\n`).join("")]);
    for (const [n, name] of [
      "interface.network",
      "loopback.network",
      "bridge.netdev",
      "bridge.network",
      "sysctl.conf",
    ].entries()) {
      const one = await sixplane([...NETWORKD, "--file", name]);
      expect(readFileSync(`${root}${PATHS[n]}`, "utf8")).toBe(one.stdout);
    }
    const again = await sixplane([...NETWORKD, "-o", root]);
    expect(again.stdout).toBe(PATHS.map((path) => `${root}${path}: unchanged\n`).join(""));
    expect(readdirSync(`${root}systemd/network`)).toHaveLength(4);
  });

  test("gets one file under its usual name", async () => {
    using files = folder();
    const { stdout } = await sixplane([...FACTS, "-o", files.path("")]);
    expect(stdout).toBe(`${files.path("sixplane.json")}: written\n`);
    expect(readFileSync(files.path("sixplane.json"), "utf8")).toBe((await sixplane(FACTS)).stdout);
  });

  test("stays as it was where one of the files is somebody else's", async () => {
    using files = folder();
    mkdirSync(files.path("sysctl.d"));
    writeFileSync(files.path("sysctl.d/50-sixplane.conf"), "mine");
    const { status, stderr } = await sixplane([...NETWORKD, "-o", files.path("")]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('50-sixplane.conf" is there already')]);
    expect(readdirSync(files.path("systemd/network"))).toEqual([]);
    expect(readFileSync(files.path("sysctl.d/50-sixplane.conf"), "utf8")).toBe("mine");
  });

  test("is asked for where a target has several files", async () => {
    using files = folder();
    const sentence =
      "networkd writes 5 files: give -o a folder, or --file one of interface.network, loopback.network, bridge.netdev, bridge.network, sysctl.conf";
    expect(await sixplane([...NETWORKD, "-o", files.path("all")])).toEqual(refusal(sentence));
    expect(readdirSync(files.path(""))).toEqual([]);
  });

  test("is not needed to read them: each is printed behind its path", async () => {
    const { stdout } = await sixplane(NETWORKD);
    for (const path of PATHS) expect(stdout).toContain(`# ${path}\n# written by sixplane config networkd, `);
  });
});

function refusal(sentence: string, status = 2): Run {
  return { status, stdout: "", stderr: `sixplane: ${sentence}\n` };
}

function done(line: string): Run {
  return { status: 0, stdout: `${line}\n`, stderr: "" };
}
