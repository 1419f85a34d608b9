// What `describe` says of frames whose IPv6 header does not fit them, beside Wireshark.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe as describeFrame } from "sixplane/capture";
import { describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { pcap } from "../support/captures.ts";
import { folder } from "../support/command.ts";
import { advertisement, hex, solicitation } from "../support/frames.ts";

/** The frame with some of its bytes changed. */
function changed(frame: Uint8Array, bytes: Record<number, number>): Uint8Array {
  const copy = frame.slice();
  for (const [at, value] of Object.entries(bytes)) copy[Number(at)] = value;
  return copy;
}

const SOLICITATION = solicitation();
const ADVERTISEMENT = hex(advertisement());

/** Both messages with every IP version, and with every payload length that they could have. */
const FRAMES = [SOLICITATION, ADVERTISEMENT].flatMap((frame) => [
  ...Array.from({ length: 16 }, (_, version) => changed(frame, { 14: version << 4 })),
  ...Array.from({ length: 40 }, (_, length) => changed(frame, { 19: length })),
]);

describe("a frame whose header does not fit it", () => {
  test.each([
    [{ 14: 0x00 }, "IP version 0 behind the ethertype of IPv6"],
    [{ 14: 0x45 }, "IP version 4 behind the ethertype of IPv6"],
    [{ 19: 0 }, "ICMPv6 without a message: the payload length is 0"],
    [{ 19: 8 }, "Neighbor Solicitation without a target: the payload length is 8"],
    [{ 19: 23 }, "Neighbor Solicitation without a target: the payload length is 23"],
  ])("with %j is no whole solicitation", (bytes, said) => {
    expect(describeFrame(changed(SOLICITATION, bytes))).toBe(said);
  });

  test("has a target where Wireshark finds one, and no other", ({ skip }) => {
    skip(!isInstalled("tshark"), "no tshark");
    using files = folder();
    writeFileSync(files.path("frames.pcap"), pcap(FRAMES));
    const fields = ["icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"];
    const words = [
      "-r",
      files.path("frames.pcap"),
      "-T",
      "fields",
      ...fields.flatMap((name) => ["-e", name]),
    ];
    const { stdout } = spawnSync("tshark", words, { encoding: "utf8" });
    const theirs = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.trim());
    const ours = FRAMES.map((frame) => / (?:for|of) (\S+:\S+)/.exec(describeFrame(frame))?.[1] ?? "");
    expect(ours).toEqual(theirs);
    expect(ours.filter((target) => target !== "")).toHaveLength(2 * (1 + 16));
  });
});
