// The settings of sixplane config docker in the daemon.json of a host that has one.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMAND, ended, folder, type Run, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { ordinaryUser } from "../support/hosts.ts";
import { startDockerd } from "./dockerd.ts";

const EXPOSURE =
  "sixplane: every port of every container is open to the whole network, published or not, on this host\n";

/** Runs `sixplane config docker --open`, which has the most settings, and gives what it says but for its first warning. */
async function open(node: string, path: string, ...more: string[]): Promise<Run> {
  return withoutExposure(await sixplane([...words(node), "-o", path, ...more]));
}

function withoutExposure({ stderr, ...rest }: Run): Run {
  expect(stderr.startsWith(EXPOSURE)).toBe(true);
  return { ...rest, stderr: stderr.slice(EXPOSURE.length) };
}

function words(node: string): string[] {
  return ["config", "docker", "--network", NETWORK, "--node", node, "--open"];
}

const BRIDGE = "fc9c:56c2:e389:e92c:eee5:1::/96";
const POOL = "fc9c:56c2:e389:e92c:eee5:8000::/81";

/** What hosts have: a log that ends, a mirror, a label, pools of their own. */
const USERS = `{
\t"log-driver": "json-file",
\t"log-opts": { "max-size": "10m" },
\t"registry-mirrors": ["https://mirror.example"],
\t"labels": ["site=a"],
\t"default-address-pools": [{ "base": "10.10.0.0/16", "size": 24 }],
\t"default-network-opts": { "bridge": { "com.docker.network.bridge.enable_icc": "true" } },
\t"live-restore": true
}
`;

interface Daemon {
  [name: string]: unknown;
  labels: string[];
}

