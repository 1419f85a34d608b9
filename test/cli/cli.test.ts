// The command line, run as a process.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pcap, pcapHeader, pcapRecord } from "../support/captures.ts";
import { COMMAND, ended, folder, sixplane, start } from "../support/command.ts";
import {
  advertisement,
  NETWORK,
  OWNER_MAC,
  SELF,
  solicitation,
  TARGET,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";
import { TAP } from "../support/vectors.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/capture/kernel.pcap", import.meta.url));
const ANSWER_EXAMPLE = ["answer", "--network", TAP.network, "--node", TAP.self, EXAMPLE];
const ME = ["--network", NETWORK, "--node", SELF];

describe("sixplane address", () => {
  test("prints everything that is derived", async () => {
    expect(await sixplane(["address", NETWORK, SELF])).toEqual({
      status: 0,
      stderr: "",
      stdout: `network ID               8056c2e21c000001
node address             89e92ceee5
MAC                      02:89:e9:30:0c:27
6PLANE address           fc9c:56c2:e389:e92c:eee5::1
6PLANE host prefix       fc9c:56c2:e389:e92c:eee5::/80
6PLANE network prefix    fc9c:56c2:e300::/40
RFC 4193 address         fd80:56c2:e21c:0:199:9389:e92c:eee5
RFC 4193 network prefix  fd80:56c2:e21c:0:199:9300::/88
`,
    });
  });

  test("prints JSON", async () => {
    const { status, stdout } = await sixplane([
      "address",
      "--json",
      NETWORK.toUpperCase(),
      SELF.toUpperCase(),
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      network: "8056c2e21c000001",
      node: "89e92ceee5",
      mac: "02:89:e9:30:0c:27",
      sixplane: {
        address: "fc9c:56c2:e389:e92c:eee5::1",
        hostPrefix: "fc9c:56c2:e389:e92c:eee5::/80",
        networkPrefix: "fc9c:56c2:e300::/40",
      },
      rfc4193: {
        address: "fd80:56c2:e21c:0:199:9389:e92c:eee5",
        networkPrefix: "fd80:56c2:e21c:0:199:9300::/88",
      },
    });
  });

  test("says where a node address is reserved", async () => {
    const { status, stderr } = await sixplane(["address", NETWORK, "ff00000001"]);
    expect([status, stderr]).toEqual([0, "sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n"]);
  });
});

describe("sixplane owner", () => {
  test.each([
    ["fc9c:56c2:e3de:adbe:ef01::53", "6plane"],
    ["fd80:56c2:e21c:0:199:93de:adbe:ef01", "rfc4193"],
    ["02:de:ad:a2:0d:c3", "mac"],
  ])("of %s", async (text, mode) => {
    expect(await sixplane(["owner", NETWORK, text])).toEqual({
      status: 0,
      stdout: "deadbeef01\n",
      stderr: "",
    });
    const { stdout } = await sixplane(["owner", NETWORK, text, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ node: "deadbeef01", mode });
  });

  test.each([
    [
      "fe80::1",
      "fe80::1 belongs to no node of network 8056c2e21c000001, whose addresses are in fc9c:56c2:e300::/40 and fd80:56c2:e21c:0:199:9300::/88",
    ],
    [
      "04:de:ad:a2:0d:c3",
      "04:de:ad:a2:0d:c3 belongs to no node of network 8056c2e21c000001, whose MACs start with 02",
    ],
    [
      "fc9c:56c2:e300::",
      "fc9c:56c2:e300:: belongs to no node: it names 0000000000, which ZeroTier gives to none",
    ],
  ])("of %s there is none", async (text, sentence) => {
    expect(await sixplane(["owner", NETWORK, text])).toEqual({
      status: 1,
      stdout: "",
      stderr: `sixplane: ${sentence}\n`,
    });
  });
});

describe("sixplane adhoc", () => {
  test("makes an ID of a port range, and a port range of an ID", async () => {
    const { stdout } = await sixplane(["adhoc", "7000", "7999", "--json"]);
    const value = {
      network: "ff1b581f3f000000",
      startPort: 7000,
      endPort: 7999,
      networkPrefix: "fcc0:1b58:1f00::/40",
    };
    expect(JSON.parse(stdout)).toEqual(value);
    for (const id of [value.network, "0xff1b581f-3f000000"])
      expect(JSON.parse((await sixplane(["adhoc", id, "--json"])).stdout)).toEqual(value);
    expect(await sixplane(["adhoc", "22", "22"])).toEqual({
      status: 0,
      stdout:
        "network ID             ff00160016000000\nports                  22-22\n6PLANE network prefix  fce9:16::/40\n",
      stderr: "",
    });
  });
});

