// Lists on stdin, and all that owner takes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Address6 } from "ip-address";
import { Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { COMMAND, ended, sixplane, start } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";

const network = new Network(NETWORK);
const ADDRESS = "fc9c:56c2:e3de:adbe:ef01::53";
const reverse = (address: string) => new Address6(address).reverseForm();

describe("sixplane address with a list", () => {
  test("prints for each node what it prints for one", async () => {
    const list = `${SELF}\n\n# a comment\n 0xDEADBEEF-01 \t# another\r\n`;
    const { status, stdout, stderr } = await sixplane(["address", NETWORK, "-"], list);
    const [one, other] = await Promise.all(
      [SELF, "deadbeef01"].map((node) => sixplane(["address", NETWORK, node])),
    );
    expect([status, stdout, stderr]).toEqual([0, `${one?.stdout}\n${other?.stdout}`, ""]);
  });

  test("prints a JSON object a line, for 20,000 nodes in one process", async () => {
    const nodes = Array.from({ length: 20_000 }, (_, n) => (n + 1).toString(16).padStart(10, "0"));
    const { status, stdout } = await sixplane(
      ["address", "-", "--network", NETWORK, "--json"],
      nodes.join("\n"),
    );
    const lines = stdout.trimEnd().split("\n");
    expect([status, lines.length]).toEqual([0, 20_000]);
    for (const n of [0, 9_999, 19_999]) {
      const single = await sixplane(["address", NETWORK, nodes[n] ?? "", "--json"]);
      expect(JSON.parse(lines[n] ?? "")).toEqual(JSON.parse(single.stdout));
    }
  });

  test("goes on behind bad lines, and names each", async () => {
    const list = `89e9\n${SELF}\n${NETWORK}\n89e92ceee5 web\n`;
    const { status, stdout, stderr } = await sixplane(["address", NETWORK, "-", "--json"], list);
    expect([status, stdout.trimEnd().split("\n").length]).toEqual([2, 1]);
    expect(stderr).toBe(`sixplane: line 1: node address must be 10 hex digits, got "89e9" (4)
sixplane: line 3: node address must be 10 hex digits, got "${NETWORK}" (16): it is a network ID
sixplane: line 4: node address must be 10 hex digits, got "89e92ceee5 web" (14)
`);
  });

  test("says which nodes are reserved", async () => {
    const { status, stderr } = await sixplane(["address", NETWORK, "-"], "ff00000001\n");
    expect([status, stderr]).toEqual([0, "sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n"]);
  });

  test.each([[["--node", SELF]], [[SELF]], [["--zerotier"]]])("takes no node besides: %j", async (words) => {
    const { status, stderr } = await sixplane(["address", NETWORK, ...words, "-"], SELF);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^sixplane: (give either one node, or - for a list|too many arguments)/);
  });
});

describe("sixplane owner with a list", () => {
  const LIST = `${ADDRESS}\n02:de:ad:a2:0d:c3\n${reverse(ADDRESS)}\nfe80::de:adff:fea2:dc3\n`;

  test("prints each node, and behind it what it was found by", async () => {
    expect(await sixplane(["owner", NETWORK, "-"], LIST)).toEqual({
      status: 0,
      stdout: LIST.replace(/^/gm, "deadbeef01  ").replace(/deadbeef01 {2}$/, ""),
      stderr: "",
    });
  });

  test("prints a JSON object a line", async () => {
    const { stdout } = await sixplane(["owner", "-", NETWORK, "--json"], LIST);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(
      LIST.trimEnd()
        .split("\n")
        .map((address, n) => ({
          address,
          node: "deadbeef01",
          mode: ["6plane", "mac", "6plane", "link-local"][n],
        })),
    );
  });

  test("has status 1 where a line belongs to no node, and 2 where one is bad input", async () => {
    const foreign = `${ADDRESS}\n2001:db8::1\n${ADDRESS}`;
    const where = "whose addresses are in fc9c:56c2:e300::/40 and fd80:56c2:e21c:0:199:9300::/88";
    const none = `sixplane: line 2: 2001:db8::1 belongs to no node of network ${NETWORK}, ${where}\n`;
    expect(await sixplane(["owner", NETWORK, "-"], foreign)).toEqual({
      status: 1,
      stdout: `deadbeef01  ${ADDRESS}\n`.repeat(2),
      stderr: none,
    });
    expect(await sixplane(["owner", NETWORK, "-"], `x\x1b\n${foreign}`)).toMatchObject({
      status: 2,
      stderr: `sixplane: line 1: address must be an IPv6 address or a MAC, got "x\\u001b" (2): "x\\u001b" is not 1 to 4 hex digits\n${none.replace("line 2", "line 3")}`,
    });
  });

  test("finds the owner of all that address derives", async () => {
    const nodes = Array.from({ length: 1000 }, (_, n) => ((n + 1) * 7919).toString(16).padStart(10, "0"));
    const list = nodes.map((node) => {
      const { sixplane, mac } = network.host(node);
      return [sixplane.address, mac][Number.parseInt(node, 16) % 2];
    });
    const { stdout } = await sixplane(["owner", NETWORK, "-"], list.join("\n"));
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(0, 10)),
    ).toEqual(nodes);
  });
});

