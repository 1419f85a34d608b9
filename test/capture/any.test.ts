// What tcpdump captures of a kernel's own solicitations, on the interface and on "any": the same frames, the same verdicts.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { Network } from "sixplane";
import { type CapturedFrame, describe as describeFrame, judge, readCapture } from "sixplane/capture";
import { expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { NETWORK, OWNER, SELF, toHex } from "../support/frames.ts";
import { isRoot, obstacle, run } from "../support/namespace.ts";

const TOOLS = ["tcpdump", "ping"].filter((name) => !isInstalled(name));
const network = new Network(NETWORK);
const { mac, sixplane } = network.host(SELF);
const TARGET = network.host(OWNER).sixplane.address;

/** Starts tcpdump, and waits until it captures. */
async function capture(...words: string[]): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn("tcpdump", ["-Z", "root", "-U", "--immediate-mode", "-w", "-", ...words, "icmp6"]);
  let said = "";
  while (!said.includes("listening on")) {
    const [chunk] = await once(child.stderr, "data");
    said += chunk;
  }
  return child;
}

/** The first solicitations for the target that a capture sees, until it was seen so often. */
async function solicitations(child: ChildProcessWithoutNullStreams, count: number): Promise<CapturedFrame[]> {
  const found: CapturedFrame[] = [];
  for await (const frame of readCapture(child.stdout)) {
    if (describeFrame(frame.bytes).startsWith(`Neighbor Solicitation for ${TARGET} `)) {
      found.push({ ...frame, bytes: frame.bytes.slice() });
    }
    if (found.length === count) break;
  }
  child.kill();
  return found;
}

test("a solicitation is read alike on its interface and on any", async ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(!isRoot, "tcpdump needs root");
  skip(TOOLS.length > 0, `no ${TOOLS.join(", ")}`);
  run("ip", "link", "add", "here", "address", mac, "type", "veth", "peer", "name", "there");
  for (const name of ["here", "there"]) run("ip", "link", "set", name, "up");
  run("ip", "address", "add", `${sixplane.address}/40`, "dev", "here", "nodad");
  const children = await Promise.all([
    capture("-i", "here"),
    capture("-i", "any"),
    capture("-i", "any", "-y", "LINUX_SLL"),
  ]);
  // On any, it is seen twice: as it leaves one end, and as it comes to the other.
  const seen = Promise.all(children.map((child, i) => solicitations(child, i === 0 ? 1 : 2)));
  const ping = spawn("ping", ["-6", "-c", "1", "-W", "5", TARGET]);
  const [[ethernet] = [], ...onAny] = await seen;
  ping.kill();
  const responder = network.responder({ node: SELF });
  if (!ethernet) throw new Error("the kernel asked for nothing");
  expect(judge(responder, ethernet).kind).toBe("reply");
  for (const frames of onAny) {
    expect(frames).toHaveLength(2);
    for (const frame of frames) {
      expect(toHex(frame.bytes)).toBe(toHex(ethernet.bytes));
      expect([frame.length, frame.lacks]).toEqual([86, undefined]);
      expect(judge(responder, frame).kind).toBe("reply");
    }
  }
});
