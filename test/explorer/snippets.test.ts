// What the page tells people to type does what it says, where it can be typed.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Network } from "sixplane";
import { describe, expect, test } from "vitest";
import { type Snippet, snippets } from "../../examples/explorer/address/snippets.ts";
import { isInstalled } from "../firmware/tools.ts";
import { pcap } from "../support/captures.ts";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, OWNER, SELF, solicitation, TARGET } from "../support/frames.ts";

const network = new Network(NETWORK);
const all = snippets(network, network.host(SELF));

function named(title: string): string {
  const found = all.find((snippet: Snippet) => snippet.title === title);
  if (!found) throw new Error(`no snippet "${title}"`);
  return found.text;
}

describe("what the explorer tells to type", () => {
  const config = async (...words: string[]) => {
    const { stdout } = await sixplane(["config", "docker", "--network", NETWORK, "--node", SELF, ...words]);
    return stdout;
  };

  test("into daemon.json is what the command line prints, but for named networks", async () => {
    const daemon = JSON.parse(named("Docker, all containers"));
    expect(Object.keys(daemon)).toEqual(["ipv6", "fixed-cidr-v6", "ip6tables", "mtu"]);
    expect(JSON.parse(await config("--open"))).toMatchObject(daemon);
  });

  test("to make a network of Docker's is what the command line prints", async () => {
    const [command] = (await config("--subnet", "containers"))
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    expect(named("Docker, one network").replaceAll(/ \\\n +/g, " ")).toBe(command);
  });

  test("gives an interface the addresses, by ip(8)", ({ skip }) => {
    for (const program of ["ip", "unshare"]) skip(!isInstalled(program), `no ${program}`);
    const script = [
      "ip link add zt0 type veth peer name fabric",
      "ip link add br0 type bridge",
      named("Linux, by ip(8)"),
      "ip -6 -o address show",
      "ip link show zt0",
    ].join("\n");
    const { stdout, stderr } = spawnSync("unshare", ["-Urn", "sh", "-ec", script], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/zt0 +inet6 fc9c:56c2:e389:e92c:eee5::1\/40 /);
    expect(stdout).toMatch(/zt0 +inet6 fd80:56c2:e21c:0:199:9389:e92c:eee5\/88 /);
    expect(stdout).toMatch(/br0 +inet6 fc9c:56c2:e389:e92c:eee5::1\/80 /);
    expect(stdout).toContain("link/ether 02:89:e9:30:0c:27 ");
  });

  test("shows solicitations for the network, by tcpdump", ({ skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    const wanted = solicitation();
    const frames = [
      wanted,
      solicitation({ target: `fc9c56c2e4${TARGET.slice(10)}` }),
      solicitation({ ethernetSource: "020102030405" }),
      solicitation({ type: "88" }),
    ];
    const filter = /'(.*)'/s.exec(named("What the kernel asks, by tcpdump"))?.[1] ?? "";
    using files = folder();
    writeFileSync(files.path("frames.pcap"), pcap(frames));
    const { stdout, stderr } = spawnSync("tcpdump", ["-n", "-r", files.path("frames.pcap"), filter], {
      encoding: "utf8",
    });
    expect([stderr.includes("error"), stdout.trimEnd().split("\n")]).toEqual([
      false,
      [expect.stringContaining("who has fc9c:56c2:e3de:adbe:ef01::1")],
    ]);
  });

  test("prints the addresses, in JavaScript", () => {
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", named("JavaScript")], {
      encoding: "utf8",
    });
    expect(stdout).toBe(
      "fc9c:56c2:e389:e92c:eee5::1 fd80:56c2:e21c:0:199:9389:e92c:eee5 02:89:e9:30:0c:27\n",
    );
  });

  test("runs a host, with options that the command line has", async () => {
    const words = named("A host, by sixplane")
      .split(/[ \\\n]+/)
      .slice(2);
    const { stderr, status } = await sixplane([...words, "--multicast", "none"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--multicast"); // the first thing that is wrong with it
    expect(words).toContain(`${OWNER}@192.0.2.2`);
  });
});
