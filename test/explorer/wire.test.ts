// Frames from hex and captures: judged as the command line judges them, and decoded as Wireshark does.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decode } from "../../examples/explorer/wire/decode.ts";
import { formatFrame, parseFrames } from "../../examples/explorer/wire/hex.ts";
import { isInstalled } from "../firmware/tools.ts";
import { join, pcap, pcapng, sll2 } from "../support/captures.ts";
import { noChromium } from "../support/chromium.ts";
import { folder, sixplane } from "../support/command.ts";
import { advertisement, NETWORK, solicitation, TARGET, toHex } from "../support/frames.ts";
import { TAP } from "../support/vectors.ts";
import { EXPLORER, Explorer, textOf } from "./page.ts";

const KERNEL = `${EXPLORER}/../capture/kernel.pcap`;
const EXAMPLE = ["--network", "8056c2e279e6f8f0", "--node", "89e92ceee5"];
const HEX = "view=wire&source=hex";

interface Line {
  kind: string;
  reason: string;
  what: string;
}

async function listed(page: Page): Promise<Line[]> {
  return page.locator("#frames button").evaluateAll((buttons) =>
    buttons.map((button) => {
      const text = (part: string) => button.querySelector(part)?.textContent ?? "";
      return { kind: text(".verdict"), reason: text(".reason"), what: text(".what") };
    }),
  );
}

/** The decoded fields: what was sent, what was answered, and how the row is marked. */
async function fields(
  page: Page,
): Promise<Record<string, { sent: string; answered?: string; marked: string }>> {
  const rows = await page.locator("#fields tbody").evaluateAll((bodies) =>
    bodies.flatMap((body) =>
      [...body.querySelectorAll("tr:not(.layer)")].map((row) => {
        const [sent, answered] = [...row.querySelectorAll("code")].map((code) => code.textContent ?? "");
        const name = `${body.querySelector(".layer")?.textContent} ${row.querySelector("th")?.textContent}`;
        return { name, sent: sent ?? "", answered, marked: row.className };
      }),
    ),
  );
  return Object.fromEntries(
    rows.map(({ name, sent, answered, marked }) => [
      name,
      { sent, ...(answered === undefined ? {} : { answered }), marked },
    ]),
  );
}