/** A daemon.json, and sixplane that is to write it. */
function host(text: string | Uint8Array) {
  const files = folder();
  const path = files.path("daemon.json");
  writeFileSync(path, text);
  return {
    path,
    files,
    write: (...words: string[]) => open(SELF, path, ...words),
    text: () => readFileSync(path, "utf8"),
    daemon: (): Daemon => JSON.parse(readFileSync(path, "utf8")),
    names: () => readdirSync(files.path("")),
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}

function waiting(path: string, copy = `${path}.bak`): string {
  return `sixplane: "${path}" is there already, with settings that sixplane config docker did not write: --force makes this change, and keeps the old file as "${copy}"\n`;
}

const CHANGES = [
  "+ ipv6: true",
  `+ fixed-cidr-v6: "${BRIDGE}"`,
  "+ ip6tables: false",
  "+ mtu: 2800",
  '+ default-network-opts.bridge.com.docker.network.enable_ipv6: "true"',
  '+ default-network-opts.bridge.com.docker.network.bridge.gateway_mode_ipv6: "routed"',
  '+ default-network-opts.bridge.com.docker.network.driver.mtu: "2800"',
  `+ default-address-pools: {"base":"${POOL}","size":96}`,
  "+ labels: sixplane.1 to sixplane.13, which say what these values are",
];

describe("a daemon.json that is there", () => {
  test("is shown its change, and left alone without --force", async () => {
    using it = host(USERS);
    const stderr = `sixplane: what changes in "${it.path}":\n${CHANGES.join("\n")}\n${waiting(it.path)}`;
    expect(await it.write()).toEqual({ status: 2, stdout: "", stderr });
    expect([it.text(), it.names()]).toEqual([USERS, ["daemon.json"]]);
  });

  test("keeps its settings, its order and its look, and a copy of it is kept", async () => {
    using it = host(USERS);
    chmodSync(it.path, 0o640);
    const stderr = `sixplane: what changes in "${it.path}":\n${CHANGES.join("\n")}\n`;
    const stdout = `${it.path}.bak: written\n${it.path}: written\n`;
    expect(await it.write("--force")).toEqual({ status: 0, stdout, stderr });
    expect(readFileSync(`${it.path}.bak`, "utf8")).toBe(USERS);
    for (const path of [it.path, `${it.path}.bak`]) expect(statSync(path).mode & 0o777).toBe(0o640);
    const { labels, ...daemon } = it.daemon();
    expect(daemon).toEqual({
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m" },
      "registry-mirrors": ["https://mirror.example"],
      "default-address-pools": [
        { base: "10.10.0.0/16", size: 24 },
        { base: POOL, size: 96 },
      ],
      "default-network-opts": {
        bridge: {
          "com.docker.network.bridge.enable_icc": "true",
          "com.docker.network.enable_ipv6": "true",
          "com.docker.network.bridge.gateway_mode_ipv6": "routed",
          "com.docker.network.driver.mtu": "2800",
        },
      },
      "live-restore": true,
      ipv6: true,
      "fixed-cidr-v6": BRIDGE,
      ip6tables: false,
      mtu: 2800,
    });
    expect([labels[0], labels.length]).toEqual(["site=a", 14]);
    expect(it.text()).toMatch(/^\{\n\t"log-driver": "json-file",\n\t"log-opts": \{\n\t\t"max-size"/);
  });

  test("is unchanged by a second run, also where the user has edited another setting", async () => {
    using it = host(USERS);
    await it.write("--force");
    const unchanged = { status: 0, stdout: `${it.path}: unchanged\n`, stderr: "" };
    expect(await it.write()).toEqual(unchanged);
    writeFileSync(it.path, it.text().replace("10m", "20m"));
    expect(await it.write()).toEqual(unchanged);
    expect(it.daemon()["log-opts"]).toEqual({ "max-size": "20m" });
  });

  test("gets another node's settings without --force, as they are known by their labels", async () => {
    using it = host(USERS);
    await it.write("--force");
    const written = await open("deadbeef01", it.path);
    expect(written).toEqual({ status: 0, stdout: `${it.path}: written\n`, stderr: "" });
    expect(it.text()).not.toContain("89e9");
    expect(it.daemon()).toMatchObject({
      "log-driver": "json-file",
      "fixed-cidr-v6": "fc9c:56c2:e3de:adbe:ef01:1::/96",
      "default-address-pools": [{ base: "10.10.0.0/16" }, { base: "fc9c:56c2:e3de:adbe:ef01:8000::/81" }],
    });
    expect(it.names()).toEqual(["daemon.json", "daemon.json.bak"]);
  });

  test("loses what an older engine does not take, and nothing of the user's", async () => {
    using it = host(USERS);
    await it.write("--force");
    await it.write("--engine", "20.10");
    const { labels, ...daemon } = it.daemon();
    expect(daemon).toEqual({
      ...JSON.parse(USERS),
      labels: undefined,
      ipv6: true,
      "fixed-cidr-v6": BRIDGE,
      ip6tables: false,
      mtu: 2800,
    });
    expect(labels.filter((label) => !label.startsWith("sixplane."))).toEqual(["site=a"]);
  });

  test("gets its default bridge back when --open is given no more", async () => {
    using it = host(USERS);
    await it.write("--force");
    const closed = ["config", "docker", "--network", NETWORK, "--node", SELF, "-o", it.path];
    expect(await sixplane(closed)).toEqual({ status: 0, stdout: `${it.path}: written\n`, stderr: "" });
    expect(Object.keys(it.daemon())).toEqual([...Object.keys(JSON.parse(USERS)), "ip6tables"]);
    expect(it.daemon()).toMatchObject({ ip6tables: true });
  });

  test("keeps a default bridge of the user's own, and is told that its firewall is off", async () => {
    using it = host('{"ipv6":true,"fixed-cidr-v6":"2001:db8:1::/64","ip6tables":false}');
    const words = ["config", "docker", "--network", NETWORK, "--node", SELF, "-o", it.path, "--force"];
    const { stderr } = await sixplane([...words, "--engine", "20.10"]);
    expect(stderr).toContain("sixplane: it has another value for ip6tables\n");
    expect(it.daemon()).toMatchObject({
      ipv6: true,
      "fixed-cidr-v6": "2001:db8:1::/64",
      ip6tables: true,
      experimental: true,
    });
  });

  test.each(["", " \n", "{}", "\n{ }\n"])("takes an empty one for no settings: %j", async (text) => {
    using it = host(text);
    using none = host("");
    await open(SELF, none.files.path("new.json"));
    expect((await it.write("--force")).status).toBe(0);
    const fresh: Daemon = JSON.parse(readFileSync(none.files.path("new.json"), "utf8"));
    const unsigned = ({ labels, ...rest }: Daemon) => ({ ...rest, labels: labels.slice(1) });
    expect(unsigned(it.daemon())).toEqual(unsigned(fresh));
  });

  test.each([
    ['{"ipv6":false}', "ipv6"],
    ['{"ip6tables":true}', "ip6tables"],
    ['{"mtu":1450}', "mtu"],
    [
      '{"default-network-opts":{"bridge":{"com.docker.network.driver.mtu":"1450"}}}',
      "default-network-opts.bridge.com.docker.network.driver.mtu",
    ],
    ['{"fixed-cidr-v6":"2001:db8:1::/64"}', "fixed-cidr-v6"],
    ['{"default-address-pools":[{"base":"fd00:1::/64","size":80}]}', "default-address-pools"],
    [
      '{"default-network-opts":{"bridge":{"com.docker.network.bridge.gateway_mode_ipv6":"nat"}}}',
      "default-network-opts.bridge.com.docker.network.bridge.gateway_mode_ipv6",
    ],
  ])("is told what contradicts it: %s", async (text, name) => {
    using it = host(text);
    const refused = await it.write();
    const conflict = `sixplane: it has another value for ${name}\n`;
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(conflict) });
    expect(it.text()).toBe(text);
    expect((await it.write("--force")).stderr).toContain(conflict);
    expect(it.daemon()).toMatchObject({ ipv6: true, ip6tables: false, "fixed-cidr-v6": BRIDGE });
    expect(JSON.stringify(it.daemon()["default-address-pools"])).not.toContain("fd00");
    expect(readFileSync(`${it.path}.bak`, "utf8")).toBe(text);
  });

  test("keeps its other pools, and names the one that it loses", async () => {
    using it = host(
      '{"default-address-pools":[{"base":"10.0.0.0/8","size":24},{"base":"fd00:1::/64","size":80}]}',
    );
    const { stderr } = await it.write("--force");
    expect(stderr).toContain(
      '\n- default-address-pools: {"base":"fd00:1::/64","size":80}\n+ default-address-pools: ',
    );
    expect(it.daemon()["default-address-pools"]).toEqual([
      { base: "10.0.0.0/8", size: 24 },
      { base: POOL, size: 96 },
    ]);
  });

  test("never loses an older copy", async () => {
    using it = host('{"debug":true}');
    writeFileSync(`${it.path}.bak`, "kept");
    expect((await it.write()).stderr).toContain(waiting(it.path, `${it.path}.bak2`));
    await it.write("--force");
    expect(readFileSync(`${it.path}.bak`, "utf8")).toBe("kept");
    expect(readFileSync(`${it.path}.bak2`, "utf8")).toBe('{"debug":true}');
  });

  test("may be behind a link of root's or the user's own, which stays one", async () => {
    using it = host(USERS);
    const link = it.files.path("link.json");
    symlinkSync("daemon.json", link);
    const { status } = await open(SELF, link, "--force");
    expect([status, lstatSync(link).isSymbolicLink()]).toEqual([0, true]);
    expect(it.daemon()).toMatchObject({ "live-restore": true, "fixed-cidr-v6": BRIDGE });
    expect(readFileSync(`${link}.bak`, "utf8")).toBe(USERS);
  });
});

describe("a daemon.json that cannot be merged is left alone, also with --force", () => {
  const refusal = (path: string, expected: string, why: string): Run => ({
    status: 2,
    stdout: "",
    stderr: expect.stringMatching(
      `^sixplane: output must be ${expected}, got "${path}" \\(${path.length}\\)${why}`,
    ),
  });

  test.each<[string, string | Uint8Array, string, string]>([
    ["broken JSON", '{"ipv6":true,}', "a file with a JSON object", ": .*JSON"],
    ["half a file", '{"ipv6":', "a file with a JSON object", ": Unexpected end of JSON input\n$"],
    ["a list", "[]", "a file with a JSON object", ": it holds another JSON value\n$"],
    ["null", "null", "a file with a JSON object", ": it holds another JSON value\n$"],
    [
      "a text of another encoding",
      Buffer.from('{"a":"\xfc"}', "latin1"),
      "a file with a JSON object",
      ": it is not in UTF-8\n$",
    ],
    ["deep nesting", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "a file with a JSON object", ": "],
    ["labels that are no list", '{"labels":"a=b"}', "a daemon.json whose labels are a list", "\n$"],
    ["labels that are no text", '{"labels":[1]}', "a daemon.json whose labels are text", "\n$"],
    [
      "pools that are no list",
      '{"default-address-pools":{}}',
      "a daemon.json whose default-address-pools are a list",
      "\n$",
    ],
    [
      "options that are no object",
      '{"default-network-opts":[]}',
      "a daemon.json whose default-network-opts is an object",
      "\n$",
    ],
  ])("%s", async (_, text, expected, why) => {
    using it = host(text);
    for (const more of [[], ["--force"]])
      expect(await it.write(...more)).toEqual(refusal(it.path, expected, why));
    expect([readFileSync(it.path).equals(Buffer.from(text)), it.names()]).toEqual([true, ["daemon.json"]]);
  });

  test("a link of somebody else's", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "other users take root");
    using it = host(USERS);
    const link = it.files.path("link.json");
    symlinkSync("daemon.json", link);
    lchownSync(link, 65534, 65534);
    for (const more of [[], ["--force"]])
      expect(await open(SELF, link, ...more)).toEqual(
        refusal(link, "a file", ": it is a link that another user made\n$"),
      );
    expect(it.text()).toBe(USERS);
  });

  test("a pipe", async () => {
    using it = host(USERS);
    const pipe = it.files.path("pipe.json");
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    expect(await open(SELF, pipe, "--force")).toEqual(
      refusal(pipe, "a file", ": there is something else of that name\n$"),
    );
  });

  test("a file or a folder that the user may not use", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "other users take root");
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    using it = host(USERS);
    chmodSync(it.files.path(""), 0o755);
    const write = async () => {
      const [program = "", ...rest] = user.words(...user.command, ...words(SELF), "-o", it.path, "--force");
      return withoutExposure(await ended(spawn(program, rest)));
    };
    chmodSync(it.path, 0o600);
    expect(await write()).toEqual(
      refusal(it.path, "one that can be read and written", ": permission denied\n$"),
    );
    chmodSync(it.path, 0o644);
    const { status, stderr } = await write();
    expect([status, stderr.trimEnd().split("\n").at(-1)]).toEqual([
      2,
      `sixplane: output must be one that can be written, got "${it.path}.bak" (${it.path.length + 4}): permission denied`,
    ]);
    expect([it.text(), it.names()]).toEqual([USERS, ["daemon.json"]]);
  });

  test("where its disk has no room for both files", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "a full file system takes root");
    using files = folder();
    writeFileSync(files.path("users.json"), USERS);
    // A file system of two pages and a folder: the old file, and its copy.
    const script = `mkdir "$0/full" && mount -t tmpfs -o size=8k none "$0/full" && cd "$0/full" && cp ../users.json f
      "$1" "$2" ${words(SELF).join(" ")} -o f --force; echo $?; cmp f ../users.json; ls`;
    const unshare = ["--mount", "sh", "-c", script, files.path(""), process.execPath, COMMAND];
    const { stdout, stderr } = await ended(spawn("unshare", unshare));
    expect(stdout).toBe("1\nf\n");
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("sixplane: cannot write f: no space left on device");
  });
});

test("a real dockerd takes the merged file, with the settings of both", async ({ skip }) => {
  using it = host(USERS);
  expect((await it.write("--engine", "20.10", "--force")).status).toBe(0);
  await using dockerd = await startDockerd(skip, it.text());
  expect(await dockerd.prefixes("bridge")).toEqual([BRIDGE]);
  const info = (await dockerd.ask("/info")) as Record<string, unknown>;
  expect(info).toMatchObject({ LoggingDriver: "json-file", LiveRestoreEnabled: true });
  expect(info["Labels"]).toContain("site=a");
  expect(info["DefaultAddressPools"]).toEqual([{ Base: "10.10.0.0/16", Size: 24 }]);
});