test.each([["22"], ["22-22"], ["22", "22"]])(
  "sixplane adhoc takes %s as the range of one port",
  async (...words) => {
    const { stdout } = await sixplane(["adhoc", ...words, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ network: "ff00160016000000", startPort: 22, endPort: 22 });
  },
);

describe("sixplane answer", () => {
  test("gives each frame of the shipped capture a verdict", async () => {
    const { status, stdout, stderr } = await sixplane(ANSWER_EXAMPLE);
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(TAP.frames.length + 1);
    expect(lines[14]).toBe(
      "   15  reply    emulated          Neighbor Solicitation for fcf9:b03a:1211:2233:4455::1 from fcf9:b03a:1289:e92c:eee5::1 is at f2:e9:c4:4a:a6:97",
    );
    expect(lines[29]).toBe("   30  pass     next-header       Hop-by-Hop Options");
    expect(lines.at(-1)).toBe("33 frames: 9 reply, 24 pass, 0 invalid");
  });

  test("ships the frames that a kernel really sent", () => {
    const frames = TAP.frames.map(({ hex }, i) => {
      const time = Buffer.alloc(8);
      time.writeUInt32LE(i);
      const length = Buffer.alloc(8);
      length.writeUInt32LE(hex.length / 2, 0);
      length.writeUInt32LE(hex.length / 2, 4);
      return toHex(time) + toHex(length) + hex;
    });
    expect(toHex(readFileSync(EXAMPLE))).toBe(toHex(pcapHeader()) + frames.join(""));
  });

  test("prints JSON, one object a line", async () => {
    const capture = pcap([
      solicitation(),
      solicitation({ hopLimit: "40" }),
      solicitation({ ethertype: "0806" }),
    ]);
    const { stdout } = await sixplane(["answer", ...ME, "--json", "-"], capture);
    const description =
      "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from fc9c:56c2:e389:e92c:eee5::1";
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { index: 1, description, verdict: "reply", reason: "emulated", reply: advertisement() },
      { index: 2, description, verdict: "invalid", reason: "hop-limit" },
      { index: 3, description: "ARP", verdict: "pass", reason: "not-ipv6" },
    ]);
  });

  test.each([
    ["6plane", ["reply", "pass", "pass"]],
    ["rfc4193", ["pass", "reply", "pass"]],
    ["6plane,rfc4193", ["reply", "reply", "pass"]],
    ["rfc4193,6plane --probes", ["reply", "reply", "reply"]],
  ])("answers in modes %s", async (words, verdicts) => {
    const capture = pcap([
      solicitation(),
      solicitation({ target: "fd8056c2e21c0000019993deadbeef01" }),
      solicitation({ ethernetDestination: OWNER_MAC, destination: TARGET, target: TARGET }),
    ]);
    const modes = ["--modes", ...words.split(" ")];
    const { stdout } = await sixplane(["answer", ...ME, ...modes, "--json", "-"], capture);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).verdict),
    ).toEqual(verdicts);
  });

  test.each([
    [solicitation({ ethertype: "0800" }), "IPv4"],
    [solicitation({ ethertype: "0806" }), "ARP"],
    [solicitation({ ethertype: "8100" }), "VLAN tag"],
    [solicitation({ ethertype: "88a8" }), "VLAN service tag"],
    [solicitation({ ethertype: "88cc" }), "LLDP"],
    [solicitation({ ethertype: "0026" }), "IEEE 802.3 frame"],
    [solicitation({ ethertype: "88f7" }), "ethertype 0x88f7"],
    [solicitation({ nextHeader: "06" }), "TCP"],
    [solicitation({ nextHeader: "11" }), "UDP"],
    [solicitation({ nextHeader: "2c" }), "Fragment"],
    [solicitation({ nextHeader: "fe" }), "IPv6 next header 254"],
    [solicitation({ type: "85" }), "Router Solicitation"],
    [solicitation({ type: "88" }), "Neighbor Advertisement of fc9c:56c2:e3de:adbe:ef01::1"],
    [solicitation({ type: "c8" }), "ICMPv6 type 200"],
    [
      solicitation({ source: UNSPECIFIED }),
      "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from :: (duplicate address detection) is at 02:de:ad:a2:0d:c3",
    ],
    [solicitation().subarray(0, 70), "Neighbor Solicitation, cut short"],
    [solicitation().subarray(0, 30), "IPv6, cut short"],
    [solicitation().subarray(0, 13), "13 bytes, less than an Ethernet header"],
    [new Uint8Array(0), "0 bytes, less than an Ethernet header"],
  ])("says what a frame is: %#", async (frame, words) => {
    const { stdout } = await sixplane(["answer", ...ME, "-"], pcap([frame]));
    expect(stdout.split("\n")[0]?.slice(34)).toBe(words);
  });

  test("says where a capture cut a frame", async () => {
    const capture = Buffer.concat([pcapHeader(), pcapRecord(solicitation().subarray(0, 80), { length: 86 })]);
    const { stdout } = await sixplane(["answer", ...ME, "-"], capture);
    expect(stdout).toContain("from fc9c:56c2:e389:e92c:eee5::1, 80 of 86 bytes captured\n");
    expect(stdout).toContain("invalid  payload-length");
  });

  test("has no colours in a pipe, and on a terminal unless NO_COLOR says so", async ({ skip }) => {
    skip(
      spawnSync("script", ["-qec", "true", "/dev/null"]).status !== 0,
      "there is no script to be a terminal",
    );
    const { stdout } = await sixplane(["answer", ...ME, "-"], pcap([solicitation()]));
    expect(stdout).not.toContain("\x1b");
    const onTerminal = (environment: NodeJS.ProcessEnv) => {
      const { NO_COLOR, CI, ...env } = process.env;
      const words = [process.execPath, COMMAND, ...ANSWER_EXAMPLE].join(" ");
      return spawnSync("script", ["-qec", words, "/dev/null"], {
        env: { ...env, TERM: "xterm-256color", ...environment },
        encoding: "utf8",
      }).stdout;
    };
    expect(onTerminal({})).toContain("\x1b[32mreply");
    expect(onTerminal({ NO_COLOR: "1" })).not.toContain("\x1b");
    expect(onTerminal({ NO_COLOR: "1" })).toContain("reply    emulated");
  });

  test.each([[["address", NETWORK, SELF]], [ANSWER_EXAMPLE]])(
    "fails where stdout cannot be written: %j",
    async (words) => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ["ignore", full, "pipe"] });
      closeSync(full);
      let stderr = "";
      child.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const [status] = await once(child, "close");
      expect([status, stderr]).toEqual([1, "sixplane: cannot write to stdout: no space left on device\n"]);
    },
  );

  test.each([
    ["that is no capture", [Buffer.from("no capture")], 2],
    ["that is damaged", [pcapHeader(), new Uint8Array(16).fill(255)], 1],
  ])("does not wait for the end of a stream %s", async (_, chunks, expected) => {
    const child = start(["answer", ...ME, "-"]);
    child.stdout.resume();
    child.stderr.resume();
    for (const chunk of chunks) child.stdin.write(chunk);
    const [status] = await once(child, "close"); // stdin is still open
    expect(status).toBe(expected);
  });

  test("does not wait for the end of a stream when nobody reads on", async () => {
    const child = start(["answer", ...ME, "-"]);
    child.stdin.on("error", () => {});
    child.stdin.write(pcap([solicitation()]));
    await once(child.stdout, "data");
    child.stdout.destroy();
    await once(child.stdout, "close");
    child.stdin.write(pcapRecord(solicitation()));
    const [status] = await once(child, "close"); // stdin is still open
    expect(status).toBe(0);
  });

  test("stops quietly when nobody reads on", async () => {
    const child = start(["answer", ...ME, "-"]);
    child.stdout.destroy();
    const { status, stderr } = await ended(child, pcap(Array(5000).fill(solicitation())));
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("sixplane answer -o", () => {
  const replies = (count: number) =>
    toHex(pcapHeader({ nanoseconds: true })) +
    toHex(pcapRecord(Buffer.from(advertisement(), "hex"), { nanoseconds: true })).repeat(count);
  const inNanoseconds = (frames: Uint8Array[]) => pcap(frames, { nanoseconds: true });

  test("writes the replies, in the place of what was there", async () => {
    using files = folder();
    const output = files.path("replies.pcap");
    writeFileSync(output, "what was there");
    const capture = inNanoseconds([solicitation(), solicitation({ code: "01" }), solicitation()]);
    expect((await sixplane(["answer", ...ME, "-", "-o", output], capture)).status).toBe(0);
    expect(toHex(readFileSync(output))).toBe(replies(2));
    expect(readdirSync(dirname(output))).toEqual(["replies.pcap"]);
  });

  test("writes through a link, and replies even where nobody reads the lines", async () => {
    using files = folder();
    writeFileSync(files.path("real.pcap"), "");
    symlinkSync("real.pcap", files.path("link.pcap"));
    const child = start(["answer", ...ME, "-", "-o", files.path("link.pcap")]);
    child.stdout.destroy();
    await ended(child, inNanoseconds(Array(3000).fill(solicitation())));
    expect(toHex(readFileSync(files.path("real.pcap")))).toBe(replies(3000));
    expect(readdirSync(files.path("")).sort()).toEqual(["link.pcap", "real.pcap"]);
  });

  test("writes an empty capture's no replies", async () => {
    using files = folder();
    await sixplane(["answer", ...ME, "-", "-o", files.path("replies.pcap")], pcapHeader());
    expect(toHex(readFileSync(files.path("replies.pcap")))).toBe(replies(0));
  });

  test("keeps what came before the damage", async () => {
    using files = folder();
    const capture = inNanoseconds([solicitation(), solicitation()]);
    const run = await sixplane(
      ["answer", ...ME, "-", "-o", files.path("replies.pcap")],
      capture.subarray(0, -1),
    );
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/^ {4}1 {2}reply/);
    expect(run.stderr).toBe("sixplane: -: cut short, with 85 of 86 bytes of a frame, at offset 142\n");
    expect(toHex(readFileSync(files.path("replies.pcap")))).toBe(replies(1));
    expect(readdirSync(files.path(""))).toEqual(["replies.pcap"]);
  });

  test("leaves nothing behind, and what was there alone, where the capture is none", async () => {
    using files = folder();
    writeFileSync(files.path("old.pcap"), "what was there");
    for (const output of ["new.pcap", "old.pcap"]) {
      const run = await sixplane(["answer", ...ME, "-", "-o", files.path(output)], "no capture");
      expect(run.status).toBe(2);
    }
    expect(readdirSync(files.path(""))).toEqual(["old.pcap"]);
    expect(readFileSync(files.path("old.pcap"), "utf8")).toBe("what was there");
  });

  test.each(["SIGHUP", "SIGINT", "SIGTERM"] as const)("keeps the replies so far on %s", async (signal) => {
    using files = folder();
    const child = start(["answer", ...ME, "-", "-o", files.path("replies.pcap")]);
    child.stdin.write(inNanoseconds([solicitation()]));
    await once(child.stdout, "data");
    child.kill(signal);
    const [status] = await once(child, "close");
    expect(status).toBe(128 + constants.signals[signal]);
    expect(toHex(readFileSync(files.path("replies.pcap")))).toBe(replies(1));
    expect(readdirSync(files.path(""))).toEqual(["replies.pcap"]);
  });

  test("does not write over the capture, under any name", async () => {
    using files = folder();
    const capture = files.path("capture.pcap");
    writeFileSync(capture, pcap([solicitation()]));
    linkSync(capture, files.path("same.pcap"));
    for (const output of [capture, files.path("same.pcap")]) {
      const run = await sixplane(["answer", ...ME, capture, "-o", output]);
      expect([run.status, run.stdout]).toEqual([2, ""]);
      expect(run.stderr).toBe(
        `sixplane: replies file must be another file than the capture, got "${output}" (${output.length})\n`,
      );
    }
    const child = spawn(process.execPath, [COMMAND, "answer", ...ME, "-", "-o", capture], {
      stdio: [openSync(capture, "r"), "ignore", "ignore"],
    });
    expect((await once(child, "close"))[0]).toBe(2);
    expect(toHex(readFileSync(capture))).toBe(toHex(pcap([solicitation()])));
  });

  test("does not write where stdout goes", async () => {
    using files = folder();
    const words = [COMMAND, "answer", ...ME, EXAMPLE, "-o", files.path("lines")];
    const stdout = openSync(files.path("lines"), "w");
    const child = spawn(process.execPath, words, { stdio: ["ignore", stdout, "ignore"] });
    expect((await once(child, "close"))[0]).toBe(2);
  });

  test("keeps the mode of what was there", async () => {
    using files = folder();
    writeFileSync(files.path("private.pcap"), "", { mode: 0o600 });
    await sixplane(["answer", ...ME, "-", "-o", files.path("private.pcap")], pcapHeader());
    expect(statSync(files.path("private.pcap")).mode & 0o777).toBe(0o600);
  });

  test("leaves nothing behind where stdout cannot be written", async () => {
    using files = folder();
    const words = [COMMAND, "answer", ...ME, EXAMPLE, "-o", files.path("replies.pcap")];
    const child = spawn(process.execPath, words, { stdio: ["ignore", openSync("/dev/full", "w"), "ignore"] });
    expect((await once(child, "close"))[0]).toBe(1);
    expect(readdirSync(files.path(""))).toEqual([]);
  });

  test("fails where its folder has gone in the meantime", async () => {
    using files = folder();
    mkdirSync(files.path("gone"));
    const child = start(["answer", ...ME, "-", "-o", files.path("gone/replies.pcap")]);
    child.stdin.write(pcap([solicitation()]));
    await once(child.stdout, "data");
    rmSync(files.path("gone"), { recursive: true });
    const { status, stderr } = await ended(child);
    const path = files.path("gone/replies.pcap");
    expect([status, stderr]).toEqual([1, `sixplane: cannot write ${path}: no such file or directory\n`]);
  });

  test("is refused for an empty name", async () => {
    expect(await sixplane(["answer", ...ME, "-", "-o", ""], pcap([solicitation()]))).toEqual({
      status: 2,
      stdout: "",
      stderr: 'sixplane: replies file must be the name of a file, got "" (0)\n',
    });
  });

  test("writes the replies to stdout for -, and the lines to stderr", async () => {
    const capture = inNanoseconds([solicitation(), solicitation({ code: "01" }), solicitation()]);
    const words = [COMMAND, "answer", ...ME, "-", "-o", "-"];
    const run = spawnSync(process.execPath, words, { input: capture });
    expect([run.status, toHex(run.stdout)]).toEqual([0, replies(2)]);
    const lines = run.stderr.toString().split("\n");
    expect([lines.length, lines[0]?.slice(0, 12), lines[3]]).toEqual([
      5,
      "    1  reply",
      "3 frames: 2 reply, 0 pass, 1 invalid",
    ]);
    const json = spawnSync(process.execPath, [...words, "--json"], { input: capture });
    expect(toHex(json.stdout)).toBe(replies(2));
    expect(JSON.parse(json.stderr.toString().split("\n")[0] ?? "")).toMatchObject({ index: 1 });
  });

  test("writes each reply to stdout while more frames may come, and what came before damage", async () => {
    const child = start(["answer", ...ME, "-", "-o", "-"]);
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stdin.write(inNanoseconds([solicitation()]));
    while (Buffer.concat(chunks).length * 2 < replies(1).length) await once(child.stdout, "data");
    const { status } = await ended(child, new Uint8Array(16).fill(255));
    expect([status, toHex(Buffer.concat(chunks))]).toEqual([1, replies(1)]);
    const none = await sixplane(["answer", ...ME, "-", "-o", "-"], "no capture");
    expect([none.status, none.stdout]).toEqual([2, ""]);
    const empty = spawnSync(process.execPath, [COMMAND, "answer", ...ME, "-", "-o", "-"], {
      input: pcapHeader(),
    });
    expect(toHex(empty.stdout)).toBe(replies(0));
  });

  test("stops quietly when nobody reads the replies on stdout on", async () => {
    const child = start(["answer", ...ME, "-", "-o", "-"]);
    child.stdout.destroy();
    const { status } = await ended(child, pcap(Array(5000).fill(solicitation())));
    expect(status).toBe(0);
  });

  test.for([
    ["answer", ...ME, EXAMPLE],
    ["emit", "tiny", "--format", "wasm"],
  ])("writes no bytes to a terminal: %s", (words, { skip }) => {
    const onTerminal = (line: string) =>
      spawnSync("script", ["-qec", line, "/dev/null"], { encoding: "utf8" });
    skip(onTerminal("true").status !== 0, "there is no script to be a terminal");
    const { status, stdout } = onTerminal([process.execPath, COMMAND, ...words, "-o", "-"].join(" "));
    expect([status, stdout.trim()]).toEqual([
      2,
      `sixplane: ${words[0] === "emit" ? "folder" : "replies file"} must be a file, as stdout is a terminal, got "-" (1)`,
    ]);
  });

  test("is refused for a link to nothing", async () => {
    using files = folder();
    symlinkSync("nowhere", files.path("link"));
    const run = await sixplane(["answer", ...ME, "-", "-o", files.path("link")], pcap([solicitation()]));
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/: it is a link to nothing\n$/);
    expect(readdirSync(files.path(""))).toEqual(["link"]);
  });

  test.each([
    ["missing/replies.pcap", "one that can be written", "no such file or directory"],
    ["folder", "a file", "there is something else of that name"],
    ["file/replies.pcap", "one that can be written", "a part of the path is not a directory"],
  ])("is refused for %s", async (name, expected, why) => {
    using files = folder();
    mkdirSync(files.path("folder"));
    writeFileSync(files.path("file"), "");
    const output = files.path(name);
    const run = await sixplane(["answer", ...ME, "-", "-o", output], pcap([solicitation()]));
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toBe(
      `sixplane: replies file must be ${expected}, got "${output}" (${output.length}): ${why}\n`,
    );
  });

  test("does not replace a device", async () => {
    const run = await sixplane(["answer", ...ME, "-", "-o", "/dev/null"], pcap([solicitation()]));
    expect(run.status).toBe(2);
    expect(existsSync("/dev/null")).toBe(true);
  });

  test.for([
    ["on a full disk", "size=4k", "head -c 4096 /dev/zero > disk/filler"],
    ["on a disk that fills up", "size=8k", "true"],
  ])("fails %s, and leaves nothing behind", ([, size, fill], { skip }) => {
    using files = folder();
    writeFileSync(files.path("capture.pcap"), pcap(Array(200).fill(solicitation())));
    mkdirSync(files.path("disk"));
    const mount = `mount -t tmpfs -o ${size} none disk && ${fill}`;
    const script = `${mount} && "$@"; echo "status $?"; rm -f disk/filler; ls -A disk`;
    const words = [process.execPath, COMMAND, "answer", ...ME, "capture.pcap", "-o", "disk/replies.pcap"];
    const inside = (...command: string[]) =>
      spawnSync("unshare", ["-Urm", ...command], { cwd: files.path(""), encoding: "utf8" });
    skip(inside("true").status !== 0, "this machine allows no mount namespace");
    const { stdout, stderr } = inside("sh", "-c", script, "sh", ...words);
    expect(stdout).toMatch(/(^|\n)status 1\n$/);
    expect(stderr).toBe("sixplane: cannot write disk/replies.pcap: no space left on device\n");
  });
});

