import type { Responder, Verdict } from "sixplane";
import {
  type Capture,
  type CapturedFrame,
  type CaptureVerdict,
  describe,
  judge as judgeFrame,
  pcapRecord,
} from "sixplane/capture";

/** Of so many frames the bytes are kept, to be shown; further ones are judged, answered and counted. */
export const MOST_LISTED = 10_000;

/** A frame and what the responder says to it. */
export interface Judged {
  frame: Uint8Array;
  /** A few words: what it is. */
  what: string;
  kind: Verdict["kind"];
  reason: CaptureVerdict["reason"];
  reply: Uint8Array | undefined;
}

/** What has been said to a run of frames so far. */
export interface Judgement {
  listed: Judged[];
  counts: Record<Verdict["kind"], number>;
  /** The replies as they stand in a pcap. */
  replies: Uint8Array[];
  /** How many packets of a capture could not be read, by link type. */
  skipped: ReadonlyMap<number, number>;
}

/** Frames to judge: a capture's, or others. */
export type Frames = Capture | Iterable<CapturedFrame>;

/** Judges frame by frame into the judgement, so that what came before an error is there. */
export async function judge(
  judgement: Judgement,
  frames: Frames,
  responder: Responder,
  isWanted: () => boolean,
): Promise<void> {
  if ("skipped" in frames) judgement.skipped = frames.skipped;
  for await (const frame of frames) {
    if (!isWanted()) return;
    const verdict = judgeFrame(responder, frame);
    const reply = verdict.kind === "reply" ? verdict.frame.slice() : undefined;
    judgement.counts[verdict.kind]++;
    if (reply) judgement.replies.push(pcapRecord({ ...frame, bytes: reply, length: reply.length }));
    if (judgement.listed.length < MOST_LISTED) {
      const { kind, reason } = verdict;
      judgement.listed.push({ frame: frame.bytes.slice(), what: what(frame), kind, reason, reply });
    }
  }
}

export function emptyJudgement(): Judgement {
  return { listed: [], counts: { reply: 0, pass: 0, invalid: 0 }, replies: [], skipped: new Map() };
}

function what({ bytes, length }: CapturedFrame): string {
  const cut = bytes.length < length ? `, ${bytes.length} of ${length} bytes captured` : "";
  return `${describe(bytes)}${cut}${isBarePacket(bytes) ? "; is this a packet without its Ethernet header?" : ""}`;
}

/** Whether the bytes are an IPv6 packet by themselves, as `tcpdump -x` prints them. */
function isBarePacket(bytes: Uint8Array): boolean {
  const payload = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
  return (bytes[0] ?? 0) >> 4 === 6 && bytes.length === 40 + payload;
}
