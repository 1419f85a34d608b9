// The page derives what the command line derives, and tells owners or why there is none.
import { Address6 } from "ip-address";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noChromium } from "../support/chromium.ts";
import { sixplane } from "../support/command.ts";
import { ADDRESSES } from "../support/vectors.ts";
import { Explorer, rowsOf, textOf } from "./page.ts";

const NETWORK = "8056c2e21c000001";
const NODE = "89e92ceee5";

/** 32 hex digits as an address, by another implementation of RFC 5952. */
function canonical(digits: string): string {
  return new Address6((digits.match(/..../g) ?? []).join(":")).correctForm();
}

describe.skipIf(noChromium)(`the explorer's addresses${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  let page: Page;
  beforeAll(async () => {
    explorer = await Explorer.open();
    page = await explorer.show("view=address");
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  test("are those of the vectors, as one types", async () => {
    await explorer.visit(page, "view=address");
    for (const { network, node, sixplane, rfc4193, mac } of ADDRESSES.filter((_, i) => i % 100 === 0)) {
      await page.fill("#network", network);
      await page.fill("#node", node);
      expect(await rowsOf(page, "#rows")).toMatchObject({
        "6PLANE address": canonical(sixplane),
        "RFC 4193 address": canonical(rfc4193),
        MAC: mac.match(/../g)?.join(":"),
      });
    }
  });

  test("are what the command line prints", async () => {
    await explorer.visit(page, `network=${NETWORK}&node=${NODE}`);
    const rows = await rowsOf(page, "#rows");
    const { stdout } = await sixplane(["address", NETWORK, NODE]);
    const printed = stdout
      .trimEnd()
      .split("\n")
      .slice(2)
      .map((line) => line.split(/ {2,}/));
    expect(printed).toHaveLength(6);
    expect(rows).toMatchObject(Object.fromEntries(printed));
    expect(rows).toMatchObject({
      "Link-local address": "fe80::89:e9ff:fe30:c27",
      "Solicited-node multicast": "ff02::1:ff00:1",
      "… and its MAC": "33:33:ff:00:00:01",
      "Reverse DNS of the /80": "5.e.e.e.c.2.9.e.9.8.3.e.2.c.6.5.c.9.c.f.ip6.arpa",
      "Reverse DNS of the /40": "3.e.2.c.6.5.c.9.c.f.ip6.arpa",
    });
  });

  test("take a suffix", async () => {
    await explorer.visit(page, "view=address");
    await page.fill("#own", "1:2:3");
    expect(await rowsOf(page, "#rows")).toMatchObject({
      "6PLANE address": "fc9c:56c2:e389:e92c:eee5::1",
      "With this suffix": "fc9c:56c2:e389:e92c:eee5:1:2:3",
      "Solicited-node multicast": "ff02::1:ff02:3",
    });
    for (const wrong of ["1:2:3:4", "", "xyz", "::1"]) {
      await page.fill("#own", wrong);
      expect(await textOf(page, "#own-error")).toBe(
        `suffix must be up to three groups of hex digits such as 242 or 1:2:3, got ${JSON.stringify(wrong)}`,
      );
      expect(await textOf(page, "#sixplane-text")).toBe("fc9c:56c2:e389:e92c:eee5:1:2:3");
      expect(await page.isVisible("#derived-stale")).toBe(true);
    }
  });

  test("are refused in words, at the field", async () => {
    await explorer.visit(page, "view=address");
    await page.fill("#network", "8056c2e2");
    await page.fill("#node", "89e92ceeeg");
    expect(await textOf(page, "#network-error")).toBe('network ID must be 16 hex digits, got "8056c2e2" (8)');
    expect(await textOf(page, "#node-error")).toBe(
      'node address must be 10 hex digits, got "89e92ceeeg" (10)',
    );
    for (const field of ["#network", "#node"]) {
      expect(await page.getAttribute(field, "aria-invalid")).toBe("true");
    }
    expect((await rowsOf(page, "#rows"))["MAC"]).toBe("02:89:e9:30:0c:27"); // the last good picture
    expect(await page.isVisible("#derived")).toBe(true);
    expect(await page.isVisible("#derived-stale")).toBe(true);
    await page.fill("#network", ` ${NETWORK.toUpperCase()} `);
    await page.fill("#node", NODE);
    expect((await rowsOf(page, "#rows"))["MAC"]).toBe("02:89:e9:30:0c:27");
    expect(await page.getAttribute("#network", "aria-invalid")).toBe("false");
    expect(await page.isVisible("#derived-stale")).toBe(false);
  });

  test.each(["0000000000", "ff00000001"])("of node %s are reserved", async (node) => {
    await explorer.visit(page, `node=${node}`);
    expect(await textOf(page, "#reserved")).toContain(`ZeroTier gives ${node} to no node`);
    await page.fill("#node", NODE);
    expect(await page.textContent("#reserved")).toBe("");
  });

  test("are drawn bit by bit", async () => {
    await explorer.visit(page, "view=address");
    const drawn = (id: string) =>
      page.locator(`#${id} .digit`).evaluateAll((digits) =>
        digits.map((digit) => ({
          digit: digit.querySelector("b")?.textContent ?? "",
          bits: [...digit.querySelectorAll("i")].map(({ className }) => (className ? 1 : 0)).join(""),
          kind: digit.className.replace("digit ", ""),
        })),
      );
    const sixplane = await drawn("sixplane-bits");
    expect(sixplane.map(({ digit }) => digit).join("")).toBe("fc9c56c2e389e92ceee5000000000001");
    for (const { digit, bits } of sixplane) expect(Number.parseInt(bits, 2).toString(16)).toBe(digit);
    const lengths = (digits: { kind: string }[]) => {
      const kinds = [...new Set(digits.map(({ kind }) => kind))];
      return Object.fromEntries(
        kinds.map((kind) => [kind, 4 * digits.filter((digit) => digit.kind === kind).length]),
      );
    };
    expect(lengths(sixplane)).toEqual({ fixed: 8, network: 32, node: 40, own: 48 });
    expect(lengths(await drawn("rfc4193-bits"))).toEqual({ fixed: 24, network: 64, node: 40 });
    expect(lengths(await drawn("mac-bits"))).toEqual({ network: 8, node: 40 });
  });

  // A digit of an address changes if, and only if, one of those changes that it lights up with.
  test("light up with just what they are made of, both ways", async () => {
    await explorer.visit(page, "view=address");
    const lit = () =>
      page
        .locator(".digit.lit")
        .evaluateAll((digits) => digits.map((digit) => (digit as HTMLElement).dataset["digit"] ?? ""));
    const digits = () =>
      page
        .locator("#identity-and-address .digit")
        .evaluateAll((all) =>
          Object.fromEntries(
            all.map((digit) => [
              (digit as HTMLElement).dataset["digit"] ?? "",
              digit.querySelector("b")?.textContent,
            ]),
          ),
        );
    const before = await digits();
    for (const [field, text] of [
      ["network", NETWORK],
      ["node", NODE],
    ] as const) {
      for (const at of [0, 3, 7, 9, text.length - 1]) {
        await page.hover(`[data-digit="${field}:${at}"]`);
        const together = await lit();
        const flipped = (Number.parseInt(text[at] ?? "", 16) ^ 4).toString(16);
        await page.fill(`#${field}`, text.slice(0, at) + flipped + text.slice(at + 1));
        const after = await digits();
        const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
        const octet = ["mac:0", "mac:1"]; // is made of both digits of a byte
        expect(new Set([...changed, ...together.filter((name) => octet.includes(name))])).toEqual(
          new Set(together),
        );
        await page.fill(`#${field}`, text);
      }
    }
    await page.hover('[data-digit="sixplane:2"]');
    expect(await lit()).toEqual(["network:0", "network:8", "sixplane:2"]);
    await page.hover('[data-digit="mac:2"]');
    expect(await lit()).toEqual(["network:12", "node:0", "mac:2"]);
    await page.hover("h1");
    expect(await lit()).toEqual([]);
  });

  test("light up by keyboard, and say what they are", async () => {
    await explorer.visit(page, "view=address");
    await page.focus("#sixplane-bits .field.node");
    expect(await page.locator(".digit.lit").count()).toBe(20); // the node's digits, and those that they come from
    expect(await textOf(page, "#field-note")).toBe(
      "The node address, as it is. It ends the /80 that is routed to the node.",
    );
    await page.focus("#own");
    expect(await page.locator(".digit.lit").count()).toBe(24);
  });

  test("come from the ports of an ad-hoc network, and lead back to them", async () => {
    await explorer.visit(page, "view=address");
    await page.fill("#start-port", "22");
    await page.fill("#end-port", "8080");
    expect(await page.inputValue("#network")).toBe("ff00161f90000000");
    expect(await textOf(page, "#adhoc-note")).toContain("ports 22 to 8080");
    await page.fill("#end-port", "21");
    expect(await textOf(page, "#end-port-error")).toBe(
      "end port must be a whole number from 22 to 65535, got 21",
    );
    await page.fill("#start-port", "x");
    expect(await textOf(page, "#end-port-error")).toBe(
      'port must be a whole number from 0 to 65535, got "x"',
    );
    await page.fill("#start-port", "");
    expect(await textOf(page, "#end-port-error")).toBe(""); // half of a range is not wrong yet
    await page.fill("#network", "ff00500050000000");
    expect(await page.inputValue("#start-port")).toBe("80");
    expect(await page.inputValue("#end-port")).toBe("80");
    expect(await page.textContent("#end-port-error")).toBe("");
    await page.fill("#network", NETWORK);
    expect(await page.inputValue("#start-port")).toBe("");
  });
});