describe("a list", () => {
  test("is answered line by line, while more may come", async () => {
    const child = start(["owner", NETWORK, "-"]);
    for (const _ of [1, 2, 3]) {
      child.stdin.write(`${ADDRESS}\n`);
      const [answer] = await once(child.stdout, "data");
      expect(String(answer)).toBe(`deadbeef01  ${ADDRESS}\n`);
    }
    expect((await ended(child, ADDRESS)).status).toBe(0); // the last line has no end
  });

  test("takes no more memory for more lines, or a line without end", async () => {
    const child = start(["owner", NETWORK, "-"], { NODE_OPTIONS: "--max-old-space-size=12" });
    let [length, stderr] = [0, ""];
    child.stdout.on("data", (chunk) => (length += chunk.length));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdin.on("error", () => {});
    const write = async (text: string) => child.stdin.write(text) || (await once(child.stdin, "drain"));
    for (let n = 0; n < 100; n++) await write(`${ADDRESS}\n`.repeat(1000));
    for (let n = 0; n < 100; n++) await write("f".repeat(500_000));
    child.stdin.end();
    const [status] = await once(child, "close");
    expect([status, length]).toEqual([2, 100_000 * `deadbeef01  ${ADDRESS}\n`.length]);
    expect(stderr).toMatch(
      /^sixplane: line 100001: address must be an IPv6 address or a MAC, got "f{80}…" \(1000\)/,
    );
  });

  test("that nobody reads on ends quietly", async () => {
    const child = start(["owner", NETWORK, "-"]);
    child.stdout.destroy();
    const { status, stderr } = await ended(child, `${ADDRESS}\n`.repeat(20_000));
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("that breaks off is a failure", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const stdin = connect((server.address() as AddressInfo).port);
    const [source] = await once(server, "connection");
    const child = spawn(process.execPath, [COMMAND, "owner", NETWORK, "-"], {
      stdio: [stdin, "pipe", "pipe"],
    });
    stdin.destroy();
    source.write(`${ADDRESS}\n`);
    await once(child.stdout as NodeJS.EventEmitter, "data");
    source.resetAndDestroy();
    server.close();
    let stderr = "";
    child.stderr?.on("data", (chunk) => (stderr += chunk));
    const [status] = await once(child, "close");
    expect([status, stderr]).toEqual([1, "sixplane: cannot read stdin: read ECONNRESET\n"]);
  });
});

describe("sixplane owner", () => {
  const { mac } = network.host("deadbeef01");

  test.each([
    [reverse(ADDRESS), "6plane"],
    [reverse(ADDRESS).replace(/\.$/, "").toUpperCase(), "6plane"],
    [reverse("fd80:56c2:e21c:0:199:93de:adbe:ef01"), "rfc4193"],
    ["fe80::de:adff:fea2:dc3", "link-local"],
    ["FE80:0:0:0:00de:adff:fea2:0dc3", "link-local"],
    [reverse("fe80::de:adff:fea2:dc3"), "link-local"],
  ])("of %s", async (text, mode) => {
    expect(mac).toBe("02:de:ad:a2:0d:c3");
    const { stdout } = await sixplane(["owner", NETWORK, text, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ node: "deadbeef01", mode });
  });

  test.each([
    ["fe80::2de:adff:fea2:dc3", 1, `belongs to no node of network ${NETWORK}, whose MACs start with 02`],
    ["fe80::1:0:de:adff:fea2:dc3", 1, `belongs to no node of network ${NETWORK}, whose addresses are in `],
    ["fe80::1:de:adff:fea2:dc3", 1, `belongs to no node of network ${NETWORK}, whose addresses are in `],
    [reverse("2001:db8::1"), 1, `belongs to no node of network ${NETWORK}, whose addresses are in `],
    [
      "3.e.2.c.6.5.c.9.c.f.ip6.arpa",
      2,
      "name in ip6.arpa must be that of an address, 32 hex digits with dots",
    ],
    [`0${reverse(ADDRESS)}`, 2, "name in ip6.arpa must be that of an address"],
    [".ip6.arpa", 2, "name in ip6.arpa must be that of an address"],
  ])("of %s there is none", async (text, status, sentence) => {
    const run = await sixplane(["owner", NETWORK, text]);
    expect([run.status, run.stdout]).toEqual([status, ""]);
    expect(run.stderr).toContain(sentence);
  });
});
