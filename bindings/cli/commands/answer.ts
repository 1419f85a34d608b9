import { createReadStream, fstatSync, open, type Stats, statSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { formatHex, formatMac, InputError, type Mode, mismatch, Network, type Responder } from "sixplane";
import {
  type CapturedFrame,
  CaptureError,
  type CaptureVerdict,
  describe,
  judge,
  linkTypeName,
  pcapHeader,
  pcapRecord,
  readCapture,
} from "sixplane/capture";
import { AtomicFile, Place } from "../io/atomic-file.ts";
import { Failure, systemReason } from "../io/failure.ts";
import { type Identifiers, networkOf, soleWord } from "../io/identifiers.ts";
import { Output } from "../io/output.ts";
import { warn } from "../io/text.ts";
import { chooseNode } from "../zerotier/identity.ts";

export interface AnswerOptions {
  modes: string;
  probes?: boolean;
  output?: string;
  json?: boolean;
}

/** `sixplane answer --network N --node N CAPTURE` */
export async function answer(output: Output, given: Identifiers, options: AnswerOptions): Promise<void> {
  const { word: capture, zerotier } = soleWord(given);
  if (capture === undefined) throw new InputError("missing required argument 'capture'");
  const responder = new Network(networkOf(given)).responder({
    node: chooseNode(given.node, zerotier).address,
    modes: options.modes.split(",") as Mode[],
    probes: options.probes === true,
  });
  const lines = options.output === "-" ? new Output(process.stderr) : output;
  const replies = repliesOf(output, options.output, capture);
  if (replies) lines.onUnread = () => {};
  try {
    await answerAll(lines, capture, responder, replies, options.json === true);
    await lines.finish();
  } catch (error) {
    if (!(error instanceof CaptureError)) {
      replies?.discard();
      throw error;
    }
    await replies?.commit(); // what came before the damage has been answered
    throw new Failure(`${capture}: ${error.message}`);
  }
  await replies?.commit();
}

/** A pcap of replies. */
interface Replies {
  write(bytes: Uint8Array): void | Promise<void>;
  /** Ends it: it holds what was written. */
  commit(): void | Promise<void>;
  /** Ends it: there is none, in as far as it has not been read yet. */
  discard(): void;
}

/** The replies of `-o`, to a file or, for "-", to stdout. */
function repliesOf(output: Output, path: string | undefined, capture: string): Replies | undefined {
  if (path === undefined) return undefined;
  if (path === "-") return repliesOn(output);
  const file = openReplies(path, capture);
  keepWhenInterrupted(file);
  return file;
}

/** The replies on stdout: nothing where the capture is none. */
function repliesOn(output: Output): Replies {
  output.refuseTerminal("replies file");
  let header: Promise<void> | undefined;
  const start = () => {
    header ??= output.bytes(pcapHeader());
    return header;
  };
  return {
    async write(bytes) {
      await start();
      await output.bytes(bytes);
    },
    commit: start,
    discard() {},
  };
}

/** Starts a pcap of replies. @throws InputError where it would replace what is read or printed to */
function openReplies(path: string, capture: string): AtomicFile {
  const place = new Place("replies file", path);
  const old = place.read((_, stats) => stats);
  const source = capture === "-" ? fstatSync(0) : statSync(capture, { throwIfNoEntry: false });
  if (old && isSame(old, source)) throw place.refusal("another file than the capture");
  if (old && isSame(old, fstatSync(1))) throw place.refusal("another file than the one that stdout goes to");
  const replies = new AtomicFile(place, old);
  replies.write(pcapHeader());
  return replies;
}

function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.dev === other?.dev && one.ino === other.ino;
}

/** Of a live capture that somebody stops, the replies so far are what they came for. */
function keepWhenInterrupted(replies: AtomicFile): void {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      replies.commit();
      process.exit(128 + constants.signals[signal]);
    });
  }
}

async function answerAll(
  output: Output,
  capture: string,
  responder: Responder,
  replies: Replies | undefined,
  json: boolean,
): Promise<void> {
  const counts = { reply: 0, pass: 0, invalid: 0 };
  let index = 0;
  const source = await openCapture(capture);
  const frames = readCapture(read(source, capture));
  try {
    for await (const frame of frames) {
      index++;
      const verdict = judge(responder, frame);
      counts[verdict.kind]++;
      if (verdict.kind === "reply")
        await replies?.write(pcapRecord({ ...frame, bytes: verdict.frame, length: verdict.frame.length }));
      await output.line(json ? jsonLine(index, frame, verdict) : textLine(output, index, frame, verdict));
    }
  } finally {
    source.destroy(); // its writer may be silent
    if (frames.skipped.size > 0) await saySkipped(output, capture, frames.skipped, json);
  }
  if (!json)
    await output.line(
      `${index} frames: ${counts.reply} reply, ${counts.pass} pass, ${counts.invalid} invalid`,
    );
}

/** Says of which link types packets were skipped: people on stderr, programs in a line of its own. */
async function saySkipped(
  output: Output,
  capture: string,
  skipped: ReadonlyMap<number, number>,
  json: boolean,
): Promise<void> {
  const all = Array.from(skipped, ([linkType, packets]) => ({
    linkType,
    name: linkTypeName(linkType),
    packets,
  }));
  if (json) await output.line(JSON.stringify({ skipped: all }));
  const said = all.map(({ linkType, name, packets }) => `${packets} of link type ${name} (${linkType})`);
  warn(`${capture}: skipped packets that cannot be read: ${said.join(", ")}`);
}

/** The capture's bytes. */
async function* read(source: Readable, capture: string): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw unreadable(capture, error);
  }
}

/** A capture in a file or, for "-", on stdin. @throws InputError where it cannot be opened */
async function openCapture(capture: string): Promise<Readable> {
  if (capture === "-") return process.stdin;
  try {
    const fd = await promisify(open)(capture, "r");
    // A named pipe is read as a socket, which can be left while its writer is silent; a file cannot, in a read.
    if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: true, writable: false });
    return createReadStream(capture, { fd });
  } catch (error) {
    throw unreadable(capture, error);
  }
}

function unreadable(capture: string, error: unknown): InputError {
  return mismatch("capture", "a file that can be read", capture, systemReason(error));
}

function jsonLine(index: number, frame: CapturedFrame, verdict: CaptureVerdict): string {
  const { kind, reason } = verdict;
  const reply = verdict.kind === "reply" ? { reply: formatHex(verdict.frame) } : {};
  return JSON.stringify({ index, description: what(frame), verdict: kind, reason, ...reply });
}

function textLine(output: Output, index: number, frame: CapturedFrame, verdict: CaptureVerdict): string {
  const { kind, reason } = verdict;
  const says = verdict.kind === "reply" ? ` is at ${advertisedMac(verdict.frame)}` : "";
  const head = `${kind.padEnd(7)}  ${reason.padEnd(16)}`;
  return `${String(index).padStart(5)}  ${output.colored(head, kind)}  ${what(frame)}${says}`;
}

/** The MAC that an advertisement gives for its target. */
function advertisedMac(reply: Uint8Array): string {
  return formatMac(reply.subarray(80, 86));
}

function what({ bytes, length }: CapturedFrame): string {
  const cut = bytes.length < length ? `, ${bytes.length} of ${length} bytes captured` : "";
  return describe(bytes) + cut;
}
