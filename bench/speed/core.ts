// What is timed of the core, and of the bindings around it.
import { type CoreExports, initSync, Network, type Responder } from "sixplane";
import { derive } from "./derive.ts";
import {
  bytesOf,
  configRecord,
  FRAME_LENGTH,
  FRAMES,
  NETWORK,
  NODE,
  owner,
  PASSED,
  passed,
  SLOT,
  solicitations,
  writeSolicitations,
} from "./frames.ts";
import type { Lap } from "./laps.ts";
import { TypeScriptResponder } from "./responder.ts";

/** Where the first frame lies: two bytes off a multiple of four, as in the bindings. */
const FRAME = 18;
/** The different owners asked for, to see whether their number matters. */
export const POOLS = [1, 1_000, 1_000_000, 1_000_000_000];

export const REPLY = "reply, core in place";
export const TYPESCRIPT_REPLY = "reply, TypeScript";
export const COPIED = "copy, and the core in place";
export const IN_PLACE = "answerInPlace(length)";
export const ANSWER = "answer(frame)";
export const KEPT = "answer(frame), and a copy of the reply";
export const growth = (pool: number) => `${pool.toLocaleString("en")} owner${pool === 1 ? "" : "s"}`;
export const DERIVE_BYTES = "core, as bytes";
export const DERIVE_TEXT = "bindings, as text";
export const DERIVE_TYPESCRIPT = "TypeScript, as text";

/**
 * Everything that can be timed, by name. A lap that does not do what it should throws.
 *
 * @param module the `sixplane` build of the core
 */
export function laps(module: WebAssembly.Module): Record<string, Lap> {
  initSync(module);
  // One of each for all, as a program has: engines call what is always the same faster than what is not.
  const core = new WebAssembly.Instance(module).exports as unknown as CoreExports;
  const network = new Network(NETWORK);
  const responder = network.responder({ node: NODE });
  return {
    [REPLY]: inPlace(core, solicitations()),
    [TYPESCRIPT_REPLY]: inTypeScript(),
    [COPIED]: copied(core),
    [IN_PLACE]: copiedToResponder(responder),
    [ANSWER]: answered(responder),
    [KEPT]: kept(responder),
    ...Object.fromEntries(
      (Object.keys(PASSED) as (keyof typeof PASSED)[]).map((kind) => [kind, passing(core, kind)]),
    ),
    ...Object.fromEntries(POOLS.map((pool) => [growth(pool), growing(core, pool)])),
    [DERIVE_BYTES]: deriving(core),
    ...derivingText(network),
  };
}

/** The core's page from its start, with the host's record there. */
function page({ memory }: CoreExports): Uint8Array {
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(configRecord());
  return bytes;
}

function expectReplies(replies: number): void {
  if (replies !== FRAMES) throw new Error(`${replies} of ${FRAMES} solicitations were answered`);
}

/** `respond` where the frames lie, as a handler calls it that reads into the core's memory. */
function inPlace(core: CoreExports, frames: Uint8Array): Lap {
  const { respond } = core;
  const bytes = page(core);
  return {
    times: FRAMES,
    prepare: () => bytes.set(frames, FRAME),
    run() {
      let replies = 0;
      for (let i = 0, at = FRAME; i < FRAMES; i++, at += SLOT) {
        if (respond(0, at, FRAME_LENGTH) === FRAME_LENGTH) replies++;
      }
      expectReplies(replies);
    },
  };
}

function inTypeScript(): Lap {
  const responder = new TypeScriptResponder(configRecord());
  const bytes = new Uint8Array(FRAMES * SLOT);
  const all = solicitations();
  return {
    times: FRAMES,
    prepare: () => bytes.set(all),
    run() {
      let replies = 0;
      for (let i = 0, at = 0; i < FRAMES; i++, at += SLOT) {
        if (responder.respond(bytes, at, FRAME_LENGTH) === FRAME_LENGTH) replies++;
      }
      expectReplies(replies);
    },
  };
}

