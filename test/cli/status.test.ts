// What ZeroTier's service is asked, what is made of its answers, and of every fault.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { COMMAND, ended, folder, type Run, sixplane } from "../support/command.ts";
import { SELF } from "../support/frames.ts";
import { ordinaryUser } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";
import { answers, EARTH, IDENTITY, STATUS, startService, TOKEN } from "../support/zerotier.ts";

/** A network in each status but OK, and what is said of it. */
const TROUBLED = [
  ["ACCESS_DENIED", `node ${SELF} is not authorised yet, which is up to the network's controller`],
  ["REQUESTING_CONFIGURATION", "its controller has not answered yet"],
  ["NOT_FOUND", "its controller knows of no such network"],
  ["PORT_ERROR", "its interface could not be made"],
  ["CLIENT_TOO_OLD", "it needs a newer ZeroTier"],
  ["AUTHENTICATION_REQUIRED", "somebody has to log in for this node"],
  ["SOMETHING_NEW", "its status is SOMETHING_NEW"],
  ["toString", "its status is toString"],
  ["__proto__", "its status is __proto__"],
] as const;

describe("sixplane status", () => {
  test("prints JSON", async () => {
    await using zerotier = await startService(answers({ ...STATUS, online: false }, [EARTH]));
    const { stdout } = await status(zerotier.folder, "--json");
    expect(JSON.parse(stdout)).toEqual({
      node: SELF,
      version: "1.14.2",
      online: false,
      networks: [
        {
          network: "8056c2e21c000001",
          name: "earth.zerotier.net",
          status: "OK",
          interface: "ztmjfmfyq5",
          allowManaged: true,
          problems: [],
          mac: "02:89:e9:30:0c:27",
          sixplane: {
            address: "fc9c:56c2:e389:e92c:eee5::1",
            hostPrefix: "fc9c:56c2:e389:e92c:eee5::/80",
            networkPrefix: "fc9c:56c2:e300::/40",
            assigned: true,
          },
          rfc4193: {
            address: "fd80:56c2:e21c:0:199:9389:e92c:eee5",
            networkPrefix: "fd80:56c2:e21c:0:199:9300::/88",
            assigned: false,
          },
        },
      ],
      notListed: [],
    });
  });

  test("prints every network, and says what keeps one from being used", async () => {
    const networks = TROUBLED.map(([state], n) => ({
      ...EARTH,
      id: `8056c2e21c00001${n}`,
      status: state,
      assignedAddresses: [],
      portDeviceName: "",
    }));
    await using zerotier = await startService(answers(STATUS, [EARTH, ...networks]));
    const { status: code, stdout, stderr } = await status(zerotier.folder);
    expect(code).toBe(1);
    expect(stdout.match(/^network ID /gm)).toHaveLength(10);
    expect(stdout.match(/^interface +none$/gm)).toHaveLength(9);
    expect(stdout.match(/^assigned +neither$/gm)).toHaveLength(9);
    expect(stdout).toContain("fc9c:56c2:f289:e92c:eee5::/80"); // of the network …10
    expect(stderr).toBe(
      TROUBLED.map(([, reason], n) => `sixplane: network 8056c2e21c00001${n}: ${reason}\n`).join(""),
    );
  });

  test("knows an assigned address in whatever form, and asks nothing of the rest", async () => {
    const address = "FD80:56C2:E21C:0000:0199:9389:E92C:EEE5/88";
    const odd = [address, "10.0.0.1/8", "::ffff:1/x", "", 7, null, { toString: 1 }];
    await using zerotier = await startService(
      answers({ address: SELF }, [
        { id: EARTH.id, status: "OK", name: "a\x1b[31m\u202eb", assignedAddresses: odd },
      ]),
    );
    const { stdout, stderr } = await status(zerotier.folder);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^assigned +RFC 4193$/m);
    expect(stdout).toMatch(/^name +a\\u\{1b\}\[31m\\u\{202e\}b$/m);
    expect(stdout).toMatch(/^ZeroTier +offline$/m);
  });

  test("says where no network has been joined", async () => {
    await using zerotier = await startService(answers(STATUS, []));
    const { stdout } = await status(zerotier.folder);
    expect(stdout).toBe("node address  89e92ceee5\nZeroTier      1.14.2, online\nnetworks      0\n");
  });
});