describe.skipIf(noChromium)(`the explorer's wire${noChromium ? ` (${noChromium})` : ""}`, () => {
  let explorer: Explorer;
  let page: Page;
  beforeAll(async () => {
    explorer = await Explorer.open();
    page = await explorer.show("view=wire", { acceptDownloads: true });
  });
  afterAll(async () => {
    expect(explorer.complaints).toEqual([]);
    await explorer[Symbol.asyncDispose]();
  });

  test("shows a solicitation beside its reply, with what differs marked", async () => {
    await page.check("input[value=ask]");
    await page.fill("#ask", "fc9c:56c2:e3de:adbe:ef01::1");
    expect(await listed(page)).toEqual([
      {
        kind: "reply",
        reason: "emulated",
        what: "Neighbor Solicitation for fc9c:56c2:e3de:adbe:ef01::1 from fc9c:56c2:e389:e92c:eee5::1",
      },
    ]);
    const dump = async (id: string) => (await page.locator(`#${id} span`).allTextContents()).join("");
    expect(await dump("frame-dump")).toBe(toHex(solicitation()));
    expect(await dump("reply-dump")).toBe(advertisement());
    const same = { marked: "" };
    const differs = { marked: "differs" };
    expect(await fields(page)).toEqual({
      "Ethernet destination": { sent: "33:33:ff:00:00:01", answered: "02:89:e9:30:0c:27", ...differs },
      "Ethernet source": { sent: "02:89:e9:30:0c:27", answered: "02:de:ad:a2:0d:c3", ...differs },
      "Ethernet ethertype": { sent: "0x86dd, IPv6", answered: "0x86dd, IPv6", ...same },
      "IPv6 version": { sent: "6", answered: "6", ...same },
      "IPv6 traffic class": { sent: "0", answered: "0", ...same },
      "IPv6 flow label": { sent: "0x00000", answered: "0x00000", ...same },
      "IPv6 payload length": { sent: "32", answered: "32", ...same },
      "IPv6 next header": { sent: "58, ICMPv6", answered: "58, ICMPv6", ...same },
      "IPv6 hop limit": { sent: "255", answered: "255", ...same },
      "IPv6 source": {
        sent: "fc9c:56c2:e389:e92c:eee5::1",
        answered: "fc9c:56c2:e3de:adbe:ef01::1",
        ...differs,
      },
      "IPv6 destination": { sent: "ff02::1:ff00:1", answered: "fc9c:56c2:e389:e92c:eee5::1", ...differs },
      "ICMPv6 type": {
        sent: "135, Neighbor Solicitation",
        answered: "136, Neighbor Advertisement",
        ...differs,
      },
      "ICMPv6 code": { sent: "0", answered: "0", ...same },
      "ICMPv6 checksum": {
        sent: "0x9ec0, computed 0x9ec0: right",
        answered: "0xa063, computed 0xa063: right",
        ...differs,
      },
      "ICMPv6 reserved / flags": {
        sent: "00 00 00 00",
        answered: "0x60000000: Solicited, Override",
        ...differs,
      },
      "ICMPv6 target": {
        sent: "fc9c:56c2:e3de:adbe:ef01::1",
        answered: "fc9c:56c2:e3de:adbe:ef01::1",
        ...same,
      },
      "Option type": {
        sent: "1, source link-layer address",
        answered: "2, target link-layer address",
        ...differs,
      },
      "Option length": { sent: "1: 8 bytes", answered: "1: 8 bytes", ...same },
      "Option link-layer address": { sent: "02:89:e9:30:0c:27", answered: "02:de:ad:a2:0d:c3", ...differs },
    });
    expect(await page.locator("#fields .differs .mark").first().textContent()).toBe("differs: ");
  });

  test("lights up the bytes of a field", async () => {
    await page.hover("#fields tr:has-text('target') code >> nth=0");
    const lit = await page.locator("#frame-dump .lit").allTextContents();
    expect(lit.join("")).toBe("fc9c56c2e3deadbeef01000000000001");
  });

  test("refuses to ask for what is no address", async () => {
    const before = await listed(page);
    expect(before).toHaveLength(1);
    await page.fill("#ask", "fc9c");
    expect(await textOf(page, "#ask-error")).toBe(
      'IPv6 address must be text as in fc9c:56c2:e389:e92c:eee5::1, got "fc9c" (4): it has 1 of 8 groups',
    );
    expect(await page.getAttribute("#ask", "aria-invalid")).toBe("true");
    expect(await listed(page)).toEqual(before); // the last good picture
    expect(await page.isVisible("#answers-stale")).toBe(true);
    await page.fill("#ask", "");
    expect(await textOf(page, "#ask-error")).toBe("");
    expect(await page.isVisible("#answers-stale")).toBe(false);
  });

  test("takes an edited frame, and says what is wrong with it", async () => {
    await page.click("#edit");
    expect(await page.inputValue("#hex")).toBe(formatFrame(solicitation()));
    await page.fill("#hex", formatFrame(solicitation({ checksum: "1234" })));
    expect((await listed(page))[0]).toMatchObject({ kind: "invalid", reason: "checksum" });
    expect((await fields(page))["ICMPv6 checksum"]).toEqual({
      sent: "0x1234, computed 0x9ec0: wrong",
      marked: "",
    });
    expect(await page.locator("#fields .mark").allTextContents()).toEqual(["wrong: "]);
    expect(await textOf(page, "#detail-verdict")).toBe(
      "invalid, checksum: best dropped. Its checksum is wrong.",
    );
    await page.fill("#hex", "33 33 zz");
    expect(await textOf(page, "#hex-error")).toBe('line 1 must be hex, got "zz"');
    await page.fill("#hex", "");
    expect(await textOf(page, "#total")).toBe("0 frames");
    expect(await page.isVisible("#detail")).toBe(false);
  });

  test("guesses at a packet that lacks its Ethernet header", async () => {
    await page.fill("#hex", toHex(solicitation().subarray(14)));
    const [line] = await listed(page);
    expect(line?.what).toMatch(/; is this a packet without its Ethernet header\?$/);
  });

  test("shows the first headers of a frame that has nothing else", async () => {
    await page.evaluate(() => {
      const hex = document.getElementById("hex") as HTMLTextAreaElement;
      hex.value = "33".repeat(12) + "81000001".repeat(150_000);
      hex.dispatchEvent(new Event("input"));
    });
    await page.waitForFunction(() =>
      document.getElementById("detail-title")?.textContent?.endsWith(": VLAN tag"),
    );
    const layers = await page.locator("#fields .layer").allTextContents();
    expect(layers.slice(0, 2)).toEqual(["Ethernet", "VLAN tag"]);
    expect(layers).toHaveLength(101);
    expect(layers.at(-1)).toBe("… 149901 more");
    expect(explorer.complaints).toEqual([]);
  });

  test("answers for the modes that are chosen", async () => {
    const probe = solicitation({ ethernetDestination: "02deada20dc3", destination: TARGET });
    await page.fill("#hex", `${toHex(solicitation())}\n${toHex(probe)}`);
    const reasons = async () => (await listed(page)).map(({ reason }) => reason);
    expect(await reasons()).toEqual(["emulated", "unicast-probe"]);
    await page.uncheck("#mode-6plane");
    expect(await reasons()).toEqual(["not-emulated", "not-emulated"]);
    await page.uncheck("#mode-rfc4193");
    expect(await textOf(page, "#mode-6plane-error")).toBe(
      "choose at least one kind of address to answer for",
    );
    await page.check("#mode-6plane");
    await page.check("#probes");
    expect(await reasons()).toEqual(["emulated", "emulated"]);
    await page.check("#mode-rfc4193");
    await page.uncheck("#probes");
  });

  test("judges the example as the command line does, and saves the same replies", async () => {
    await page.check("input[value=capture]");
    await page.click("#example");
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 33);
    using files = folder();
    const run = await sixplane(["answer", ...EXAMPLE, "--json", "-o", files.path("cli.pcap"), KERNEL]);
    const expected = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(await listed(page)).toEqual(
      expected.map(({ verdict, reason, description }) => ({ kind: verdict, reason, what: description })),
    );
    expect(await textOf(page, "#total")).toBe("33 frames");
    for (const kind of ["reply", "pass", "invalid"]) {
      const count = expected.filter(({ verdict }) => verdict === kind).length;
      expect(await textOf(page, `#count-${kind}`)).toBe(String(count));
    }
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    await download.saveAs(files.path("page.pcap"));
    expect(download.suggestedFilename()).toBe("replies.pcap");
    expect(readFileSync(files.path("page.pcap"))).toEqual(readFileSync(files.path("cli.pcap")));
  });

  test("lists what is asked for, and goes through the list by keys", async () => {
    await page.click("#show-pass");
    expect(new Set((await listed(page)).map(({ kind }) => kind))).toEqual(new Set(["reply"]));
    await page.click("#show-pass");
    expect(await listed(page)).toHaveLength(33);
    await page.locator("#frames button").nth(2).click();
    expect(await textOf(page, "#detail-title")).toContain("Frame 3: Neighbor Advertisement");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    expect(await textOf(page, "#detail-title")).toContain("Frame 4:");
    expect(await page.locator("#frames [aria-pressed=true]").count()).toBe(1);
  });

  test("takes a capture that is chosen, and one that is dropped", async () => {
    using files = folder();
    writeFileSync(files.path("mine.pcap"), pcap([solicitation(), solicitation({ code: "01" })]));
    await page.setInputFiles("#file", files.path("mine.pcap"));
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 2);
    expect(await textOf(page, "#capture-name")).toBe("mine.pcap");

    await page.click("nav >> text=Addresses");
    const dropped = [...pcap([solicitation({ ethertype: "0806" })])];
    await page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(bytes)], "dropped.pcap"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, dropped);
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 1);
    expect(await textOf(page, "#capture-name")).toBe("dropped.pcap");

    await page.click("#example");
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 33);
    expect(await textOf(page, "#capture-name")).toContain("The example");
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 1);
    expect(await textOf(page, "#capture-name")).toBe("dropped.pcap");
  });

  test("judges what is not Ethernet as far as it can, and counts what it cannot read", async () => {
    using files = folder();
    const write = pcapng();
    const parts = [276, 105].map((linkType) => write.interface({ linkType }));
    const probe = solicitation({ ethernetDestination: "02deada20dc3", destination: TARGET });
    const packets = [sll2(solicitation()), sll2(probe)].map((packet) => write.enhanced(packet, 0n));
    const wireless = write.enhanced(solicitation(), 0n, { number: 1 });
    writeFileSync(
      files.path("any.pcapng"),
      join([write.section(), ...parts, wireless, ...packets, wireless]),
    );
    await page.fill("#network", NETWORK);
    await page.setInputFiles("#file", files.path("any.pcapng"));
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 2);
    expect((await listed(page)).map(({ kind, reason }) => [kind, reason])).toEqual([
      ["reply", "emulated"],
      ["pass", "mac-not-captured"],
    ]);
    const skipped = "Skipped packets that cannot be read: 2 of link type 802.11 (105).";
    expect(await textOf(page, "#skipped")).toBe(skipped);
    await page.locator("#frames button").nth(1).click();
    expect(await textOf(page, "#detail-verdict")).toBe(
      "pass, mac-not-captured: goes on as it is. It asks for another node's address, but its destination MAC is not in the capture.",
    );
    await page.click("#example");
    await page.waitForFunction(() => document.querySelectorAll("#frames li").length === 33);
    expect(await textOf(page, "#skipped")).toBe("");
  });

  test("says what is wrong with a capture, and shows what came before", async () => {
    using files = folder();
    const open = async (name: string, bytes: Uint8Array, error: string) => {
      writeFileSync(files.path(name), bytes);
      await page.setInputFiles("#file", files.path(name));
      await page.waitForFunction(
        (text) => document.getElementById("file-error")?.textContent === text,
        error,
      );
      return listed(page);
    };
    const cut = pcap([solicitation(), solicitation()]).subarray(0, -1);
    const error = "cut short, with 85 of 86 bytes of a frame, at offset 142";
    expect(await open("cut.pcap", cut, error)).toHaveLength(1);
    const refusal = "capture must be a pcap or pcapng file, got a gzip file within a gzip file";
    expect(await open("capture.pcap.gz.gz", gzipSync(gzipSync(cut)), refusal)).toEqual([]);
    expect(await open("capture.pcap.gz", gzipSync(cut), error)).toHaveLength(1);
  });

  test("lists the first of very many frames, and counts and answers all", async () => {
    using files = folder();
    const frames = Array.from({ length: 12_345 }, () => solicitation());
    await page.fill("#network", NETWORK);
    writeFileSync(files.path("long.pcap"), pcap(frames));
    await page.setInputFiles("#file", files.path("long.pcap"));
    await page.waitForFunction(() => document.getElementById("total")?.textContent === "12,345 frames");
    expect(await page.locator("#frames li").count()).toBe(200);
    await page.click("#more");
    expect(await page.locator("#frames li").count()).toBe(400);
    expect(await textOf(page, "#unlisted")).toContain("The first 10,000 are listed");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    await download.saveAs(files.path("replies.pcap"));
    expect(readFileSync(files.path("replies.pcap"))).toHaveLength(24 + 12_345 * (16 + 86));
  });

  test("is shared with the frames in hex, unless they are too long for a link", async () => {
    const text = toHex(solicitation());
    const other = await explorer.show(`${HEX}&hex=${text}`);
    expect(await other.inputValue("#hex")).toBe(text);
    expect((await listed(other))[0]).toMatchObject({ kind: "reply" });
    await other.fill("#hex", `${text}\n`.repeat(60));
    expect(await listed(other)).toHaveLength(60);
    expect(await other.isVisible("#hex-note")).toBe(true);
    expect(other.url()).not.toContain(text);
    await other.click("nav >> text=The core");
    await other.goBack();
    expect(await listed(other)).toHaveLength(60);
  });
});