describe("bad input", () => {
  const NO_NODE = "give a node address, or --zerotier to take it from ZeroTier's folder";

  test.each([
    [["address"], "sixplane: give a network ID: 16 hex digits, alone or behind --network\n"],
    [["address", NETWORK], `sixplane: ${NO_NODE}\n`],
    [
      ["address", NETWORK, SELF, "x"],
      "sixplane: too many arguments for 'address'. Expected 2 arguments but got 3.\n",
    ],
    [["address", "8056c2e2", SELF], 'sixplane: network ID must be 16 hex digits, got "8056c2e2" (8)\n'],
    [["address", NETWORK, "89e9"], 'sixplane: node address must be 10 hex digits, got "89e9" (4)\n'],
    [
      ["owner", NETWORK, "fe80::1%eth0"],
      'sixplane: address must be an IPv6 address or a MAC, got "fe80::1%eth0" (12): a zone is not part of it\n',
    ],
    [["adhoc", "ff0016"], 'sixplane: network ID must be 16 hex digits, got "ff0016" (6)\n'],
    [["adhoc", "70000"], 'sixplane: start port must be a whole number from 0 to 65535, got "70000" (5)\n'],
    [["adhoc", "7000-70000"], 'sixplane: end port must be a whole number from 0 to 65535, got "70000" (5)\n'],
    [["adhoc", "23", "22"], "sixplane: end port must be a whole number from 23 to 65535, got 22\n"],
    [
      ["adhoc", "0x16", "22"],
      'sixplane: start port must be a whole number from 0 to 65535, got "0x16" (4)\n',
    ],
    [
      ["adhoc", "22", "65536"],
      'sixplane: end port must be a whole number from 0 to 65535, got "65536" (5)\n',
    ],
    [
      ["adhoc", NETWORK],
      'sixplane: network ID of an ad-hoc network must be ff, two ports in order, and six zeros, got "8056c2e21c000001" (16)\n',
    ],
    [
      ["answer", "--node", SELF, "-"],
      "sixplane: give a network ID: 16 hex digits, alone or behind --network\n",
    ],
    [["answer", "--network", NETWORK, "-"], `sixplane: ${NO_NODE}\n`],
    [["answer", ...ME], "sixplane: missing required argument 'capture'\n"],
    [["answer", ...ME, "--modes", "ipv4", "-"], 'sixplane: mode must be 6plane or rfc4193, got "ipv4" (4)\n'],
    [["answer", ...ME, "--modes", "", "-"], 'sixplane: mode must be 6plane or rfc4193, got "" (0)\n'],
    [
      ["answer", ...ME, "missing.pcap"],
      'sixplane: capture must be a file that can be read, got "missing.pcap" (12): no such file or directory\n',
    ],
    [
      ["answer", ...ME, "/"],
      'sixplane: capture must be a file that can be read, got "/" (1): it is a directory\n',
    ],
    [
      ["answer", ...ME, "package.json"],
      "sixplane: capture must be a pcap or pcapng file, got a file that starts with 7b0a2020\n",
    ],
    [["bogus"], "sixplane: unknown command 'bogus'\n"],
    [["confg"], "sixplane: unknown command 'confg': did you mean config?\n"],
    [["confg\nx"], "sixplane: unknown command 'confg\\u{a}x': did you mean config?\n"],
    [["address", "--jsn"], "sixplane: unknown option '--jsn': did you mean --json?\n"],
    [["--bogus"], "sixplane: unknown option '--bogus'\n"],
  ])("%j exits with 2", async (words, stderr) => {
    expect(await sixplane(words)).toEqual({ status: 2, stdout: "", stderr });
  });
});

