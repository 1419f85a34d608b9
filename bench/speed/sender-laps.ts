// What it takes to check who may have sent a frame.
import { type CoreExports, Network } from "sixplane";
import { laps, REPLY } from "./core.ts";
import { configRecord, FRAME_LENGTH, FRAMES, NETWORK, NODE, passed, SLOT, solicitations } from "./frames.ts";
import type { Lap } from "./laps.ts";
import { PERMITS_REPLY, permittedByBindings, permittedInCore, type Sent } from "./senders.ts";

const FRAME = 18;
const TYPE = 54;
const TARGET = 62;
const OPTION = 78;

/** What a peer sends, by what it is: as many frames as fit into the core's page. */
const KINDS: Record<Sent, () => Uint8Array> = {
  TCP: () => passed("TCP over an emulated address"),
  "echo request": () => changed((frame) => frame.fill(128, TYPE, TYPE + 1)),
  advertisement: () =>
    changed((frame) => {
      frame[TYPE] = 136;
      frame.copyWithin(TARGET, 22, 38);
      frame[OPTION] = 2;
    }),
  solicitation: solicitations,
};

/** The check of each kind, in the core and through the bindings, and a reply beside it. */
export function senderLaps(module: WebAssembly.Module): Record<string, Lap> {
  const core = new WebAssembly.Instance(module).exports as unknown as CoreExports;
  const network = new Network(NETWORK);
  return {
    [PERMITS_REPLY]: laps(module)[REPLY] as Lap,
    ...Object.fromEntries(
      Object.entries(KINDS).flatMap(([kind, make]) => [
        [permittedInCore(kind), inCore(core, make())],
        [permittedByBindings(kind), byBindings(network, make())],
      ]),
    ),
  };
}

function inCore({ memory, permits }: CoreExports, frames: Uint8Array): Lap {
  const bytes = new Uint8Array(memory.buffer);
  return {
    times: FRAMES,
    prepare() {
      bytes.set(configRecord());
      bytes.set(frames, FRAME);
    },
    run() {
      let permitted = 0;
      for (let i = 0, at = FRAME; i < FRAMES; i++, at += SLOT) {
        if (permits(0, at, FRAME_LENGTH) > 0) permitted++;
      }
      expectPermitted(permitted);
    },
  };
}

function byBindings(network: Network, all: Uint8Array): Lap {
  const frames = Array.from({ length: FRAMES }, (_, i) => all.slice(i * SLOT, i * SLOT + FRAME_LENGTH));
  return {
    times: FRAMES,
    run() {
      let permitted = 0;
      for (const frame of frames) if (network.permitsSource(NODE, frame)) permitted++;
      expectPermitted(permitted);
    },
  };
}

function expectPermitted(permitted: number): void {
  if (permitted !== FRAMES) throw new Error(`${permitted} of ${FRAMES} frames were permitted`);
}

function changed(change: (frame: Uint8Array) => void): Uint8Array {
  const all = solicitations();
  for (let at = 0; at < all.length; at += SLOT) change(all.subarray(at, at + FRAME_LENGTH));
  return all;
}
