// The loop between the kernel and the core, in a thread of its own: a frame is read into the core's memory,
// judged there, and the reply written from there. No object is made for a frame.

import { constants } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { Network, type ResponderOptions } from "sixplane";
import type { Libc } from "../kernel/libc.ts";
import { loadLibc } from "../kernel/load-libc.ts";
import { Changes } from "../kernel/netlink.ts";
import { Bucket } from "./bucket.ts";
import { BACKLOG, FORWARDED, LIMITED, MULTICAST, OVERSIZED, REPLIES, UNSENT } from "./counters.ts";
import { QueueWriter } from "./queue.ts";

const { EAGAIN, EINTR } = constants.errno;
const POLLIN = 1;

/** From here down, what `answerInPlace` returns is the reason for which a solicitation is invalid. */
const INVALID = -16;

/** How long a poll waits at most: a process that ends without closing the TAP waits for this thread. */
const POLL_MILLISECONDS = 200;

/** After how many frames without a wait the changes of interfaces are looked at all the same. */
const FRAMES_PER_LOOK = 4096;

/** What the loop is told when it starts. */
export interface LoopOptions {
  network: string;
  responder: ResponderOptions;
  /** The TAP's file. */
  file: number;
  /** An eventfd that ends a poll. */
  wake: number;
  /** A socket that hears of changes to interfaces. */
  changes: number;
  /** The index of the TAP's interface. */
  index: number;
  /** Whether multicast is passed on. */
  multicast: boolean;
  /** How many replies a second may have; without it there is no limit. */
  repliesPerSecond: number | undefined;
  /** Where passed frames go; without it nobody wants them. */
  queue: SharedArrayBuffer | undefined;
  counts: SharedArrayBuffer;
  /** One 32-bit word: not 0 when the loop is to end. */
  stop: SharedArrayBuffer;
}

/**
 * What the loop says: that it reads, that there are frames in the queue, that the interface may have been changed, or
 * the error number that ended it.
 */
export type LoopMessage = "started" | "frames" | "changed" | { errno: number };

function say(message: LoopMessage): void {
  parentPort?.postMessage(message);
}

function run(libc: Libc, options: LoopOptions): void {
  const { file } = options;
  const responder = new Network(options.network).responder(options.responder);
  const counts = new Float64Array(options.counts);
  const stop = new Int32Array(options.stop);
  const queue = options.queue && new QueueWriter(options.queue, libc);
  const { buffer } = responder;
  const address = libc.addressOf(buffer);
  const bucket = options.repliesPerSecond === undefined ? undefined : new Bucket(options.repliesPerSecond);
  const wait = poller(libc, [file, options.wake, options.changes]);
  const changes = new Changes(libc, options.changes, options.index);
  let lastErrno = 0;
  let framesToLook = FRAMES_PER_LOOK;

  say("started");
  const { read, write } = libc;
  const room = buffer.length;
  for (;;) {
    const length = read(file, address, room);
    if (length <= 0) {
      if (!mayGoOn(libc.errno())) return;
    } else {
      judge(length);
      if (--framesToLook === 0 && !look()) return; // a flood may leave nothing to wait for
    }
  }

  /** @returns whether the loop is to go on */
  function look(): boolean {
    framesToLook = FRAMES_PER_LOOK;
    if (changes.read()) say("changed");
    return isWanted();
  }

  function isWanted(): boolean {
    return Atomics.load(stop, 0) === 0;
  }

  function judge(length: number): void {
    if (length === room) {
      count(OVERSIZED); // it may have been longer: the kernel gives what there is room for
      return;
    }
    const reply = responder.answerInPlace(length);
    if (reply > 0) {
      count(REPLIES);
      if (bucket && !bucket.take()) count(LIMITED);
      else if (write(file, address, reply) !== reply) count(UNSENT);
    } else {
      count(-reply);
      if (reply > INVALID && queue) forward(queue, length);
    }
  }

  function forward(to: QueueWriter, length: number): void {
    if (!options.multicast && ((buffer[0] ?? 0) & 1) === 1) {
      count(MULTICAST);
    } else if (!to.put(address, length)) {
      count(BACKLOG);
    } else {
      count(FORWARDED);
      if (to.wakes()) say("frames");
    }
  }

  function count(index: number): void {
    counts[index] = (counts[index] ?? 0) + 1;
  }

  function mayGoOn(errno: number): boolean {
    // Only an error that comes twice ends the loop: under Deno, a call that the runtime itself makes between
    // a read and the question for its error number, as to collect garbage, may have left another one.
    const isEnd = errno !== EAGAIN && errno !== EINTR && errno === lastErrno;
    lastErrno = errno;
    if (errno === EAGAIN) {
      const isChanged = wait() > 0;
      bucket?.fill();
      return isChanged ? look() : isWanted();
    }
    if (isEnd) say({ errno });
    return !isEnd;
  }
}

/** Waits until one of the files can be read, and gives the events of the last one. */
function poller(libc: Libc, files: number[]): () => number {
  //  struct pollfd, poll(2): file (4), events (2), events that came (2)
  const entries = new Int32Array(files.flatMap((file) => [file, 0]));
  const bytes = new Uint8Array(entries.buffer);
  const events = new Int16Array(entries.buffer);
  for (const at of files.keys()) events[4 * at + 2] = POLLIN;
  const address = libc.addressOf(bytes);
  return () => {
    libc.poll(address, files.length, POLL_MILLISECONDS);
    return events.at(-1) ?? 0;
  };
}

run(await loadLibc(), workerData as LoopOptions);