describe("frames in hex", () => {
  const frames = [solicitation(), solicitation({ options: "", padding: "0102030405" })];
  const [first, second] = frames as [Uint8Array, Uint8Array];

  test.each([
    ["one a line", frames.map(toHex).join("\n")],
    ["in pairs", frames.map((frame) => (toHex(frame).match(/../g) ?? []).join(" ")).join("\n\n")],
    [
      "with colons, in capitals",
      frames.map((frame) => (toHex(frame).match(/../g) ?? []).join(":").toUpperCase()).join("\r\n"),
    ],
    [
      "as C arrays",
      frames
        .map((frame) => (toHex(frame).match(/../g) ?? []).map((pair) => `0x${pair}`).join(", "))
        .join("\n\n"),
    ],
    ["wrapped", frames.map((frame) => (toHex(frame).match(/.{1,60}/g) ?? []).join("\n")).join("\n\n")],
    ["as the page writes them", frames.map(formatFrame).join("\n")],
  ])("%s", (_, text) => {
    expect(parseFrames(text).map(toHex)).toEqual(frames.map(toHex));
  });

  test.for<[string, string[]]>([
    ["tcpdump -XX", ["-XX"]],
    ["tcpdump -xx", ["-xx"]],
    ["tcpdump -XX -e -v", ["-XX", "-e", "-v"]],
  ])("as %s prints them", ([, options], { skip }) => {
    skip(!isInstalled("tcpdump"), "no tcpdump");
    using files = folder();
    writeFileSync(files.path("frames.pcap"), pcap(frames));
    const { stdout } = spawnSync("tcpdump", ["-n", ...options, "-r", files.path("frames.pcap")], {
      encoding: "utf8",
    });
    expect(parseFrames(stdout).map(toHex)).toEqual(frames.map(toHex));
  });

  test("as tshark -x prints them", ({ skip }) => {
    skip(!isInstalled("tshark"), "no tshark");
    using files = folder();
    writeFileSync(files.path("frames.pcap"), pcap(frames));
    const { stdout } = spawnSync("tshark", ["-x", "-r", files.path("frames.pcap")], { encoding: "utf8" });
    expect(parseFrames(stdout).map(toHex)).toEqual(frames.map(toHex));
  });

  // Of each program one frame, whose last line holds text that looks like hex.
  const text = Uint8Array.of(...first, ...Buffer.from("abcdef beef 0123456789 face"));
  test.each(Array.from({ length: 17 }, (_, i) => i))(
    "with text beside them, %i bytes short of a line",
    (short) => {
      const frame = text.subarray(0, text.length - short);
      const lines = (line: (offset: number, bytes: number[], ascii: string) => string) =>
        Array.from({ length: Math.ceil(frame.length / 16) }, (_, i) => {
          const bytes = [...frame.subarray(16 * i, 16 * i + 16)];
          const ascii = bytes
            .map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "."))
            .join("");
          return line(16 * i, bytes, ascii);
        }).join("\n");
      const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
      const pairs = (bytes: number[]) => bytes.map((byte) => hex(byte, 2));
      const quads = (bytes: number[]) =>
        (
          pairs(bytes)
            .join("")
            .match(/.{1,4}/g) ?? []
        )
          .join(" ")
          .padEnd(39);
      const xxd = lines((at, bytes, ascii) => `${hex(at, 8)}: ${quads(bytes)}  ${ascii}`);
      const hexdump = lines((at, bytes, ascii) => {
        const halves = [pairs(bytes.slice(0, 8)).join(" "), pairs(bytes.slice(8)).join(" ")];
        return `${hex(at, 8)}  ${halves.join("  ").padEnd(48)}  |${ascii}|`;
      });
      const wireshark = lines(
        (at, bytes, ascii) => `${hex(at, 4)}   ${pairs(bytes).join(" ").padEnd(47)}   ${ascii}`,
      );
      for (const dump of [xxd, hexdump, wireshark])
        expect(parseFrames(dump).map(toHex)).toEqual([toHex(frame)]);
    },
  );

  test.each([
    ["333", "the frame that ends in line 1 must have pairs of hex digits, got 3 digits"],
    ["33 33\nxyz", 'line 2 must be hex, got "xyz"'],
    ["0000  33 33 zz 44", 'line 1 must be hex, got "zz"'],
    ["0000  33 33\n0002  xyz", 'line 2 must be hex, got "xyz"'],
    ["0000: 3333 ff0 0001  33....", 'line 1 must be hex, got "ff0"'],
    ["0000  33 33  zz 44 55 66", 'line 1 must be hex, got "zz"'],
    ["0000  33 33 ff 00 00 01 02 89  e9 3g 0c 27", 'line 1 must be hex, got "3g"'],
    ["0000  33 33 ff 00 00 01 02 89  eg 30 0c 27", 'line 1 must be hex, got "eg"'],
    ["0000  33 33\n0010  44", "line 2 must go on at offset 2 (2), got 0010"],
  ])("are refused where they are none: %j", (text, message) => {
    expect(() => parseFrames(text)).toThrow(new Error(message));
  });

  test("may be of any length", () => {
    const long = new Uint8Array(300_000).fill(0xa5);
    expect(parseFrames(toHex(long))).toEqual([long]);
    expect(parseFrames(formatFrame(long))).toEqual([long]);
  });

  test("may be none", () => {
    expect(parseFrames("")).toEqual([]);
    expect(parseFrames(" \n\n ")).toEqual([]);
    expect(second).toHaveLength(83);
  });
});

