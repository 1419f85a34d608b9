// Commands for uci batch, by the grammar that uci documents: Debian has no uci to judge them.
import { Address6 } from "ip-address";
import { describe, expect, test } from "vitest";
import { sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { runPage } from "./page.ts";

const UCI = ["config", "uci", "--network", NETWORK, "--node", SELF, "--interface", "ztmjfmfyq5"];

/** Sections by `config.section`: their types, and their options, which are texts or lists. */
type Configuration = Map<string, { type: string; options: Map<string, string | string[]> }>;

/** A router's own sections, which the commands go on from. */
const router = (): Configuration =>
  new Map(
    Object.entries({
      "network.lan": { type: "interface", options: new Map([["ip6addr", ["fd00::1/64"]]]) },
      "dhcp.lan": { type: "dhcp", options: new Map([["ra_flags", ["managed-config", "other-config"]]]) },
    }),
  );

/** A command of uci: its name, then `config.section`, `.option` or none, and a value in single quotes. */
const COMMAND =
  /^(set|add_list|del_list) ((?:network|dhcp|firewall)\.[A-Za-z0-9_]+)(?:\.([A-Za-z0-9_]+))?='([^'\p{Cc}]*)'$/u;

/** Carries out commands, each of which must be one. */
function batch(configuration: Configuration, text: string): Configuration {
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, command, path = "", option, value = ""] = COMMAND.exec(line) ?? [];
    expect(command, line).toBeDefined();
    const section = configuration.get(path);
    if (option === undefined) {
      expect(command, line).toBe("set");
      configuration.set(path, { type: value, options: section?.options ?? new Map() });
      continue;
    }
    if (!section) throw new Error(`no section for ${line}`);
    const old = section.options.get(option);
    const list = Array.isArray(old) ? old : [];
    if (command === "set") section.options.set(option, value);
    if (command === "add_list") section.options.set(option, [...list, value]);
    if (command === "del_list")
      section.options.set(
        option,
        list.filter((item) => item !== value),
      );
  }
  return configuration;
}

async function commands(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await sixplane([...UCI, ...words]);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sixplane config uci", () => {
  test("gives the LAN an address beside those that it has, and makes sections of its own", async () => {
    const made = batch(router(), await commands());
    const [own, address = ""] = made.get("network.lan")?.options.get("ip6addr") ?? [];
    expect(own).toBe("fd00::1/64");
    expect(new Address6(address).isInSubnet(new Address6("fc9c:56c2:e389:e92c:eee5::/80"))).toBe(true);
    expect(new Address6(address).subnetMask).toBe(96);
    expect(Object.fromEntries(made.get("dhcp.lan")?.options ?? [])).toEqual({
      ra_flags: ["other-config", "managed-config"],
      ra: "server",
      dhcpv6: "server",
      ra_default: "2",
    });
    expect(made.get("network.sixplane")).toEqual({
      type: "interface",
      options: new Map([
        ["proto", "none"],
        ["device", "ztmjfmfyq5"],
      ]),
    });
    for (const [section, target] of [
      ["network.sixplane_6plane", "fc9c:56c2:e300::/40"],
      ["network.sixplane_rfc4193", "fd80:56c2:e21c:0:199:9300::/88"],
      ["network.sixplane_host", "fc9c:56c2:e389:e92c:eee5::/80"],
    ] as const) {
      const route = made.get(section);
      expect([route?.type, route?.options.get("target"), route?.options.get("type")]).toEqual([
        "route6",
        target,
        "unreachable",
      ]);
    }
    const firewall = [...made].filter(([path]) => path.startsWith("firewall."));
    expect(firewall.map(([path, { type }]) => [path, type])).toEqual([
      ["firewall.sixplane", "zone"],
      ["firewall.sixplane_out", "forwarding"],
      ["firewall.sixplane_ping", "rule"],
    ]);
  });

  test("changes nothing the second time", async () => {
    const text = await commands("--subnet", "web");
    const once = batch(router(), text);
    expect(batch(structuredClone(once), text)).toEqual(once);
  });

  test("takes another name of the LAN's sections", async () => {
    const text = await commands("--lan", "guest_1");
    expect(text).toContain("\nset dhcp.guest_1.ra='server'\n");
    expect(text).not.toContain(".lan.");
  });

  test.each([
    [
      ["--lan", "a b"],
      'LAN must be the name of a section: up to 32 letters, digits and underscores, got "a b" (3)',
    ],
    [
      ["--lan", "a'b"],
      'LAN must be the name of a section: up to 32 letters, digits and underscores, got "a\'b" (3)',
    ],
    [
      ["--interface", "zt0'"],
      'interface must be up to 15 letters, digits, dots, hyphens and underscores, got "zt0\'" (4)',
    ],
    [
      ["--subnet", "web", "--subnet-length", "97"],
      /^sixplane: uci takes sub-prefixes up to \/96, as odhcpd gives no addresses of fc9c:[\da-f:]+\/97\n$/,
    ],
  ])("is refused with %j", async (words, sentence) => {
    const { status, stdout, stderr } = await sixplane([...UCI, ...words]);
    expect([status, stdout]).toEqual([2, ""]);
    if (typeof sentence === "string") expect(stderr).toBe(`sixplane: ${sentence}\n`);
    else expect(stderr).toMatch(sentence);
  });
});

test("the page's commands do what it shows", (context) => {
  // The router's commands are OpenWrt's own: uci takes and drops them here.
  runPage("uci", context, "uci() { :; }; reload_config() { :; }");
});