/** What the zero-copy path of the bindings is measured against: a new frame has to be put into the one place. */
function copied(core: CoreExports): Lap {
  const { respond } = core;
  const frames = singly(solicitations());
  const place = page(core).subarray(FRAME);
  return {
    times: FRAMES,
    run() {
      let replies = 0;
      for (const frame of frames) {
        place.set(frame);
        if (respond(0, FRAME, FRAME_LENGTH) === FRAME_LENGTH) replies++;
      }
      expectReplies(replies);
    },
  };
}

function copiedToResponder(responder: Responder): Lap {
  const frames = singly(solicitations());
  const { buffer } = responder;
  return {
    times: FRAMES,
    run() {
      let replies = 0;
      for (const frame of frames) {
        buffer.set(frame);
        if (responder.answerInPlace(FRAME_LENGTH) === FRAME_LENGTH) replies++;
      }
      expectReplies(replies);
    },
  };
}

function answered(responder: Responder): Lap {
  const frames = singly(solicitations());
  return {
    times: FRAMES,
    run() {
      let replies = 0;
      for (const frame of frames) if (responder.answer(frame).kind === "reply") replies++;
      expectReplies(replies);
    },
  };
}

/** A reply of one's own, which is what a handler does that queues it. */
function kept(responder: Responder): Lap {
  const frames = singly(solicitations());
  return {
    times: FRAMES,
    run() {
      let bytes = 0;
      for (const frame of frames) {
        const verdict = responder.answer(frame);
        if (verdict.kind === "reply") bytes += verdict.frame.slice().length;
      }
      expectReplies(bytes / FRAME_LENGTH);
    },
  };
}

function passing(core: CoreExports, kind: keyof typeof PASSED): Lap {
  const { respond } = core;
  const bytes = page(core);
  const frames = passed(kind);
  return {
    times: FRAMES,
    prepare: () => bytes.set(frames, FRAME),
    run() {
      let passed = 0;
      for (let i = 0, at = FRAME; i < FRAMES; i++, at += SLOT) {
        if (respond(0, at, FRAME_LENGTH) > -16) passed++;
      }
      if (passed !== FRAMES) throw new Error(`${passed} of ${FRAMES} frames were passed`);
    },
  };
}

/** Every lap asks for the owners behind those of the last one. */
function growing(core: CoreExports, pool: number): Lap {
  let asked = 0;
  const all = new Uint8Array(FRAMES * SLOT);
  const lap = inPlace(core, all);
  return {
    ...lap,
    prepare() {
      writeSolicitations(all, asked, pool);
      asked += FRAMES;
      lap.prepare?.();
    },
  };
}

const NODES = Array.from({ length: 500 }, (_, i) => owner(i, 0xff_0000_0000).toString(16).padStart(10, "0"));

/** Both addresses and the MAC of nodes in records that lie in a row. */
function deriving(core: CoreExports): Lap {
  const { sixplane, rfc4193, mac } = core;
  const bytes = page(core);
  const records = new Uint8Array(NODES.length * 16);
  for (const [i, node] of NODES.entries()) {
    records.set(configRecord(), i * 16);
    records.set(bytesOf(node), i * 16 + 8);
  }
  const out = FRAME + records.length;
  return {
    times: NODES.length,
    prepare: () => bytes.set(records, FRAME),
    run() {
      for (let config = FRAME; config < out; config += 16) {
        sixplane(config, out);
        rfc4193(config, out + 16);
        mac(config, out + 32);
      }
    },
  };
}

function derivingText(network: Network): Record<string, Lap> {
  const of = (text: (node: string) => number): Lap => ({
    times: NODES.length,
    run() {
      let length = 0;
      for (const node of NODES) length += text(node);
      if (length === 0) throw new Error("nothing was derived");
    },
  });
  return {
    [DERIVE_TEXT]: of((node) => {
      const { sixplane, rfc4193, mac } = network.host(node);
      return sixplane.address.length + rfc4193.address.length + mac.length;
    }),
    [DERIVE_TYPESCRIPT]: of((node) => {
      const { sixplane, rfc4193, mac } = derive(NETWORK, node);
      return sixplane.length + rfc4193.length + mac.length;
    }),
  };
}

function singly(frames: Uint8Array): Uint8Array[] {
  return Array.from({ length: FRAMES }, (_, i) => frames.slice(i * SLOT, i * SLOT + FRAME_LENGTH));
}