describe("help", () => {
  const commands = ["address", "owner", "answer", "adhoc", "config"]; // the others have tests of their own

  test("names every command", async () => {
    const { status, stdout } = await sixplane(["--help"]);
    expect(status).toBe(0);
    for (const name of [...commands, "emit", "status", "up"]) expect(stdout).toContain(`\n  ${name} `);
  });

  test.each(commands)("for %s has an example that works", async (name) => {
    const { status, stdout } = await sixplane([name, "--help"]);
    const example = /Example:\n {2}sixplane (.+)\n/.exec(stdout)?.[1] ?? "";
    expect([status, example.split(" ")[0]]).toEqual([0, name]);
    using files = folder();
    const words = example
      .split(" ")
      .map((word) => (word === "capture.pcap" ? EXAMPLE : word === "replies.pcap" ? files.path(word) : word));
    expect((await sixplane(words)).status).toBe(0);
  });

  test("of a command and of a target is what their --help prints", async () => {
    for (const words of [[], ["owner"], ["config"], ["config", "docker"]])
      expect(await sixplane(["help", ...words])).toEqual(await sixplane([...words, "--help"]));
  });

  test.each([
    [["confg"], "unknown command 'confg': did you mean config?"],
    [["config", "dokcer"], "unknown command 'dokcer': did you mean docker?"],
    [["nonsense"], "unknown command 'nonsense'"],
    [["owner", "x"], "unknown command 'x'"],
    [["a\x1bb"], "unknown command 'a\\u{1b}b'"],
  ])("for %j names what there is not", async (words, sentence) => {
    expect(await sixplane(["help", ...words])).toEqual({
      status: 2,
      stdout: "",
      stderr: `sixplane: ${sentence}\n`,
    });
  });

  test("tells no default that is none", async () => {
    const { stdout } = await sixplane(["__complete", "--", ""]);
    const names = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "");
    expect(names).toContain("up");
    for (const name of names)
      expect((await sixplane([name, "--help"])).stdout).not.toMatch(/default:\s+(false|\[\])/);
  });

  test("without a command goes to stderr", async () => {
    const { status, stdout, stderr } = await sixplane([]);
    expect([status, stdout, stderr.startsWith("Usage: sixplane")]).toEqual([2, "", true]);
  });

  test("tells the version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await sixplane(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });
});

test("says in one sentence that the runtime has no WebAssembly", () => {
  const words = ["--jitless", "--no-warnings", COMMAND, "address", NETWORK, SELF];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr.replace(/^Warning: disabling flag .*\n/, "")).toBe(
    "sixplane: WebAssembly cannot be compiled here: this runtime has none (iOS Lockdown Mode, node --jitless)\n",
  );
});
