// Files of wg-quick, which wireguard-tools read, and which three hosts run with wireguard-go.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { isInstalled, type Namespace } from "../../examples/fabric/namespace.js";
import { folder, sixplane } from "../support/command.ts";
import { A, B, C, NETWORK, ping, runIn, Underlay, until } from "../support/hosts.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";
import { container } from "./container.ts";
import { runPage } from "./page.ts";

const WIREGUARD = ["config", "wireguard", "--network", NETWORK, "--nodes", "-"];

/** Public keys, and what is not one. */
const [KEY, OTHER, THIRD] = [7, 8, 9].map((byte) => Buffer.alloc(32, byte).toString("base64"));

const LIST = `${A.node} web key=${KEY} endpoint=192.0.2.1:4000 # comment
${B.node} db endpoint=[2001:db8::2]:5000
${B.node} www key=${OTHER}
${C.node} key=${THIRD}
`;

async function fileOf(node: string, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await sixplane([...WIREGUARD, "--node", node, ...words], LIST);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sixplane config wireguard", () => {
  test("gives a node each other node, by all lines of the list that are its own", async () => {
    const lines = (await fileOf(A.node)).split("\n").filter((line) => !line.startsWith("# n"));
    expect(lines.slice(lines.indexOf("[Interface]"))).toEqual([
      "[Interface]",
      `Address = ${A.sixplane}/128, ${A.rfc4193}/128`,
      "ListenPort = 4000",
      "PostUp = wg set %i private-key /etc/wireguard/%i.key",
      "PostUp = ip -6 route replace unreachable fc9c:56c2:e300::/40 metric 4096",
      "PostUp = ip -6 route replace unreachable fd80:56c2:e21c:0:199:9300::/88 metric 4096",
      "",
      "[Peer]",
      `PublicKey = ${OTHER}`,
      `AllowedIPs = fc9c:56c2:e3de:adbe:ef01::/80, ${B.rfc4193}/128`,
      "Endpoint = [2001:db8::2]:5000",
      "",
      "[Peer]",
      `PublicKey = ${THIRD}`,
      `AllowedIPs = fc9c:56c2:e311:2233:4455::/80, ${C.rfc4193}/128`,
      "",
    ]);
    expect(await fileOf(A.node)).toContain(`\n# node ${B.node} db www\n`);
  });

  test("has a node that nobody reaches first keep its way open, and listen nowhere", async () => {
    const text = await fileOf(C.node);
    expect(text).not.toContain("ListenPort");
    expect(text.match(/^PersistentKeepalive = 25$/gm)).toHaveLength(2);
    expect(await fileOf(B.node)).not.toContain("PersistentKeepalive");
  });

  test("takes a port that is not told, and the place of the private key", async () => {
    const words = [...WIREGUARD, "--key-file", "/run/keys/%i-a.key"];
    const { stdout } = await sixplane(words, `${A.node} key=${KEY} endpoint=a-1.example.org`);
    expect(stdout).toContain("\nListenPort = 51820\nPostUp = wg set %i private-key /run/keys/%i-a.key\n");
  });

  test("warns of nodes that cannot reach each other", async () => {
    const { status, stderr } = await sixplane(
      [...WIREGUARD, "--node", A.node],
      `${A.node} key=${KEY}\n${B.node} key=${OTHER}\n`,
    );
    const sentence = `these nodes have no endpoint, so none of them reaches another: ${A.node}, ${B.node}`;
    expect([status, stderr]).toEqual([0, `sixplane: ${sentence}\n`]);
  });

  test("keeps the name of the list within a comment", async () => {
    using files = folder();
    const path = files.path("n\n[Peer]\u2028PostUp = id");
    writeFileSync(path, LIST);
    const words = ["config", "wireguard", NETWORK, "--nodes", path, "--node", A.node];
    const { status, stdout } = await sixplane(words);
    expect(status).toBe(0);
    const plain = (text: string) => text.split(/\n|\u2028/).filter((line) => !line.startsWith("#"));
    expect(plain(stdout)).toEqual(plain(await fileOf(A.node)));
  });

  test("writes all files into a folder", async () => {
    using files = folder();
    const { status, stdout } = await sixplane([...WIREGUARD, "-o", files.path("")], LIST);
    const paths = [A, B, C].map(({ node }) => files.path(`${node}.conf`));
    expect([status, stdout]).toEqual([0, paths.map((path) => `${path}: written\n`).join("")]);
  });

  const BASE64 = "a public key of WireGuard: 44 characters of base64";
  const line = `${A.node} web key=${KEY}`;

  test.each([
    [`${A.node} web`, `line 1 of the list: node ${A.node} has no key=PUBLIC_KEY`],
    [`${A.node} key=`, `key in line 1 of the list must be ${BASE64}, got "" (0)`],
    [
      `${A.node} key=${KEY?.slice(1)}`,
      `key in line 1 of the list must be ${BASE64}, got "${KEY?.slice(1)}" (43)`,
    ],
    [
      `${A.node} key=${"A".repeat(42)}B=`,
      `key in line 1 of the list must be ${BASE64}, got "${"A".repeat(42)}B=" (44)`,
    ],
    [`${line}\n${B.node} key=${KEY}`, "line 2 of the list has the key of another node, which line 1 has"],
    [`${line}\n${line}`, "line 2 of the list has key again for a node that has it already"],
    [
      `${A.node} we$(id) key=${KEY}`,
      'name in line 1 of the list must be letters, digits, hyphens and dots, got "we$(id)" (7)',
    ],
    [
      `${line} endpoint=a;b:1`,
      'endpoint in line 1 of the list must be an IP address or a host name, and a port, got "a;b:1" (5)',
    ],
    [
      `${line} endpoint=192.0.2.1:0`,
      'endpoint in line 1 of the list must be a port from 1 to 65535, got "192.0.2.1:0" (11)',
    ],
    [
      `${line} endpoint=[${B.sixplane}]:1`,
      `endpoint in line 1 of the list must be an address outside of the network that is carried there, got "[${B.sixplane}]:1" (31)`,
    ],
  ])("refuses the list %j", async (list, sentence) => {
    const stderr = `sixplane: ${sentence}\n`;
    expect(await sixplane(WIREGUARD, list)).toEqual({ status: 2, stdout: "", stderr });
  });

  test.each([
    [["--node", C.node], `node address must be one of the list, got "${C.node}" (10)`],
    [
      ["--key-file", "/etc/$(id)"],
      'key file must be an absolute path of letters, digits and . _ - @ %i, got "/etc/$(id)" (10)',
    ],
    [
      ["--key-file", "key"],
      'key file must be an absolute path of letters, digits and . _ - @ %i, got "key" (3)',
    ],
  ])("is refused with %j", async (words, sentence) => {
    const stderr = `sixplane: ${sentence}\n`;
    expect(await sixplane([...WIREGUARD, ...words], line)).toEqual({ status: 2, stdout: "", stderr });
  });

  test("asks for --node where the files would be too many", async () => {
    const list = Array.from({ length: 501 }, (_, n) => {
      const key = Buffer.alloc(32, `key ${n} `).toString("base64");
      return `${(n + 1).toString(16).padStart(10, "0")} key=${key} endpoint=192.0.2.1`;
    }).join("\n");
    const sentence = "the list has 501 nodes, more than the 500 whose files are written at once: give --node";
    expect(await sixplane(WIREGUARD, list)).toMatchObject({ status: 2, stderr: `sixplane: ${sentence}\n` });
    const { status, stdout } = await sixplane([...WIREGUARD, "--node", "00000001f5"], list);
    expect([status, stdout.match(/^\[Peer\]$/gm)?.length]).toEqual([0, 500]);
  });
});