describe("a decoded frame", () => {
  const FIELDS: Record<string, string> = {
    "Ethernet destination": "eth.dst",
    "Ethernet source": "eth.src",
    "IPv6 hop limit": "ipv6.hlim",
    "IPv6 payload length": "ipv6.plen",
    "IPv6 traffic class": "ipv6.tclass",
    "IPv6 flow label": "ipv6.flow",
    "IPv6 source": "ipv6.src",
    "IPv6 destination": "ipv6.dst",
    "ICMPv6 type": "icmpv6.type",
    "ICMPv6 code": "icmpv6.code",
    "ICMPv6 target": "icmpv6.nd.ns.target_address",
    "Option link-layer address": "icmpv6.opt.linkaddr",
  };

  test("has the fields and the checksum that Wireshark sees", ({ skip }) => {
    skip(!isInstalled("tshark"), "no tshark");
    const broken = solicitation({ checksum: "1234" });
    const frames = [...TAP.frames.map(({ hex }) => Uint8Array.from(Buffer.from(hex, "hex"))), broken];
    using files = folder();
    writeFileSync(files.path("frames.pcap"), pcap(frames));
    const names = [...Object.values(FIELDS), "icmpv6.nd.na.target_address", "icmpv6.checksum.status"];
    const { stdout } = spawnSync(
      "tshark",
      [
        "-r",
        files.path("frames.pcap"),
        "-T",
        "fields",
        "-E",
        "occurrence=f",
        ...names.flatMap((name) => ["-e", name]),
      ],
      { encoding: "utf8" },
    );
    const seen = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(seen).toHaveLength(frames.length);
    const checksums = { right: 0, wrong: 0 };
    for (const [i, frame] of frames.entries()) {
      const layers = decode(frame);
      const values = new Map<string, string>(
        layers
          .flatMap((layer) =>
            layer.fields.map((field) => [`${layer.name} ${field.name}`, field.value] as const).reverse(),
          )
          .reverse(),
      );
      const value = (name: string) => values.get(name);
      const [line = []] = [seen[i]];
      for (const [at, name] of Object.keys(FIELDS).entries()) {
        const found = value(name)?.split(/[,:] /)[0]?.split(",")[0];
        const theirs = (line[at] || (name === "ICMPv6 target" ? line[names.length - 2] : "")) ?? "";
        if (found === undefined || theirs === "") continue;
        expect(`${name} ${Number.isNaN(Number(theirs)) ? found : Number(found)}`).toBe(
          `${name} ${Number.isNaN(Number(theirs)) ? theirs : Number(theirs)}`,
        );
      }
      const status = line[names.length - 1];
      const judged = value("ICMPv6 checksum");
      if (!status) continue;
      expect(judged).toMatch(status === "1" ? /: right$/ : /: wrong$/);
      checksums[status === "1" ? "right" : "wrong"]++;
    }
    expect(checksums.right).toBeGreaterThan(20);
    expect(checksums.wrong).toBe(1);
  });

  test("covers every byte once, and says where it is cut short", () => {
    for (const whole of [
      solicitation({ padding: "0000" }),
      ...TAP.frames.map(({ hex }) => Buffer.from(hex, "hex")),
    ]) {
      for (let length = 0; length <= whole.length; length++) {
        const layers = decode(Uint8Array.from(whole.subarray(0, length)));
        const covered = new Set<number>();
        for (const { start, end } of layers.flatMap(({ fields }) => fields)) {
          for (let at = start; at < end; at++) covered.add(at);
        }
        expect([length, covered.size]).toEqual([length, length]);
      }
    }
    const [ethernet] = decode(solicitation().subarray(0, 9));
    expect(ethernet?.fields.at(-1)).toMatchObject({
      value: "cut short, 3 of 6 bytes: 02 89 e9",
      wrong: true,
    });
  });
});