describe("a fault has its own sentence:", () => {
  const HERE = "127.0.0.1 port PORT";

  /** What the service does with the request, and what is said then. */
  const faults: [string, RequestListener, string][] = [
    [
      "an answer that is not JSON",
      (_, answer) => answer.end("<html>"),
      "what answers /status on port PORT is not ZeroTier's service: it is not JSON",
    ],
    [
      "an error",
      (_, answer) => answer.writeHead(500).end(),
      "ZeroTier's service answers /status with HTTP status 500",
    ],
    [
      "a connection cut off",
      (_, answer) => answer.destroy(),
      `cannot ask ZeroTier's service on ${HERE}: socket hang up`,
    ],
    [
      "an answer cut off",
      (_, answer) => {
        answer.writeHead(200, { "Content-Length": "100" });
        answer.write("{", () => answer.destroy());
      },
      `cannot ask ZeroTier's service on ${HERE}: aborted`,
    ],
    [
      "a redirection",
      (_, answer) => answer.writeHead(302, { Location: "http://192.0.2.1/" }).end(),
      "ZeroTier's service answers /status with HTTP status 302",
    ],
    [
      "another protocol",
      (_, answer) => answer.writeHead(101, { Connection: "Upgrade", Upgrade: "other" }).end(),
      "ZeroTier's service answers /status with HTTP status 101",
    ],
    [
      "an answer without end",
      (_, answer) => {
        const more = () => {
          while (answer.write(" ".repeat(2 ** 20)));
        };
        answer.on("drain", more);
        more();
      },
      "ZeroTier's service answers /status with more than 16 MiB",
    ],
    ["no answer", () => {}, `ZeroTier's service on ${HERE} does not answer`],
    [
      "half an answer",
      (_, answer) => {
        answer.write("{");
      },
      `ZeroTier's service on ${HERE} does not answer`,
    ],
    ...[null, [], { address: "x" }, { address: 1234567890 }, "89e92ceee5"].map(
      (value): [string, RequestListener, string] => [
        `${JSON.stringify(value)} for the node`,
        answers(value, []),
        "ZeroTier's service answers /status with JSON that has no node address where one must be",
      ],
    ),
    [
      "{} for the networks",
      answers(STATUS, {}),
      "ZeroTier's service answers /network with JSON that has no list of networks where one must be",
    ],
    ...[[{}], [null], [EARTH, { ...EARTH, id: "8056" }]].map((value): [string, RequestListener, string] => [
      `${JSON.stringify(value).slice(0, 20)} for the networks`,
      answers(STATUS, value),
      "ZeroTier's service answers /network with JSON that has no network ID where one must be",
    ]),
  ];

  test.concurrent.each(faults)("%s", async (_, listener, sentence) => {
    await using zerotier = await startService(listener);
    const port = readFileSync(zerotier.path("zerotier-one.port"), "utf8");
    expect(await status(zerotier.folder)).toEqual(failure(sentence.replace("PORT", port)));
  });

  test.each([401, 403])("a token that is refused with HTTP status %i", async (code) => {
    await using zerotier = await startService((_, answer) => answer.writeHead(code).end("{}"));
    const path = zerotier.path("authtoken.secret");
    expect(await status(zerotier.folder)).toEqual(
      failure(`ZeroTier's service refuses the token in "${path}"`),
    );
  });

  test("a token that is refused, and not printed", async () => {
    await using zerotier = await startService(answers(STATUS, []));
    const path = zerotier.path("authtoken.secret");
    writeFileSync(path, "another");
    expect(await status(zerotier.folder)).toEqual(
      failure(`ZeroTier's service refuses the token in "${path}"`),
    );
  });

  test.each(["", "\n", "two words", "a\nb", "\0"])("no token in the file: %j", async (content) => {
    await using zerotier = await startService(answers(STATUS, []));
    const path = zerotier.path("authtoken.secret");
    writeFileSync(path, content);
    expect(await status(zerotier.folder)).toEqual(
      failure(`there is no token of ZeroTier's service in "${path}"`),
    );
  });

  test("no token, and a folder in its place", async () => {
    await using zerotier = await startService(answers(STATUS, []));
    const path = zerotier.path("authtoken.secret");
    rmSync(path);
    const sentence = `cannot read the token of ZeroTier's service in "${path}"`;
    expect(await status(zerotier.folder)).toEqual(failure(`${sentence}: no such file or directory`));
    mkdirSync(path);
    expect(await status(zerotier.folder)).toEqual(failure(`${sentence}: it is a directory`));
  });

  test("a token that only root can read, but for a copy in the user's home", async ({ skip }) => {
    skip(process.getuid?.() !== 0 || obstacle !== undefined, "other users take root");
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    await using zerotier = await startService(answers(STATUS, []));
    using home = folder();
    for (const path of [zerotier.folder, home.path("")]) chmodSync(path, 0o755);
    const path = zerotier.path("authtoken.secret");
    chmodSync(path, 0o600);
    const run = () => {
      const words = user.words(...user.command, "status", "--zerotier", zerotier.folder);
      return ended(spawn(words[0], words.slice(1), { env: { ...process.env, HOME: home.path("") } }));
    };
    const sentence = `cannot read the token of ZeroTier's service in "${path}": permission denied`;
    expect(await run()).toEqual(failure(sentence));
    writeFileSync(home.path(".zeroTierOneAuthToken"), `${TOKEN}\n`);
    expect(await run()).toMatchObject({ status: 0, stderr: "" });
    writeFileSync(home.path(".zeroTierOneAuthToken"), "another");
    const copy = home.path(".zeroTierOneAuthToken");
    expect(await run()).toEqual(failure(`ZeroTier's service refuses the token in "${copy}"`));
  });

  test("no token, for a user without a name and a home", async ({ skip }) => {
    skip(process.getuid?.() !== 0 || obstacle !== undefined, "other users take root");
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    await using zerotier = await startService(answers(STATUS, []));
    chmodSync(zerotier.folder, 0o755);
    const path = zerotier.path("authtoken.secret");
    rmSync(path);
    const script = 'for file in passwd nsswitch.conf; do mount --bind /dev/null /etc/$file; done; exec "$@"';
    const nameless = ["--mount", "sh", "-ec", script, "sh"];
    const words = user.words(...user.command, "status", "--zerotier", zerotier.folder);
    const { HOME, ...env } = process.env;
    expect(await ended(spawn("unshare", [...nameless, ...words], { env }))).toEqual(
      failure(`cannot read the token of ZeroTier's service in "${path}": no such file or directory`),
    );
  });

  test("a folder that only root can look into", async ({ skip }) => {
    skip(process.getuid?.() !== 0 || obstacle !== undefined, "other users take root");
    const user = ordinaryUser("true");
    skip(user.obstacle !== undefined, user.obstacle);
    await using zerotier = await startService(answers(STATUS, []));
    chmodSync(zerotier.folder, 0o700);
    const [program, ...words] = user.words(...user.command, "status", "--zerotier", zerotier.folder);
    const path = zerotier.path("zerotier-one.port");
    const sentence = `cannot read the port of ZeroTier's service in "${path}": permission denied`;
    expect(await ended(spawn(program as string, words))).toEqual(failure(sentence));
  });

  test.each(["", "x", "0", "65536", "-1", "9993x", "123456"])("no port in the file: %j", async (content) => {
    using files = folder();
    const path = files.path("zerotier-one.port");
    writeFileSync(path, content);
    expect(await status(files.path(""))).toEqual(
      failure(`there is no port of ZeroTier's service in "${path}"`),
    );
  });

  test("a service that has not run, or does not any more", async () => {
    using files = folder();
    const path = files.path("zerotier-one.port");
    expect(await status(files.path(""))).toEqual(
      failure(`ZeroTier's service has not run here: there is no "${path}"`),
    );
    let port = "";
    {
      await using zerotier = await startService(answers(STATUS, []));
      port = readFileSync(zerotier.path("zerotier-one.port"), "utf8");
    }
    writeFileSync(path, `${port}\n`);
    writeFileSync(files.path("authtoken.secret"), TOKEN);
    expect(await status(files.path(""))).toEqual(
      failure(`ZeroTier's service does not run: nothing listens on 127.0.0.1 port ${port}`),
    );
  });
});