describe("three hosts of WireGuard", () => {
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(!isRoot, "wg-quick takes root");
    for (const program of ["wg", "wg-quick", "wireguard-go", "nft", "ping"])
      skip(!isInstalled(program), `no ${program}`);
  });

  test("have containers that reach each other, and drop what is sent in the name of another", async () => {
    using files = folder();
    await using underlay = await Underlay.open(3);
    const nodes = [A, B, C];
    const list = nodes.map(({ node }, n) => {
      const key = run("wg", "genkey");
      writeFileSync(files.path(`${node}.key`), key, { mode: 0o600 });
      const { stdout } = spawnSync("wg", ["pubkey"], { input: key, encoding: "utf8" });
      // The third is not reached first, as behind NAT.
      return `${node} key=${stdout.trim()}${n < 2 ? ` endpoint=192.0.2.${n + 1}` : ""}`;
    });
    const words = [...WIREGUARD, "--key-file", files.path("%i.key"), "-o", files.path("")];
    expect(await sixplane(words, list.join("\n"))).toMatchObject({ status: 0, stderr: "" });

    const [one, two, three] = underlay.namespaces as [Namespace, Namespace, Namespace];
    using _a = tunnel(one, files.path(`${A.node}.conf`));
    using _b = tunnel(two, files.path(`${B.node}.conf`));
    using _c = tunnel(three, files.path(`${C.node}.conf`));
    using onA = container(one, A.sixplane);
    using onB = container(two, B.sixplane);
    using onC = container(three, C.sixplane);
    const containers = [onA, onB, onC];
    const addresses = nodes.map(({ sixplane }) => `${sixplane.slice(0, -1)}2`);
    await until("the host behind NAT reached", () => ping(onA, addresses[2] ?? "", "-W", "1").status === 0);
    for (const from of containers)
      for (const address of [...addresses, ...nodes.flatMap(({ sixplane, rfc4193 }) => [sixplane, rfc4193])])
        expect(ping(from, address).status, address).toBe(0);

    // What arrives at the container of B, by its source.
    const forged = `${C.sixplane.slice(0, -1)}99`;
    runIn(onB, "nft", "-f", counting(files, { own: addresses[0] ?? "", forged }));
    const count = (name: string) =>
      Number(/packets (\d+)/.exec(runIn(onB, "nft", "list", "counter", "inet", "seen", name))?.[1]);
    runIn(onA, "ip", "address", "add", `${forged}/128`, "dev", "eth0");
    expect(ping(onA, addresses[1] ?? "", "-I", forged, "-W", "1").status).not.toBe(0);
    expect(ping(onA, addresses[1] ?? "", "-I", addresses[0] ?? "").status).toBe(0);
    expect([count("own"), count("forged")]).toEqual([1, 0]);
    // From C, that source is right, and arrives.
    runIn(onC, "ip", "address", "add", `${forged}/128`, "dev", "eth0");
    expect(ping(onC, addresses[1] ?? "", "-I", forged).status).toBe(0);
    expect(count("forged")).toBe(1);
  });

  test("refuse packets for the network while it is down", async () => {
    using files = folder();
    await using underlay = await Underlay.open(1);
    const [one] = underlay.namespaces as [Namespace];
    writeFileSync(files.path(`${A.node}.key`), run("wg", "genkey"), { mode: 0o600 });
    const words = [...WIREGUARD, "--key-file", files.path("%i.key"), "-o", files.path("")];
    await sixplane(words, `${A.node} key=${KEY}\n${B.node} key=${OTHER} endpoint=192.0.2.2`);
    runIn(one, "ip", "-6", "route", "add", "default", "via", "2001:db8:4789::9", "dev", "eth0");
    const route = () => runIn(one, "ip", "-6", "route", "show", "fc9c:56c2:e3de:adbe:ef01::/80");
    {
      using _a = tunnel(one, files.path(`${A.node}.conf`));
      expect(route()).toContain(`dev ${A.node} `);
    }
    expect(route()).toBe("");
    expect(ping(one, B.sixplane).stderr).toMatch(/Network is unreachable|No route to host/);
  });
});

/** Brings up a host's file, and takes it down at the end. */
function tunnel(host: Namespace, path: string): Disposable {
  runIn(host, "wg-quick", "up", path);
  return { [Symbol.dispose]: () => runIn(host, "wg-quick", "down", path) };
}

function counting(files: { path(name: string): string }, sources: Record<string, string>): string {
  const path = files.path("seen.nft");
  const rows = Object.entries(sources);
  const rules = rows.map(
    ([name, source]) => `ip6 saddr ${source} icmpv6 type echo-request counter name ${name}`,
  );
  const counters = rows.map(([name]) => `counter ${name} {}`);
  const chain = `chain input { type filter hook input priority 0; ${rules.join("; ")}; }`;
  writeFileSync(path, `table inet seen {\n${counters.join("\n")}\n${chain}\n}\n`);
  return path;
}

test("the page's commands do what it shows", (context) => {
  for (const program of ["wg", "wg-quick"]) context.skip(!isInstalled(program), `no ${program}`);
  runPage("wireguard", context);
});