describe.skipIf(noChromium)(`the explorer's owners${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  let page: Page;
  beforeAll(async () => {
    explorer = await Explorer.open();
    page = await explorer.show("view=address");
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  const HALVES = "a network whose ID's halves, XORed, are";
  test.each([
    [
      "fc9c:56c2:e3de:adbe:ef01:1:2:3",
      `of network ${NETWORK}, or of one whose ID's halves have the same XOR`,
      "deadbeef01",
    ],
    ["FC9C:56C2:E3DE:ADBE:EF01::53/80", "it belongs to node deadbeef01", "deadbeef01"],
    [
      "fc00:0:1de:adbe:ef01::1",
      `${HALVES} 00000001: which ID that is, the address does not tell, but it is not ${NETWORK}`,
      "deadbeef01",
    ],
    [
      "fd80:56c2:e21c:0:199:93de:adbe:ef01",
      `of network ${NETWORK}; it belongs to node deadbeef01`,
      "deadbeef01",
    ],
    [
      "fd00:0:0:0:199:93de:adbe:ef01",
      "of another network, 0000000000000001; it belongs to node deadbeef01",
      "deadbeef01",
    ],
    ["02:de:ad:a2:0d:c3", `On network ${NETWORK}, it belongs to node deadbeef01`, "deadbeef01"],
    ["02-DE-AD-A2-0D-C3", `On network ${NETWORK}, it belongs to node deadbeef01`, "deadbeef01"],
    ["fe80::de:adff:fea2:dc3%zt0", "made of the MAC 02:de:ad:a2:0d:c3. On network", "deadbeef01"],
    ["32:de:ad:a2:0d:c3", `MACs of network ${NETWORK} start with 02, this one with 32`, undefined],
    ["fc9c:56c2:e3ff:adbe:ef01::1", "names node ffadbeef01, which ZeroTier gives to none", "ffadbeef01"],
    ["fe80::1", "nothing in it names a node", undefined],
    ["ff02::1:ffef:101", "of every address that ends in ef0101", undefined],
    ["ff02::1", "is multicast", undefined],
    ["fd00::1", "without 9993", undefined],
    ["2001:db8::1", "starts neither with fc (6PLANE) nor with fd", undefined],
  ])("of %s", async (text, says, node) => {
    await page.fill("#find", text);
    expect(await textOf(page, "#found-says")).toContain(says);
    expect((await rowsOf(page, "#found-rows"))["Node address"]).toBe(node);
  });

  test("are not looked for in what is no address", async () => {
    await page.fill("#find", "fc9c:56c2");
    expect(await textOf(page, "#find-error")).toBe(
      'address must be an IPv6 address or a MAC, got "fc9c:56c2" (9): it has 2 of 8 groups',
    );
    expect(await page.isVisible("#found")).toBe(false);
  });

  test("of a MAC take the network's ID; those of an address do not", async () => {
    await explorer.visit(page, "network=8056");
    await page.fill("#find", "02:de:ad:a2:0d:c3");
    expect(await textOf(page, "#found-says")).toBe(
      "Whose MAC this is can be told with the network's ID alone: give it above.",
    );
    await page.fill("#find", "fc9c:56c2:e3de:adbe:ef01::1");
    expect(await textOf(page, "#found-says")).toContain(
      `${HALVES} 9c56c2e3: which ID that is, the address does not tell; it belongs`,
    );
    expect(await rowsOf(page, "#found-rows")).toMatchObject({
      "Network prefix": "fc9c:56c2:e300::/40",
      "Host prefix": "fc9c:56c2:e3de:adbe:ef01::/80",
      Suffix: "::1",
    });
  });

  test("and networks can be gone on with", async () => {
    await explorer.visit(page, "view=address");
    await page.fill("#find", "fce9:16:de:adbe:ef01::1");
    expect((await rowsOf(page, "#found-rows"))["If it is ad-hoc"]).toBe("ff00160016000000, ports 22 to 22");
    await page.click("text=Go to ad-hoc network ff00160016000000");
    expect(await page.inputValue("#network")).toBe("ff00160016000000");
    await page.click("text=Look at node deadbeef01");
    expect((await rowsOf(page, "#rows"))["6PLANE address"]).toBe("fce9:16:de:adbe:ef01::1");
    await page.fill("#find", "fd80:56c2:e21c:0:199:9389:e92c:eee5");
    await page.click(`text=Go to network ${NETWORK}`);
    expect(await page.inputValue("#network")).toBe(NETWORK);
  });
});