describe("--zerotier", () => {
  test("is taken wherever a node address is asked for", async () => {
    const { stdout } = await sixplane(["--help"]);
    const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) (?=.*\[options\])/gm), ([, name = ""]) => [
      name,
    ]);
    const targets: { name: string }[] = JSON.parse((await sixplane(["config", "--list", "--json"])).stdout);
    const asking: string[] = [];
    for (const words of [...commands, ...targets.map(({ name }) => ["config", name])]) {
      const help = (await sixplane([...words, "--help"])).stdout;
      if (!/^ {2}(--node <address>|node) .*node address, 10 hex digits$/m.test(help)) continue;
      asking.push(words.join(" "));
      expect(help, words.join(" ")).toContain("--zerotier [folder]");
    }
    expect(asking).toEqual(
      expect.arrayContaining(["address", "answer", "up", "config docker", "config facts"]),
    );
  });

  test.each([
    [
      ["address", "8056c2e21c000001"],
      ["address", "8056c2e21c000001", SELF],
    ],
    ...[
      ["answer", "--network", "8056c2e279e6f8f0", "examples/capture/kernel.pcap"],
      ["config", "docker", "--network", "8056c2e21c000001", "--flags"],
    ].map((words) => [words, [...words, "--node", SELF]]),
  ])("takes the place of the node address: %j", async (words, given) => {
    using files = folder();
    writeFileSync(files.path("identity.public"), IDENTITY);
    const expected = await sixplane(given);
    expect(expected.status).toBe(0);
    expect(await sixplane([...words, "--zerotier", files.path("")])).toEqual(expected);
    // Of the folder that is usual, where none is named.
    const environment = { ...process.env, ZEROTIER_HOME: files.path("") };
    const child = spawn(process.execPath, [COMMAND, ...words, "--zerotier"], { env: environment });
    expect(await ended(child)).toEqual(expected);
  });

  test("takes the place of the node address of up, which is no peer of its own", async () => {
    using files = folder();
    writeFileSync(files.path("identity.public"), IDENTITY);
    const words = ["--network", "8056c2e21c000001", "--peer", `${SELF}@192.0.2.1`];
    const { stderr } = await sixplane(["up", ...words, "--zerotier", files.path("")]);
    expect(stderr).toBe(`sixplane: peer must be another node than this host's own, got "${SELF}" (10)\n`);
  });

  test.each([
    ["linux", "/var/lib/zerotier-one"],
    ["freebsd", "/var/db/zerotier-one"],
    ["darwin", "/Library/Application Support/ZeroTier/One"],
    ["win32", "C:\\ProgramData/ZeroTier/One"], // whose separators are those of this machine
  ])("knows the folder that is usual on %s", async (platform, path) => {
    const pretend = `data:text/javascript,Object.defineProperty(process, "platform", { value: "${platform}" })`;
    const { ZEROTIER_HOME, ProgramData, ...env } = process.env;
    const words = ["--import", pretend, COMMAND, "status", "--help"];
    const { stdout } = await ended(spawn(process.execPath, words, { env }));
    expect(stdout.replace(/\s+/g, " ")).toContain(`ZeroTier's folder, where it is not ${path} `);
  });
});

function status(folder: string, ...words: string[]): Promise<Run> {
  return sixplane(["status", "--zerotier", folder, ...words]);
}

function failure(sentence: string): Run {
  return { status: 1, stdout: "", stderr: `sixplane: ${sentence}\n` };
}
